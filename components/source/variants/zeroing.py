"""``set_to_none`` of ``zero_grad``, the other way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .calls import is_plain, toggled
from .changes import Change
from .reading import Code

_ZEROS = "The gradients stay in memory, filled with zeros, and the next backward adds to them."
_NONE = "Each `.grad` is set to `None`, which frees its memory until the next backward makes a new one."


def changes(code: Code) -> Iterator[Change]:
    """Yield each ``zero_grad`` that sets to None with ``set_to_none=False``, and each other one without."""
    for call in code.nodes:
        named_so = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "zero_grad"
        if not isinstance(call, ast.Call) or not named_so or not is_plain(call):
            continue
        edit, zeros = toggled(code, call, "set_to_none", 0, usual=True)
        if edit is not None:
            title = f"{'without ' if zeros else ''}`set_to_none=False` in line {call.lineno}"
            yield Change("set_to_none", call.lineno, title, _NONE if zeros else _ZEROS, (edit,))
