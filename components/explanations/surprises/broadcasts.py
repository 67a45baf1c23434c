"""Tensors of different shapes that meet element by element: a loss of (N,) and (N, 1) compares everything with all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...source.statements import Statement
from ...trace import Node, Tensor
from ..shape_of import Shape, shape_of
from ..situation import shown
from .run import At, Remark, Run

_WARNED = re.compile(
    r"Using a target size \(torch\.Size\(\[(.*?)\]\)\) that is different to the input size \(torch\.Size\(\[(.*?)\]\)\)"
)
_ELEMENTWISE = frozenset({"SubBackward0", "MulBackward0", "AddBackward0"})
# What makes a dimension of size 1 on purpose.
_ON_PURPOSE = frozenset({"None", "unsqueeze", "newaxis", "keepdim", "expand", "meshgrid", "cdist"})


def _sizes(text: str) -> Shape:
    return tuple(int(size) for size in re.findall(r"\d+", text))


def _written(sizes: Shape) -> str:
    return f"({', '.join(map(str, sizes))}{',' * (len(sizes) == 1)})"


def _broadcast(first: Shape, second: Shape) -> Shape:
    longest = max(len(first), len(second))
    padded = [(1,) * (longest - len(sizes)) + sizes for sizes in (first, second)]
    return tuple(max(pair) for pair in zip(*padded, strict=True))


def _warned(run: Run) -> Iterator[Remark]:
    """A loss about whose shapes PyTorch warned."""
    for warned in run.trace.warnings:
        match = _WARNED.search(warned.message)
        statement = run.program.at(warned.line)
        if match is None or statement is None:
            continue
        target, given = _sizes(match[1]), _sizes(match[2])
        pair = _compared(run, statement, given, target)
        said = ("the input", "the target") if pair is None else tuple(shown(statement.text(part)) for part in pair)
        yield _remark(statement, (said[0], given), (said[1], target), _squeezed(statement, pair, given, target))


def _compared(run: Run, statement: Statement, given: Shape, target: Shape) -> tuple[ast.expr, ast.expr] | None:
    """The two arguments of the loss that a statement calls; ``None`` where it is not certain which they are."""
    calls = [call for call in statement.calls if len(call.args) == 2]
    visits = run.visits(statement)
    if len(calls) != 1 or not visits or any(isinstance(part, ast.Starred) for part in calls[0].args):
        return None
    bound = run.tensors_before(visits[0])
    for part, sizes in zip(calls[0].args, (given, target), strict=True):
        tensor = bound.get(part.id) if isinstance(part, ast.Name) else None
        if tensor is not None and tuple(tensor.shape) != sizes:
            return None
    return calls[0].args[0], calls[0].args[1]


def _squeezed(statement: Statement, pair: tuple[ast.expr, ast.expr] | None, first: Shape, second: Shape) -> str | None:
    """The hint that takes the size of 1 away from whichever of the two has it too many."""
    if pair is None:
        return None
    for part, long, short in ((pair[0], first, second), (pair[1], second, first)):
        if long == (*short, 1) and len(short) == 1:
            code = statement.edited((part, f"{statement.operand(part)}.squeeze(-1)"))
            return f"Line {statement.first}: {code}" if code is not None else None
    return None


def _remark(statement: Statement, first: tuple[str, Shape], second: tuple[str, Shape], hint: str | None) -> Remark:
    (left, sizes), (right, others) = first, second
    whole = _broadcast(sizes, others)
    text = (
        f"{left} has shape {_written(sizes)} and {right} has shape {_written(others)}; "
        f"element by element they make {_written(whole)}: "
    )
    short, long = sorted((sizes, others), key=len)
    if len(short) == 1 and len(long) == 2 and long[1] == 1:
        text += "every element of one meets every element of the other. "
    else:
        text += "the smaller one is repeated. "
    text += "Where they belong together one by one, both must have the same shape."
    return Remark(statement.first, text[0].upper() + text[1:], hint)


def _differences(run: Run) -> Iterator[Remark]:
    """``(net(x) - y) ** 2`` and ``pred == y`` of shapes (N, 1) and (N,)."""
    done = set()
    for node in run.trace.nodes:
        if node.name != "SubBackward0" or node.line in done or node.step is None or node.created_by is not None:
            continue
        done.add(node.line)
        statement = run.program.at(node.line)
        pairs = [] if statement is None else [n for n in statement.find(ast.BinOp) if isinstance(n.op, ast.Sub)]
        if statement is None or len(pairs) != 1 or not _ON_PURPOSE.isdisjoint(statement.words):
            continue
        found = _operands(run, node, pairs[0])
        if found is None or not _compares_all(found[0], found[1]) or node.id not in run.passed:
            continue
        names = shown(statement.text(pairs[0].left)), shown(statement.text(pairs[0].right))
        hint = _squeezed(statement, (pairs[0].left, pairs[0].right), found[0], found[1])
        yield _remark(statement, (names[0], found[0]), (names[1], found[1]), hint)


def _by_names(run: Run) -> Iterator[Remark]:
    """``y * torch.log(p)`` and ``(pred == y).sum()`` of shapes (N, 1) and (N,), by what the names stood for."""
    lines = {node.line for node in run.trace.nodes if node.id in run.passed and node.name in _ELEMENTWISE}
    for statement in run.program.statements:
        compares = "==" in statement.words and not {"sum", "mean"}.isdisjoint(statement.words)
        visits = run.visits(statement) if compares or statement.first in lines else []
        if not visits or not _ON_PURPOSE.isdisjoint(statement.words):
            continue
        at = At(run, visits[0])
        found = []
        for left, right in _pairs(statement, compares=compares):
            first, second = shape_of(at, left), shape_of(at, right)
            named = [tensor for tensor in map(at.tensor, (*ast.walk(left), *ast.walk(right))) if tensor is not None]
            meant = any(_purposeful(run, tensor, compares=compares) for tensor in named) or (
                not compares and not _of_a_model(at, left, right)
            )
            if first is not None and second is not None and _compares_all(first, second) and not meant:
                found.append((left, right, first, second))
        for left, right, first, second in found[:1]:
            names = shown(statement.text(left)), shown(statement.text(right))
            hint = _squeezed(statement, (left, right), first, second) if len(found) == 1 else None
            yield _remark(statement, (names[0], first), (names[1], second), hint)


def _pairs(statement: Statement, *, compares: bool) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in statement.nodes:
        if compares and isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            yield node.left, node.comparators[0]
        elif not compares and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Sub | ast.Add):
            yield node.left, node.right


def _of_a_model(at: At, left: ast.expr, right: ast.expr) -> bool:
    """Whether the one side comes from a computation that requires grad, and the other from data."""
    sides = [[tensor for part in ast.walk(side) if (tensor := at.tensor(part)) is not None] for side in (left, right)]
    computed = [any(tensor.node is not None for tensor in side) for side in sides]
    free = [not any(tensor.requires_grad for tensor in side) for side in sides]
    return bool(sides[0] and sides[1]) and ((computed[0] and free[1]) or (computed[1] and free[0]))


def _operands(run: Run, node: Node, pair: ast.BinOp) -> tuple[Shape, Shape] | None:
    """The shapes of a difference's two sides, one of them a constant for autograd that has a name."""
    step = run.step(node.step)
    bound = run.tensors_before(step) if step is not None else {}
    shapes: list[Shape] = []
    constants = 0
    for slot, part in enumerate((pair.left, pair.right)):
        below = run.below(node, slot)
        tensor = bound.get(part.id) if isinstance(part, ast.Name) else None
        if tensor is not None and _purposeful(run, tensor):
            return None
        if below is None:
            constants += 1
        sizes = tuple(tensor.shape) if tensor is not None else result_shape(run, below)
        if sizes is None:
            return None
        shapes.append(sizes)
    return (shapes[0], shapes[1]) if constants == 1 else None


def _purposeful(run: Run, tensor: Tensor, *, compares: bool = False) -> bool:
    """Whether the line that made a tensor says that its size of 1 is meant."""
    made = run.bound_by(tensor)
    words = _ON_PURPOSE | {"view", "reshape"} if compares else _ON_PURPOSE
    return made is None or not words.isdisjoint(made[1].words)


def _compares_all(first: Shape, second: Shape) -> bool:
    """(N, 1) and (N,), for N above 1."""
    short, long = sorted((first, second), key=len)
    return len(short) == 1 and long == (*short, 1) and short[0] > 1


def result_shape(run: Run, node: Node | None) -> Shape | None:
    """The shape of what the forward operation of a node gave, where the trace knows it."""
    if node is None:
        return None
    if (tensor := run.by_node.get(node.id)) is not None:
        return tuple(tensor.shape)
    saved = {saved.name: saved.value for saved in node.saved if saved.value is not None}
    if node.name in ("AddmmBackward0", "MmBackward0"):
        first, second = (_sizes(saved.get(f"{name}_sym_sizes", "")) for name in _FACTORS[node.name])
        return (first[0], second[1]) if len(first) == len(second) == 2 else None
    own_shapes = {own.name: tuple(own.shape) for own in node.saved if own.shape is not None}
    if "result" in own_shapes:
        return own_shapes["result"]
    if node.name in _SAVING and {"self", "other"} <= own_shapes.keys():
        return _broadcast(own_shapes["self"], own_shapes["other"])
    for edge in run.edges_to.get(node.id, ()):
        name = "self" if edge.slot == 0 else "other"
        above = run.nodes.get(edge.source)
        for own in above.saved if above is not None and above.name in _SAVING else ():
            if own.name == name and own.shape is not None:
                return tuple(own.shape)
    return None


# They save their operands, as `self` and `other`, with the shapes that these have.
_SAVING = frozenset({"MulBackward0", "DivBackward0", "PowBackward0", "AbsBackward0"})
_FACTORS = {"AddmmBackward0": ("mat1", "mat2"), "MmBackward0": ("self", "mat2")}

kinds = (_warned, _differences, _by_names)
