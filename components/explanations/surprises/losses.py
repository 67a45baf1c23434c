"""Losses that get what another loss is for: softmax before a loss that applies it, sigmoid before one with logits."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from itertools import pairwise

from ...source.edits import Edit, SourceText
from ...source.statements import Statement
from ...source.tree import dotted
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
_WORD = 1 << 64
_TWICE = {
    "NllLossBackward0": ("LogSoftmaxBackward0", "SoftmaxBackward0", "softmax", "cross_entropy"),
    "NllLoss2DBackward0": ("LogSoftmaxBackward0", "SoftmaxBackward0", "softmax", "cross_entropy"),
    "BinaryCrossEntropyWithLogitsBackward0": ("", "SigmoidBackward0", "sigmoid", "binary_cross_entropy_with_logits"),
}


def through_shapes(run: Run, node: Node | None) -> Node | None:
    """Return the first node from here down that changes numbers."""
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
            inner = through_shapes(run, run.below(loss, 0))
            if inner is None or inner.name != inner_name or inner.step != loss.step:
                continue
        first = through_shapes(run, run.below(inner, 0)) if inner is not None else None
        if first is None or first.name != first_name or loss.line is None or first.line is None:
            continue
        if (first.line, loss.line) not in seen:
            seen.add((first.line, loss.line))
            yield _remark(run, first, loss, (function, taken))


def _remark(run: Run, first: Node, loss: Node, names: tuple[str, str]) -> Remark:
    function, taken = names
    assert first.line is not None
    itself = "softmax" if function == "softmax" else "the sigmoid"
    layer = _layer(run, function) if "." in (first.module or "") else None
    line, hint = layer if layer is not None else (first.line, _without(run, first, function))
    where = "" if line == loss.line else f" on line {loss.line}"
    return Remark(
        line,
        f"The loss `{taken}`{where} applies {itself} itself, and what it gets has gone through `{function}` here before: "
        f"numbers between 0 and 1 in place of scores.{_floor(loss, first)} It wants what goes into `{function}`.",
        hint,
    )


def _floor(loss: Node, first: Node) -> str:
    """How low the loss of one sample can fall after two softmaxes: 1 for the right class and 0 for all others."""
    saved = {saved.name: saved for saved in first.saved}
    sizes = saved["result"].shape if "result" in saved else None
    dim = saved["dim"].value if "dim" in saved else None
    if not sizes or dim is None or any(own.name == "weight" for own in loss.saved):
        return ""
    place = int(dim) - (_WORD if int(dim) >= _WORD // 2 else 0)  # a negative number comes as a large one
    classes = sizes[place] if -len(sizes) <= place < len(sizes) else 0
    if classes < 2:
        return ""
    least = math.log(1 + (classes - 1) / math.e)
    return f" With {classes} classes the loss of one sample cannot fall below {least:.3g}, however sure the model is."


def _without(run: Run, first: Node, function: str) -> str | None:
    """The hint that takes the first softmax away, where nothing else uses its result."""
    statement = run.program.at(first.line)
    if statement is None or len(run.edges_to.get(first.id, ())) != 1 or not used_once(run, statement, first):
        return None
    found = [call for call in statement.calls if called(call) == function]
    if len(found) != 1:
        return None
    call = found[0]
    owner = receiver(call)
    inner: ast.expr | None = None
    of_self = (
        owner is not None
        and run.full_name(owner) == ""
        and (dotted(owner) == "self" or not _is_tensor(run, owner, statement))
    )
    if run.full_name(call.func).startswith("torch.") or of_self:
        inner = call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None
    else:
        inner = owner
    code = statement.edited((call, statement.operand(inner))) if inner is not None else None
    return f"Line {statement.first}: {code}" if code is not None else None


def _layer(run: Run, function: str) -> tuple[int, str | None] | None:
    """The line of the one ``nn.Softmax(dim=1)``, and the hint that takes it away, if it ends a ``nn.Sequential``."""
    wanted = f"torch.nn.{'Softmax' if function == 'softmax' else 'Sigmoid'}"
    made = [
        (statement, call)
        for statement in run.statements("Softmax", "Sigmoid")
        for call in statement.calls
        if run.full_name(call.func) == wanted
    ]
    if len(made) != 1:
        return None
    statement, layer = made[0]
    for call in statement.calls:
        if run.full_name(call.func) == "torch.nn.Sequential" and len(call.args) > 1 and call.args[-1] is layer:
            text = SourceText(statement.code)
            comma = re.match(r"\s*,", statement.code[text.end(layer) :])
            end = text.end(layer) + (comma.end() if comma is not None else 0)
            code = statement.edited(Edit(text.end(call.args[-2]), end, ""))
            return statement.first + layer.lineno - 1, f"Line {statement.first}: {code}" if code else None
    return None


def _is_tensor(run: Run, owner: ast.expr, statement: Statement) -> bool:
    if isinstance(owner, ast.Call):
        return True
    visits = run.visits(statement)
    return isinstance(owner, ast.Name) and bool(visits) and owner.id in run.tensors_before(visits[0])


def used_once(run: Run, statement: Statement, first: Node) -> bool:
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
