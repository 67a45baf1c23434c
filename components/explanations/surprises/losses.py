"""Losses that get what another loss is for: softmax before a loss that applies it, sigmoid before one with logits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from ...source.statements import Statement
from ...trace import Node
from ..situation import called, receiver
from .run import Remark, Run

# What changes a shape or an order, and no number.
_SAME_NUMBERS = frozenset(
    {
        "ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", "TransposeBackward0", "PermuteBackward0",
        "SqueezeBackward0", "SqueezeBackward1", "UnsqueezeBackward0", "SliceBackward0", "SelectBackward0",
        "IndexBackward0", "CloneBackward0", "TBackward0",
    }
)  # fmt: skip
_TWICE = {
    "NllLossBackward0": ("LogSoftmaxBackward0", "SoftmaxBackward0", "softmax", "cross_entropy"),
    "NllLoss2DBackward0": ("LogSoftmaxBackward0", "SoftmaxBackward0", "softmax", "cross_entropy"),
    "BinaryCrossEntropyWithLogitsBackward0": ("", "SigmoidBackward0", "sigmoid", "binary_cross_entropy_with_logits"),
}


def _through_shapes(run: Run, node: Node | None) -> Node | None:
    for _ in range(8):
        if node is None or node.name not in _SAME_NUMBERS:
            return node
        node = run.below(node, 0)
    return None


def _twice(run: Run) -> Iterator[Remark]:
    """A softmax whose result goes into a loss that applies softmax itself."""
    seen = set()
    for loss in run.trace.nodes:
        if loss.name not in _TWICE:
            continue
        inner_name, first_name, function, taken = _TWICE[loss.name]
        inner: Node | None = loss
        if inner_name:
            inner = _through_shapes(run, run.below(loss, 0))
            if inner is None or inner.name != inner_name or inner.step != loss.step:
                continue
        first = _through_shapes(run, run.below(inner, 0)) if inner is not None else None
        if first is None or first.name != first_name or loss.line is None or first.line is None:
            continue
        if (first.line, loss.line) not in seen:
            seen.add((first.line, loss.line))
            yield _remark(run, first, loss.line, (function, taken))


def _remark(run: Run, first: Node, line: int, names: tuple[str, str]) -> Remark:
    function, taken = names
    assert first.line is not None
    itself = "log-softmax" if function == "softmax" else "the sigmoid"
    where = "itself" if first.line == line else f"itself (line {line})"
    return Remark(
        first.line,
        f"The loss `{taken}` applies {itself} {where}, and what it gets here has gone through {function} before. With "
        f"{function} twice the loss hardly falls and gradients are small. It wants the scores, before {function}.",
        _without(run, first, function),
    )


def _without(run: Run, first: Node, function: str) -> str | None:
    """The hint that takes the first softmax away, where nothing else uses its result."""
    statement = run.program.at(first.line)
    if statement is None or len(run.edges_to.get(first.id, ())) != 1 or not _used_once(run, statement, first):
        return None
    found = [call for call in statement.calls if called(call) == function]
    if len(found) != 1:
        return None
    call = found[0]
    owner = receiver(call)
    path = run.full_name(call.func)
    if path.startswith("torch."):
        inner = call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None
    else:
        inner = owner if owner is not None and not run.full_name(owner) and _is_tensor(run, owner, statement) else None
    code = statement.edited((call, statement.operand(inner))) if inner is not None else None
    return f"Line {statement.first}: {code}" if code is not None else None


def _is_tensor(run: Run, owner: ast.expr, statement: Statement) -> bool:
    if isinstance(owner, ast.Call):
        return True
    visits = run.visits(statement)
    return isinstance(owner, ast.Name) and bool(visits) and owner.id in run.tensors_before(visits[0])


def _used_once(run: Run, statement: Statement, first: Node) -> bool:
    """Whether the result of a softmax goes nowhere but into the loss, as far as names tell."""
    words = [word for other in run.program.statements for word in other.words]
    assign = statement.assigned()
    if assign is not None:
        name = statement.text(assign.targets[0])
        uses = sum(word == name for word in words)
        return uses == 2
    if statement.words[0] == "return":
        root = (first.module or "").partition(".")[0]
        calls = sum(a == root and b == "(" for a, b in pairwise(words))
        return bool(root) and calls == 1
    return True


kinds = (_twice,)
