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
    block = unrecorded_block(run, statement)
    bound = run.before(earlier)
    if block is not None and _has_history(run, statement.nodes, bound):
        return Cut(
            statement,
            f"line {statement.first} is inside `{_recording(block)}()` (line {block.first})",
            _enabled(run, block),
        )
    for node in statement.nodes:
        word = cutting(node)
        inner = inside(node)
        if word and inner is not None and _has_history(run, tuple(ast.walk(inner)), bound):
            return Cut(
                statement,
                f"`{cut_name(statement, node)}` on line {statement.first} {_LEAVING[word]}",
                _uncut(run, statement),
            )
    for other in dict.fromkeys(node.id for node in statement.find(ast.Name)):
        tensor = run.tensors.get(bound.get(other, ""))
        if tensor is not None and other != name and tensor.node is None and (not tensor.requires_grad or depth == 0):
            found = find_cut(run, other, _just_before(run, earlier), depth + 1)
            if found is not None:
                return found
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
