"""Which module's ``forward`` made a node, and the calls of modules that made none, or that an error ended.

Known limitations: a module that the program calls through ``module.forward(x)`` instead of ``module(x)`` is not seen,
as by every module hook. What ``torch.compile`` has compiled knows no modules any more.

Apart from the other observers because ``torch.compile`` must be able to read it: see ``warm_up``.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from msgspec.structs import replace
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from ..trace import ModuleCall
from .drafts import Allowance
from .failures import Asides
from .names import class_name, named_modules, program_line, variable_of
from .own_code import in_own_thread
from .quiet import quiet
from .torch_nodes import Marks

_MOST_SHAPES = 8
# PyTorch's word to whoever uses such hooks; the program does not.
ABOUT_HOOKS = "Using `torch.compile(module)` when there are global hooks on modules"


class ModuleObserver:
    """Marks the nodes made inside each module with its path: the variable's name, then PyTorch's (``model.0``).

    ``allowance`` bounds the calls that are kept of those that autograd recorded nothing of; without it none is.

    >>> with ModuleObserver(Asides(most=1)) as modules:
    ...     y = nn.Sequential(nn.Linear(2, 1))(torch.ones(2))
    ...     modules.makers.owner_of(y.grad_fn._sequence_nr())
    'Sequential.0'
    """

    def __init__(self, asides: Asides, allowance: Allowance | None = None) -> None:
        self._asides, self._allowance = asides, allowance
        self.makers: Marks[str | None] = Marks(None)
        self._inside: list[str] = []
        # By call that has not ended, and of each that is kept: its number, and that of the call that it is in.
        self._numbers: list[int] = []
        self._begun = 0
        self._kept: list[tuple[int, int | None, ModuleCall]] = []
        self._paths: dict[int, str] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> ModuleObserver:
        self._handles = [
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, always_call=True),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _entered(self, module: nn.Module, arguments: Any) -> None:
        if torch.compiler.is_compiling():  # its compiler reads this, too: see `warm_up`
            return
        if not in_own_thread():
            return  # its nodes have numbers of their own
        with quiet():
            try:
                self._enter(module)
            except Exception as error:
                self._asides.failed("nodes", "which module made some nodes", error)

    def _enter(self, module: nn.Module) -> None:
        if not self._inside:
            self._paths = named_modules(module, variable_of(module) or type(module).__name__)
        path = self._paths.get(id(module))
        if path is None:
            path = f"{self._inside[-1]}.{type(module).__name__}"
        self._inside.append(path)
        self._begun += 1
        self._numbers.append(self._begun)
        self.makers.switch(path)

    def _left(self, module: nn.Module, arguments: Any, result: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if not in_own_thread():
            return
        with quiet():  # modes of the program's hear that somebody asks for a shape
            try:
                if self._inside:
                    self._end(module, arguments, result)
                self.makers.switch(self._inside[-1] if self._inside else None)
            except Exception as error:
                self._asides.failed("nodes", "which module made some nodes", error)

    def _end(self, module: nn.Module, arguments: Any, result: Any) -> None:
        path, number = self._inside.pop(), self._numbers.pop()
        if self._allowance is not None:
            self._note_call(path, number, module, arguments, result)

    def _note_call(self, path: str, number: int, module: nn.Module, arguments: Any, result: Any) -> None:
        """Keep a call that autograd recorded nothing of."""
        outputs = _tensors(result)
        # The hook is called inside of the handler of what the call raised, with no result.
        failed = result is None and sys.exc_info()[1] is not None
        if not failed and (not outputs or any(tensor.requires_grad for tensor in outputs)):
            return
        if self._allowance is None or not self._allowance.take():
            return
        call = ModuleCall(
            path=path,
            kind=class_name(type(module)),
            line=program_line(),
            parent=None,
            inputs=[list(tensor.shape) for tensor in _tensors(arguments)],
            outputs=[list(tensor.shape) for tensor in outputs],
            failed=failed,
        )
        self._kept.append((number, self._numbers[-1] if self._numbers else None, call))

    def calls(self) -> list[ModuleCall]:
        """Return the calls that are kept, in the order in which they began."""
        kept = sorted(self._kept, key=lambda one: one[0])
        places = {number: place for place, (number, _, _) in enumerate(kept)}
        return [replace(call, parent=places.get(parent or 0)) for _, parent, call in kept]


def _tensors(value: Any) -> list[torch.Tensor]:
    """The plain tensors in a value, one list deep; those of the program's own classes could answer as they like."""
    kind = type(value)
    values = value if kind in (tuple, list) else list(value.values()) if kind is dict else (value,)
    return [one for one in values if type(one) in (torch.Tensor, nn.Parameter)][:_MOST_SHAPES]
