"""What people call a function of PyTorch: ``x.sin()`` and ``torch.sin(x)`` are one thing, ``x + y`` has no name."""

from __future__ import annotations

from typing import Any

import torch

_MODULES = {
    "torch.nn.functional": "torch.nn.functional",
    "torch._C._nn": "torch.nn.functional",
    "torch._C._linalg": "torch.linalg",
    "torch._C._special": "torch.special",
    "torch.autograd": "torch.autograd",
}
_OPERATORS = {
    "add": "+",
    "sub": "-",
    "rsub": "-",
    "mul": "*",
    "truediv": "/",
    "div": "/",
    "rdiv": "/",
    "pow": "**",
    "rpow": "**",
    "matmul": "@",
    "rmatmul": "@",
    "mod": "%",
    "floordiv": "//",
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "bool": "bool()",
    "int": "int()",
    "float": "float()",
    "complex": "complex()",
    "array": "NumPy",
    "getitem": "indexing",
    "setitem": "x[...] = ...",
}
_COMPARISONS = frozenset({"gt", "lt", "ge", "le", "eq", "ne"})


def name_of(func: Any) -> str:
    """Return a function's own name. ``Tensor.__array__`` may have been replaced; it is still what NumPy calls."""
    return "__array__" if func is torch.Tensor.__array__ else getattr(func, "__name__", "a function")


def title_of(func: Any) -> str:
    """Return the public name of a function, method or property that the program used."""
    name = name_of(func)
    if name in ("__get__", "__set__"):
        return f"Tensor.{func.__self__.__name__}"
    if name.startswith("__"):
        name = name.strip("_")
        return _OPERATORS.get(name) or _OPERATORS.get(name.removeprefix("r").removeprefix("i")) or f"{name}()"
    module = _MODULES.get(getattr(func, "__module__", None) or "")
    if module is not None:
        return f"{module}.{name.removeprefix('linalg_').removeprefix('special_')}"
    return in_words(name)


def in_words(name: str) -> str:
    """Return the public name of a function of ``torch`` or of a method."""
    if name in _COMPARISONS:
        return f"The comparison {_OPERATORS[name]}"
    return f"torch.{name}" if callable(getattr(torch, name, None)) else f"Tensor.{name}"
