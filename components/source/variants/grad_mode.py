"""``torch.no_grad()`` around a statement or the whole computation, and taken from where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .backward import engine_calls
from .changes import Change, Edit
from .flow import Flow
from .flow_names import ENGINE
from .reading import Code
from .surroundings import Surroundings

_OFF = "Autograd records nothing here: the results have no `grad_fn` and nothing is saved for backward."
_ON = "Autograd records what is computed here: the results have a `grad_fn` and save what backward needs."
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom


def changes(code: Code, around: Surroundings, flow: Flow) -> Iterator[Change]:
    """Yield each assignment under ``no_grad``, then all that computes, then each ``no_grad`` switched on."""
    if around.has_torch:
        for node in code.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and _computes(node, around, flow):
                yield from _around(code, around, [node])
        if next(engine_calls(code, around), None) is None:
            yield from _around(code, around, _computing_part(code, around, flow))
    for node in code.nodes:
        if isinstance(node, ast.With | ast.AsyncWith):
            yield from _enabled(code, around, [item.context_expr for item in node.items])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _enabled(code, around, node.decorator_list)


def _computes(node: ast.Assign | ast.AnnAssign | ast.AugAssign, around: Surroundings, flow: Flow) -> bool:
    if isinstance(node, ast.AugAssign):
        return flow.holds(node.value) or flow.holds(node.target)
    runs_the_engine = isinstance(node.value, ast.Call) and around.full_name(node.value.func) in ENGINE
    return node.value is not None and not runs_the_engine and flow.computes(node.value)


def _computing_part(code: Code, around: Surroundings, flow: Flow) -> Sequence[ast.stmt]:
    """The statements from the first one that computes to the last of the program."""
    for place, statement in enumerate(code.tree.body):
        if not isinstance(statement, _DEFINITIONS) and any(
            isinstance(node, ast.Call | ast.BinOp) and flow.computes(node) and around.records(node)
            for node in ast.walk(statement)
        ):
            return code.tree.body[place:]
    return []


def _around(code: Code, around: Surroundings, statements: Sequence[ast.stmt]) -> Iterator[Change]:
    """The statements, which follow each other in one block, in a ``with`` of their own."""
    if not statements or isinstance(code.parents[statements[0]], ast.ClassDef) or not around.records(statements[0]):
        return
    indentation = code.indentation(statements[0])
    if indentation is None or not code.ends_line(statements[-1]):
        return
    first, last = code.first_line(statements[0]), statements[-1].end_lineno or statements[-1].lineno
    unit, head = code.unit, f"{indentation}with torch.no_grad():{code.new_line(1)}"
    edits = [Edit(code.starts[first - 1], code.starts[first - 1], f"{head}")]
    inside_texts = _inside_texts(statements)
    for line in range(first, last + 1):
        text = code.lines[line - 1]
        if text.strip() and line not in inside_texts:
            place = code.starts[line - 1] + (len(indentation) if text.startswith(indentation) else 0)
            edits.append(Edit(place, place, unit))
    where = f"line {first}" if first == last else f"lines {first}–{last}"
    yield Change("no_grad", first, f"`with torch.no_grad():` around {where}", _OFF, tuple(edits))


def _inside_texts(statements: Sequence[ast.stmt]) -> set[int]:
    """The lines that begin inside a string, where white space counts."""
    inside: set[int] = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno:
                inside.update(range(node.lineno + 1, node.end_lineno + 1))
    return inside


def _enabled(code: Code, around: Surroundings, contexts: Sequence[ast.expr]) -> Iterator[Change]:
    for context in contexts:
        called = context.func if isinstance(context, ast.Call) else context
        name = around.full_name(called)
        if name not in ("torch.no_grad", "torch.autograd.no_grad") or not code.text(called).endswith("no_grad"):
            continue
        end = code.end(called)
        edit = Edit(end - len("no_grad"), end, "enable_grad")
        if isinstance(called, ast.Name):
            if not around.has_torch:
                continue
            edit = Edit(code.start(called), end, "torch.enable_grad")
        title = f"`enable_grad()` instead of `no_grad()` in line {context.lineno}"
        yield Change("no_grad", context.lineno, title, _ON, (edit,))
