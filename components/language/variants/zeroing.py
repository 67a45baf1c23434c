"""``set_to_none`` of ``zero_grad``, the other way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from components.language.variants.calls import is_plain, keyword, with_keyword, without_keyword
from components.language.variants.changes import Change, Edit
from components.language.variants.reading import Code

_ZEROS = "The gradients stay in memory, filled with zeros, and the next backward adds to them."
_NONE = "Each `.grad` is set to `None`, which frees its memory until the next backward makes a new one."


def changes(code: Code) -> Iterator[Change]:
    """Yield each ``zero_grad`` that sets to None with ``set_to_none=False``, and each other one without."""
    for call in code.nodes:
        named_so = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "zero_grad"
        if not isinstance(call, ast.Call) or not named_so or not is_plain(call):
            continue
        named = keyword(call, "set_to_none")
        value = named.value if named else call.args[0] if call.args else None
        zeros = isinstance(value, ast.Constant) and not value.value
        edit: Edit | None
        if value is None:
            edit = with_keyword(code, call, "set_to_none=False")
        elif zeros and named:
            edit = without_keyword(code, call, named)
        else:
            edit = Edit(code.start(value), code.end(value), "True" if zeros else "False")
        if edit is not None:
            title = f"{'without ' if zeros else ''}`set_to_none=False` in line {call.lineno}"
            yield Change("set_to_none", call.lineno, title, _NONE if zeros else _ZEROS, (edit,))
