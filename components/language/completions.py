"""The names that an editor offers, with dots: all that a program may say, and Python's own words."""

from __future__ import annotations

import keyword
from functools import cache

from components.language import names
from components.language.suggestions import NAMES_OF_MODULES

_BUILT_IN = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "dict",
        "enumerate",
        "float",
        "int",
        "len",
        "list",
        "map",
        "max",
        "min",
        "print",
        "range",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    ]
)


@cache
def completions() -> tuple[str, ...]:
    """Return ``torch.sin``, ``torch.nn.Linear``, ``torch.Tensor.backward``, ``print``, ``while``, … in order."""
    dotted = [f"{module}.{name}" for module, inside in NAMES_OF_MODULES.items() for name in inside]
    dotted += [f"torch.Tensor.{name}" for name in names.TENSOR]
    return tuple(sorted({*dotted, *_BUILT_IN, *keyword.kwlist}))
