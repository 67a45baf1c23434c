"""The shape of an expression of the failing statement, worked out where the trace and PyTorch's rules leave no doubt."""

from __future__ import annotations

import ast
from itertools import zip_longest
from typing import Protocol

from ..source.names import words
from ..trace import Tensor
from .situation import Situation, called, receiver

Shape = tuple[int, ...]

# They give each element its own number, and keep the shape.
_KEEPING = words(
    """
    abs arctan atan celu clone contiguous cos cosh cpu detach double elu erf exp expm1 float gelu hardtanh
    leaky_relu log log1p log_softmax logsigmoid neg relu relu6 requires_grad_ round rsqrt selu sigmoid sign silu sin sinh
    softmax softplus softsign sqrt square tan tanh zeros_like ones_like rand_like randn_like
    """
)
_MAKING = frozenset({"ones", "zeros", "randn", "rand", "empty"})
_TURNED = frozenset({"T", "mT"})


def written(sizes: Shape) -> str:
    """Return a shape as Python writes it, and in words for a single number."""
    return f"shape ({', '.join(map(str, sizes))}{',' * (len(sizes) == 1)})" if sizes else "no dimensions"


def here(situation: Situation, node: ast.expr, sizes: Shape | None) -> str:
    """Return ```x` has shape (4, 3) (line 2)``: an expression, its shape and the line that its tensor came from."""
    name = situation.shown(node)
    if sizes is None:
        return name
    tensor = situation.tensor(node)
    line = _came_from(situation, tensor) if tensor is not None else None
    where = f" (line {line})" if line is not None and line != situation.failure.line else ""
    return f"{name} has {written(sizes)}{where}"


def _came_from(situation: Situation, tensor: Tensor) -> int | None:
    """The line that bound the tensor to a variable; ``None`` where it came in as an argument of a function."""
    for step in situation.trace.steps:
        for name, value in step.variables.items():
            record = situation.newest.get(value)
            if record is not None and record.origin == tensor.origin:
                statement = situation.program.at(step.line)
                stored = statement.find(ast.Name) if statement is not None else ()
                bound = any(node.id == name and isinstance(node.ctx, ast.Store) for node in stored)
                return step.line if bound else None
    return None


class Known(Protocol):
    """What is asked of a moment of a run: the tensors that expressions stood for, and what imported names mean."""

    def tensor(self, node: ast.AST | None) -> Tensor | None:
        """The tensor that a name or attribute stood for, if it is known."""

    def full_name(self, node: ast.AST) -> str:
        """The dotted path of a name or attribute by the program's imports; empty for anything else."""


def shape_of(situation: Known, node: ast.AST | None, depth: int = 0) -> Shape | None:
    """Return the shape that an expression had, ``None`` where that is not certain."""
    tensor = situation.tensor(node)
    if tensor is not None:
        return tuple(tensor.shape)
    if depth > 20 or node is None:
        return None
    if isinstance(node, ast.Attribute) and node.attr in _TURNED:
        inner = shape_of(situation, node.value, depth + 1)
        return (*inner[:-2], inner[-1], inner[-2]) if inner is not None and len(inner) == 2 else None
    if isinstance(node, ast.UnaryOp):
        return shape_of(situation, node.operand, depth + 1)
    if isinstance(node, ast.BinOp):
        return _combined(situation, node, depth)
    return _called(situation, node, depth) if isinstance(node, ast.Call) else None


def _combined(situation: Known, node: ast.BinOp, depth: int) -> Shape | None:
    first, second = (_number_or_shape(situation, side, depth) for side in (node.left, node.right))
    if first is None or second is None:
        return None
    if not isinstance(node.op, ast.MatMult):
        return broadcast(first, second)
    if len(first) == len(second) == 2 and first[1] == second[0]:
        return (first[0], second[1])
    return (first[0],) if len(first) == 2 and len(second) == 1 and first[1] == second[0] else None


def _number_or_shape(situation: Known, node: ast.expr, depth: int) -> Shape | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return ()
    return shape_of(situation, node, depth + 1)


def _called(situation: Known, node: ast.Call, depth: int) -> Shape | None:
    owner = receiver(node)
    path = situation.full_name(node.func)
    name = called(node)
    if path.startswith("torch.") and name in _MAKING and path.count(".") == 1:
        return _sizes(node)
    if name not in _KEEPING:
        return None
    inner = (node.args[0] if node.args else None) if path.startswith("torch.") else owner
    return shape_of(situation, inner, depth + 1)


def _sizes(node: ast.Call) -> Shape | None:
    """The sizes that ``torch.ones(2, 3)`` and ``torch.ones((2, 3))`` name."""
    given = node.args
    if len(given) == 1 and isinstance(given[0], ast.Tuple | ast.List):
        given = given[0].elts
    sizes = [one.value for one in given if isinstance(one, ast.Constant) and type(one.value) is int]
    return tuple(sizes) if sizes and len(sizes) == len(given) else None


def broadcast(first: Shape, second: Shape) -> Shape | None:
    """Return the shape of two tensors combined element by element, ``None`` if they do not fit."""
    pairs = list(zip_longest(reversed(first), reversed(second), fillvalue=1))
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        return None
    return tuple(b if a == 1 else a for a, b in reversed(pairs))
