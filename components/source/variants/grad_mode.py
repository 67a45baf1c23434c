"""``torch.no_grad()`` around a statement or the whole computation, and taken from where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..edits import Edit
from ..tree import ProgramTree
from .changes import ProgramChange, has_torch, is_recorded, wrapped
from .name_flow import ENGINE, NameFlow
from .options import engine_calls

_OFF = "Autograd records nothing here: the results have no `grad_fn` and nothing is saved for backward."
_ON = "Autograd records what is computed here: the results have a `grad_fn` and save what backward needs."
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom


def changes(program: ProgramTree, flow: NameFlow) -> Iterator[ProgramChange]:
    """Yield each assignment under ``no_grad``, then all that computes, then each ``no_grad`` switched on."""
    if has_torch(program):
        for node in program.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and _computes(program, node, flow):
                yield from _around(program, [node])
        if next(engine_calls(program), None) is None:
            yield from _around(program, _computing_part(program, flow))
    for node in program.nodes:
        if isinstance(node, ast.With | ast.AsyncWith):
            yield from _enabled(program, [item.context_expr for item in node.items])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _enabled(program, node.decorator_list)


def _computes(program: ProgramTree, node: ast.Assign | ast.AnnAssign | ast.AugAssign, flow: NameFlow) -> bool:
    if isinstance(node, ast.AugAssign):
        return flow.holds(node.value) or flow.holds(node.target)
    runs_the_engine = isinstance(node.value, ast.Call) and program.full_name(node.value.func) in ENGINE
    return node.value is not None and not runs_the_engine and flow.computes(node.value)


def _computing_part(program: ProgramTree, flow: NameFlow) -> Sequence[ast.stmt]:
    """The statements from the first one that computes to the last of the program."""
    for place, statement in enumerate(program.tree.body):
        if not isinstance(statement, _DEFINITIONS) and any(
            isinstance(node, ast.Call | ast.BinOp) and flow.computes(node) and is_recorded(program, node)
            for node in ast.walk(statement)
        ):
            return program.tree.body[place:]
    return []


def _around(program: ProgramTree, statements: Sequence[ast.stmt]) -> Iterator[ProgramChange]:
    """The statements, which follow each other in one block, in a ``with`` of their own."""
    if (
        not statements
        or isinstance(program.parents[statements[0]], ast.ClassDef)
        or not is_recorded(program, statements[0])
    ):
        return
    edits = wrapped(program, statements, "with torch.no_grad():")
    if not edits:
        return
    first, last = program.first_line(statements[0]), statements[-1].end_lineno or statements[-1].lineno
    where = f"line {first}" if first == last else f"lines {first}–{last}"
    yield ProgramChange("no_grad", first, f"`with torch.no_grad():` around {where}", _OFF, tuple(edits))


def _enabled(program: ProgramTree, contexts: Sequence[ast.expr]) -> Iterator[ProgramChange]:
    for context in contexts:
        called = context.func if isinstance(context, ast.Call) else context
        name = program.full_name(called)
        if name not in ("torch.no_grad", "torch.autograd.no_grad") or not program.text(called).endswith("no_grad"):
            continue
        end = program.end(called)
        edit = Edit(end - len("no_grad"), end, "enable_grad")
        if isinstance(called, ast.Name):
            if not has_torch(program):
                continue
            edit = Edit(program.start(called), end, "torch.enable_grad")
        title = f"`enable_grad()` instead of `no_grad()` in line {context.lineno}"
        yield ProgramChange("no_grad", context.lineno, title, _ON, (edit,))
