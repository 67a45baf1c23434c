"""Options of calls, given and taken away: ``retain_graph``, ``create_graph``, and ``set_to_none`` of ``zero_grad``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from ..edits import is_plain, keyword, toggled
from ..tree import ProgramTree, dotted
from .changes import ProgramChange

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
_ZEROS = "The gradients stay in memory, filled with zeros, and the next backward adds to them."
_NONE = "Each `.grad` is set to `None`, which frees its memory until the next backward makes a new one."


def engine_options(program: ProgramTree, option: Option) -> Iterator[ProgramChange]:
    """Yield each call with the option where it has none, without where it has."""
    for call in engine_calls(program):
        places = _PLACES[_kind(program, call)]
        if not is_plain(call) or _changes_nothing(call, option):
            continue
        edit, given = toggled(program, call, option, places[option], usual=False)
        if edit is not None:
            text = f"`{option}=True` in line {call.lineno}"
            title = f"without {text}" if given else text
            yield ProgramChange(option, call.lineno, title, (_WITHOUT if given else _WITH)[option], (edit,))


def engine_calls(program: ProgramTree) -> Iterator[ast.Call]:
    """Yield the calls of ``backward`` and ``autograd.grad``."""
    return (node for node in program.nodes if isinstance(node, ast.Call) and _kind(program, node))


def _kind(program: ProgramTree, call: ast.Call) -> str:
    name = program.full_name(call.func)
    if name in _PLACES:
        return name
    is_method = not name and isinstance(call.func, ast.Attribute) and call.func.attr == "backward"
    # A class of the program may call the backward of another one.
    base = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    of_a_class = dotted(base)[:1].isupper() or (isinstance(base, ast.Call) and dotted(base.func) == "super")
    return "backward" if is_method and not of_a_class else ""


def _changes_nothing(call: ast.Call, option: Option) -> bool:
    """``create_graph=True`` retains the graph unless ``retain_graph`` says otherwise."""
    creating = keyword(call, "create_graph")
    if option != "retain_graph" or creating is None:
        return False
    retained = keyword(call, "retain_graph")
    off = retained is not None and isinstance(retained.value, ast.Constant) and not retained.value.value
    return not off and isinstance(creating.value, ast.Constant) and bool(creating.value.value)


def set_to_none(program: ProgramTree) -> Iterator[ProgramChange]:
    """Yield each ``zero_grad`` that sets to None with ``set_to_none=False``, and each other one without."""
    for call in program.nodes:
        named_so = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "zero_grad"
        if not isinstance(call, ast.Call) or not named_so or not is_plain(call):
            continue
        edit, zeros = toggled(program, call, "set_to_none", 0, usual=True)
        if edit is not None:
            title = f"{'without ' if zeros else ''}`set_to_none=False` in line {call.lineno}"
            yield ProgramChange("set_to_none", call.lineno, title, _NONE if zeros else _ZEROS, (edit,))
