"""Where a value lost its history: the line that cut it off from the graph, by what the lines before made of it."""

from __future__ import annotations

import ast
from typing import NamedTuple

from ...source.statements import Statement
from ...source.tree import dotted
from ...trace import Step
from ..situation import called, receiver
from .run import Run, sets_flag

NO_RECORDING = frozenset({"no_grad", "inference_mode"})
MAKERS = frozenset({"tensor", "as_tensor", "Variable", "FloatTensor", "Parameter"})
_NO_HISTORY = "gives the same numbers without their history"
_PLAIN = "gives plain numbers, which have no history"
_PLACES = "gives indices, which have no derivative"
_WHOLE = "gives whole numbers or truth values, which have no derivative"
# What a call does that leaves the graph; the last two cannot be left away.
_LEAVING = {
    "detach": _NO_HISTORY, "data": _NO_HISTORY, "item": _PLAIN, "tolist": _PLAIN, "numpy": _PLAIN,
    **dict.fromkeys(("argmax", "argmin", "argsort"), _PLACES), **dict.fromkeys(("long", "int", "bool"), _WHOLE),
    **dict.fromkeys(MAKERS, "makes a new tensor, without the history of what it is given"),
}  # fmt: skip
_DEEPEST = 5


class Cut(NamedTuple):
    """The statement at which the history ends, why, and the hint that takes the cut away."""

    statement: Statement
    why: str
    hint: str | None


def unrecorded_block(run: Run, statement: Statement) -> Statement | None:
    """The ``with torch.no_grad():`` around a statement."""
    block: Statement | None = statement
    while block is not None:
        if block.words[:1] == ("with",) and any(called(call) in NO_RECORDING for call in block.calls):
            return block
        block = run.program.enclosing(block, "with")
    return None


def find_cut(run: Run, name: str, step: Step, depth: int = 0) -> Cut | None:
    """Return where the value that a name has at a step lost its history, by the lines that made it."""
    for earlier in reversed(run.trace.steps[: step.index + 1]):
        statement = run.program.at(earlier.line) if name in earlier.variables else None
        if statement is not None and earlier.function in (step.function, None) and _binds(statement, name):
            break
    else:
        return None
    if depth > _DEEPEST:
        return None
    bound = run.before(earlier)
    found = _in_statement(run, statement, bound) or _in_function(run, statement)
    if found is not None:
        return found
    for other in dict.fromkeys(node.id for node in statement.find(ast.Name)):
        if other != name and _may_be_cut(run, bound.get(other), depth):
            found = find_cut(run, other, _just_before(run, earlier), depth + 1)
            if found is not None:
                return found
    return None


def _in_statement(run: Run, statement: Statement, bound: dict[str, str]) -> Cut | None:
    """The cut in a statement itself: the block that it stands in, or a call."""
    block = unrecorded_block(run, statement)
    if block is not None and _has_history(run, statement.nodes, bound):
        why = f"line {statement.first} is inside `{_recording(block)}()` (line {block.first})"
        return Cut(statement, why, _enabled(run, block))
    for node in statement.nodes:
        word, inner = cutting(node), inside(node)
        if word and inner is not None and _has_history(run, tuple(ast.walk(inner)), bound):
            why = f"`{cut_name(statement, node)}` on line {statement.first} {_LEAVING[word]}"
            return Cut(statement, why, _uncut(run, statement))
    return None


def _in_function(run: Run, statement: Statement) -> Cut | None:
    """The ``no_grad()`` block around the ``return`` of the program's function that a statement calls."""
    assign = statement.assigned()
    call = assign.value if assign is not None else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    headers = run.program.functions_named(call.func.id)
    for inner in run.program.block(headers[0]) if len(headers) == 1 else ():
        block = unrecorded_block(run, inner) if inner.words[:1] == ("return",) and run.visits(inner) else None
        if block is not None:
            why = f"line {inner.first} is inside `{_recording(block)}()` (line {block.first})"
            return Cut(inner, why, _enabled(run, block))
    return None


def _may_be_cut(run: Run, value: str | None, depth: int) -> bool:
    """Whether what a name stood for may have lost its history: a tensor without, or an array."""
    tensor = run.tensors.get(value or "")
    if tensor is None:
        return value is not None and value.startswith(("array", "ndarray"))
    return tensor.node is None and (not tensor.requires_grad or depth == 0)


def made_from_values(run: Run, name: str, step: Step) -> Cut | None:
    """Return the statement that made a leaf, at this step's latest, out of other values: ``torch.tensor(sum(losses))``."""
    for earlier in reversed(run.trace.steps[: step.index + 1]):
        statement = run.program.at(earlier.line) if name in earlier.variables else None
        if statement is None or not _binds(statement, name):
            continue
        for node in statement.find(ast.Call):
            inner = inside(node) if called(node) in MAKERS else None
            if inner is not None and any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(inner)):
                word = called(node)
                return Cut(statement, f"`{cut_name(statement, node)}` on line {statement.first} {_LEAVING[word]}", None)
        return None
    return None


def _binds(statement: Statement, name: str) -> bool:
    return any(node.id == name and isinstance(node.ctx, ast.Store) for node in statement.find(ast.Name))


def _just_before(run: Run, step: Step) -> Step:
    return run.trace.steps[max(step.index - 1, 0)]


def _recording(block: Statement) -> str:
    return next(called(call) for call in block.calls if called(call) in NO_RECORDING)


def _enabled(run: Run, block: Statement) -> str | None:
    calls = [call for call in block.calls if called(call) in NO_RECORDING]
    # `loss.requires_grad = True` fails on what has a graph
    if (
        any(sets_flag(s) for s in run.statements("requires_grad"))
        or len(calls) != 1
        or calls[0].args
        or not isinstance(calls[0].func, ast.Attribute)
    ):
        return None
    code = block.edited((calls[0].func, f"{run.torch}.enable_grad"))
    return f"Line {block.first}: {code}" if code else None


def cutting(node: ast.AST) -> str:
    """The name of what in a piece of a statement leaves the graph; empty where nothing does."""
    if isinstance(node, ast.Attribute) and node.attr == "data" and isinstance(node.ctx, ast.Load):
        return "data"
    if not isinstance(node, ast.Call) or called(node) not in _LEAVING:
        return ""
    return called(node) if inside(node) is not None else ""


def cut_name(statement: Statement, node: ast.AST) -> str:
    """How a sentence names what cuts: ``torch.tensor(...)``, ``.detach()``, ``.data``."""
    if not isinstance(node, ast.Call):
        return ".data"
    return f"{statement.text(node.func)}(...)" if called(node) in MAKERS else f".{called(node)}()"


def inside(node: ast.AST) -> ast.expr | None:
    """What is cut off: ``y`` in ``y.detach()``, ``torch.tensor(y)`` and ``torch.argmax(y, 1)``."""
    if isinstance(node, ast.Attribute):
        return node.value
    if not isinstance(node, ast.Call):
        return None
    owner = receiver(node)
    if called(node) in MAKERS or owner is None or dotted(owner) == "torch":
        return node.args[0] if node.args else None
    return owner


def _has_history(run: Run, nodes: tuple[ast.AST, ...], bound: dict[str, str]) -> bool:
    """Whether something with a graph, or a module of the program, is used here."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            tensor = run.tensors.get(bound.get(node.id, ""))
            if tensor is not None and tensor.requires_grad:
                return True
        if isinstance(node, ast.Call) and run.is_module(dotted(node.func), bound):
            return True
    return False


def _uncut(run: Run, statement: Statement) -> str | None:
    """The hint that gives a name the value itself: ``loss = f(x)`` for ``loss = torch.tensor(f(x).item())``."""
    assign = statement.assigned()
    if assign is None or any(sets_flag(s) for s in run.statements("requires_grad")):
        return None
    value: ast.expr = assign.value
    if _LEAVING.get(cutting(value)) == _PLAIN:  # a number or an array, which the lines below go on with
        return None
    while (inner := _peeled(value)) is not None:
        value = inner
    same = isinstance(value, ast.Name) and value.id == statement.text(assign.targets[0])
    if value is assign.value or same or any(cutting(node) for node in ast.walk(value)):
        return None
    code = statement.edited((assign.value, statement.text(value)))
    return f"Line {statement.first}: {code}" if code else None


def _peeled(value: ast.expr) -> ast.expr | None:
    """What an expression cuts off, where the values stay the same without the cut."""
    if _LEAVING.get(cutting(value)) not in (None, _PLACES, _WHOLE):
        return inside(value)
    if isinstance(value, ast.Call) and called(value) in ("float", "requires_grad_"):
        return receiver(value) or (value.args[0] if value.args else None)
    return None
