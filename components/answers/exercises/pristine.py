"""Undoes what a program has patched: the checks mean PyTorch's own functions and Python's, whatever ran before.

It keeps honest programs from spoiling their own checks, and makes cheating work; it is no wall. What a determined
program does to its own process nothing in that process can prevent, which is why the verdict is made in another one.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import torch
from torch.utils import _python_dispatch as dispatch

# What checks and those who take them call. Whole packages would take longer than the checks.
_PYTHON = ("builtins", "math", "operator", "weakref", "gc", "random", "json")
_TORCH = (
    "",
    "._C",
    "._C._linalg",
    "._tensor",
    ".func",
    ".linalg",
    ".nn.functional",
    ".nn.modules.module",
    ".nn.parameter",
)
_AUTOGRAD = ("", ".forward_ad", ".function", ".functional", ".grad_mode", ".graph", ".variable")
_MODULES = (
    *_PYTHON,
    *(f"torch{name}" for name in _TORCH),
    *(f"torch.autograd{name}" for name in _AUTOGRAD),
    "torch._functorch.apis",
    "torch._functorch.eager_transforms",
)
_OURS = __name__.rpartition(".")[0]
_CALLED = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)


class Pristine:
    """What modules, classes and functions were when this was made."""

    def __init__(self) -> None:
        self._modules = {name: module for name, module in sys.modules.items() if _is_kept(name)}
        self._contents = [(module, dict(vars(module))) for module in self._modules.values()]
        values = {id(value): value for _, content in self._contents for value in content.values()}
        self._classes = [(one, dict(vars(one))) for one in values.values() if _can_be_patched(one)]
        self._functions = [
            (one, one.__code__, one.__defaults__, one.__kwdefaults__)
            for one in values.values()
            if type(one) is types.FunctionType
        ]

    def put_back(self) -> None:
        """Make them what they were, and end the modes that were left on."""
        sys.settrace(None)
        sys.setprofile(None)
        sys.modules.update(self._modules)
        for module, content in self._contents:
            now = vars(module)
            now.update({name: one for name, one in content.items() if now.get(name) is not one and _is_called(one)})
        for kind, content in self._classes:
            _restore(kind, content)
        for function, code, defaults, keyword_defaults in self._functions:
            # Writing what is there already would take longer than all the rest.
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults or function.__kwdefaults__ is not keyword_defaults:
                function.__defaults__, function.__kwdefaults__ = defaults, keyword_defaults
        while torch._C._len_torch_function_stack():
            torch._C._pop_torch_function_stack()
        while torch._C._len_torch_dispatch_stack():
            dispatch._pop_mode()


def _is_kept(name: str) -> bool:
    return name in _MODULES or name.startswith(_OURS)


def _is_called(value: Any) -> bool:
    return isinstance(value, _CALLED) or callable(value)


def _can_be_patched(value: Any) -> bool:
    return (
        isinstance(value, type) and str(value.__module__).startswith(("torch", _OURS)) and bool(value.__flags__ & 512)
    )


def _restore(kind: type, content: dict[str, Any]) -> None:
    now = vars(kind)
    for name in [*now]:
        if name not in content:
            type.__delattr__(kind, name)
    for name, one in content.items():
        if now.get(name) is not one:
            type.__setattr__(kind, name, one)
