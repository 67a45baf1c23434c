"""``retain_graph`` and ``create_graph``, added to and taken from each call that runs the engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from .calls import is_plain, keyword, with_keyword, without_keyword
from .changes import Change, Edit
from .reading import Code
from .surroundings import Surroundings

Option = Literal["retain_graph", "create_graph"]
# Where the two options stand if they are given without their names.
_PLACES = {
    "backward": {"retain_graph": 1, "create_graph": 2},
    "torch.autograd.backward": {"retain_graph": 2, "create_graph": 3},
    "torch.autograd.grad": {"retain_graph": 3, "create_graph": 4},
}
_WITH = {
    "retain_graph": "Backward does not free the graph, so what it saved stays and backward can run through it again.",
    "create_graph": "The gradients are computed with a graph of their own, so they can be differentiated again.",
}
_WITHOUT = {
    "retain_graph": "Backward frees the tensors that the graph saved as soon as it has used them.",
    "create_graph": "The gradients have no graph of their own: they are values that cannot be differentiated again.",
}


def changes(code: Code, around: Surroundings, option: Option) -> Iterator[Change]:
    """Yield each call with the option where it has none, without where it has."""
    for call in engine_calls(code, around):
        places = _PLACES[_kind(code, around, call)]
        if not is_plain(call) or _changes_nothing(call, option):
            continue
        edit, given = _edit(code, call, option, places[option])
        if edit is not None:
            text = f"`{option}=True` in line {call.lineno}"
            title = f"without {text}" if given else text
            yield Change(option, call.lineno, title, (_WITHOUT if given else _WITH)[option], (edit,))


def engine_calls(code: Code, around: Surroundings) -> Iterator[ast.Call]:
    """Yield the calls of ``backward`` and ``autograd.grad``."""
    return (node for node in code.nodes if isinstance(node, ast.Call) and _kind(code, around, node))


def _kind(code: Code, around: Surroundings, call: ast.Call) -> str:
    name = around.full_name(call.func)
    if name in _PLACES:
        return name
    is_method = not name and isinstance(call.func, ast.Attribute) and call.func.attr == "backward"
    # A class of the program may call the backward of another one.
    base = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    of_a_class = code.dotted(base)[:1].isupper() or (isinstance(base, ast.Call) and code.dotted(base.func) == "super")
    return "backward" if is_method and not of_a_class else ""


def _edit(code: Code, call: ast.Call, option: Option, place: int) -> tuple[Edit | None, bool]:
    """The edit, and whether the option was given."""
    named = keyword(call, option)
    value = named.value if named else call.args[place] if len(call.args) > place else None
    if value is None:
        return with_keyword(code, call, f"{option}=True"), False
    off = isinstance(value, ast.Constant) and not value.value
    if off or named is None:
        return Edit(code.start(value), code.end(value), "True" if off else "False"), not off
    return without_keyword(code, call, named), True


def _changes_nothing(call: ast.Call, option: Option) -> bool:
    """``create_graph=True`` retains the graph unless ``retain_graph`` says otherwise."""
    creating = keyword(call, "create_graph")
    if option != "retain_graph" or creating is None:
        return False
    retained = keyword(call, "retain_graph")
    off = retained is not None and isinstance(retained.value, ast.Constant) and not retained.value.value
    return not off and isinstance(creating.value, ast.Constant) and bool(creating.value.value)
