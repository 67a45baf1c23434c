"""``.detach()`` behind what an assignment keeps, and taken away where it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..edits import Edit
from ..tree import ProgramTree, dotted
from .changes import ProgramChange, is_recorded, runs_in_place, short
from .name_flow import NameFlow

_WITH = "The tensor keeps its values and has no `grad_fn`: no gradient flows back through it, and it holds no graph."
_WITHOUT = "The tensor keeps its `grad_fn`: gradients flow back through it, and what it comes from is kept with it."
_CALL = re.compile(r"\.\s*detach\s*\(\s*\)\Z")
_ATOMS = ast.Name | ast.Call | ast.Attribute | ast.Subscript
# Where a detached tensor goes to be read.
_READING = frozenset({"numpy", "item", "tolist"})


def changes(program: ProgramTree, flow: NameFlow) -> Iterator[ProgramChange]:
    """Yield each assignment of a computed tensor with it, each tensor put in a list with it, each call without."""
    for node in program.nodes:
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) if _is_one(node, flow, value):
                yield from _detached(program, value)
            case ast.AugAssign(value=value) if isinstance(value, _ATOMS | ast.BinOp) and flow.holds(value):
                yield from _detached(program, value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[value], keywords=[])):
                if (isinstance(value, ast.Name) and flow.holds(value)) or flow.gives_one_tensor(value):
                    yield from _detached(program, value)
            case ast.Call(func=ast.Attribute(attr="detach", value=base), args=[], keywords=[]):
                yield from _attached(program, node, base)
            case _:
                pass


def _is_one(node: ast.Assign | ast.AnnAssign, flow: NameFlow, value: ast.expr) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return not any(isinstance(one, ast.Tuple | ast.List) for one in targets) and flow.gives_one_tensor(value)


def _detached(program: ProgramTree, value: ast.expr) -> Iterator[ProgramChange]:
    if not is_recorded(program, value):
        return
    edits: tuple[Edit, ...]
    if isinstance(value, _ATOMS):
        edits = (program.behind(value, ".detach()"),)
    elif (closing := _closing(program, value)) is not None:
        edits = (Edit(closing, closing, ".detach()"),)
    else:
        edits = (program.before(value, "("), program.behind(value, ").detach()"))
    yield ProgramChange("detach", value.lineno, f"`.detach()` in line {value.lineno}", _WITH, edits)


def _closing(program: ProgramTree, value: ast.expr) -> int | None:
    """The offset behind the parenthesis that closes around the value of an assignment."""
    statement = program.parents[value]
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return None
    opened = re.search(r"=\s*\(\s*\Z", program.source[program.start(statement) : program.start(value)])
    closed = re.match(r"\s*\)", program.source[program.end(value) : program.end(statement)])
    return program.end(value) + closed.end() if opened and closed else None


def _attached(program: ProgramTree, call: ast.Call, base: ast.expr) -> Iterator[ProgramChange]:
    read = program.parents[call]
    if isinstance(read, ast.Attribute) and read.attr in _READING:
        return
    found = _CALL.search(program.source, program.end(base), program.end(call))
    if found is None or not is_recorded(program, call) or not runs_in_place(program, call):
        return
    line = call.end_lineno or call.lineno
    name = short(dotted(base))
    title = f"`{name}` instead of `{name}.detach()`" if name else "without `.detach()`"
    yield ProgramChange("detach", line, f"{title} in line {line}", _WITHOUT, (Edit(*found.span(), ""),))
