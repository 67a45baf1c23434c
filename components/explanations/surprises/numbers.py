"""Operations that let no gradient through, losses of numbers that they are not for, a schedule that runs too early."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...source.statements import Statement
from ...trace import Node
from ..hints import replace_line
from ..situation import called, shown
from .losses import through_shapes, used_once
from .run import Remark, Run

_FLAT = {
    "RoundBackward0": "round", "RoundBackward1": "round", "FloorBackward0": "floor", "CeilBackward0": "ceil",
    "TruncBackward0": "trunc", "SignBackward0": "sign",
}  # fmt: skip
_SCORES = frozenset({"AddmmBackward0", "MmBackward0"})


def _flat(run: Run) -> Iterator[Remark]:
    """``torch.round(net(x))``: a step function, flat wherever it has a derivative."""
    for node in run.trace.nodes if run.optimizers else ():
        function = _FLAT.get(node.name)
        if function is None or node.line is None or node.id not in run.passed or node.created_by is not None:
            continue
        yield Remark(
            node.line,
            f"`{function}` is flat between its steps, so its derivative is 0: what comes before it gets a gradient of 0 through "
            "this line, and nothing can be learned by it.",
        )


def _likelihood(run: Run) -> Iterator[Remark]:
    """``nll_loss`` of scores, or of probabilities, where it takes the logarithms of probabilities."""
    for loss in run.trace.nodes:
        if loss.name not in ("NllLossBackward0", "NllLoss2DBackward0") or loss.line is None:
            continue
        before = through_shapes(run, run.below(loss, 0))
        if before is None:
            continue
        if before.name == "SoftmaxBackward0" and before.line is not None:
            hint = _logarithms(run, before)
            layers = list(_layers(run))
            yield Remark(
                layers[0][1] if len(layers) == 1 else before.line,
                f"`nll_loss` (line {loss.line}) takes the logarithms of probabilities, and gets what `softmax` gives here, the "
                "probabilities: the loss of a sample falls to -1 and not to 0. `log_softmax` gives the logarithms.",
                hint,
            )
        elif before.name in _SCORES:
            yield Remark(
                loss.line,
                "`nll_loss` takes the logarithms of probabilities, and gets the plain scores of a linear layer here: the loss has "
                "no lower bound. `cross_entropy` takes scores.",
                _cross_entropy(run, loss),
            )


def _logarithms(run: Run, softmax: Node) -> str | None:
    statement = run.program.at(softmax.line)
    layers = list(_layers(run))
    if len(layers) == 1:
        return _renamed(layers[0][0], "Softmax", "LogSoftmax")
    return _renamed(statement, "softmax", "log_softmax") if statement and used_once(run, statement, softmax) else None


def _layers(run: Run) -> Iterator[tuple[Statement, int]]:
    """The statements that make an ``nn.Softmax``, with the line of that call."""
    for statement in run.statements("Softmax"):
        for call in statement.calls:
            if called(call) == "Softmax":
                yield statement, statement.first + call.lineno - 1


def _cross_entropy(run: Run, loss: Node) -> str | None:
    statement = run.program.at(loss.line)
    layers = [s for s in run.statements("NLLLoss") if any(called(call) == "NLLLoss" for call in s.calls)]
    if len(layers) == 1:
        return _renamed(layers[0], "NLLLoss", "CrossEntropyLoss")
    return _renamed(statement, "nll_loss", "cross_entropy") if statement is not None else None


def _renamed(statement: Statement, old: str, new: str) -> str | None:
    """The hint that calls another function, where a statement calls the one once by an attribute."""
    calls = [call for call in statement.calls if called(call) == old and isinstance(call.func, ast.Attribute)]
    if len(calls) != 1:
        return None
    code = statement.edited((calls[0].func, statement.text(calls[0].func)[: -len(old)] + new))
    return replace_line(statement.first, code) if code is not None else None


def _schedule(run: Run) -> Iterator[Remark]:
    """``scheduler.step()`` before ``optimizer.step()``, of which PyTorch warns."""
    for warned in run.trace.warnings:
        statement = run.program.at(warned.line)
        if statement is None or "`lr_scheduler.step()` before `optimizer.step()`" not in warned.message:
            continue
        yield Remark(
            statement.first,
            f"{shown(statement.code)} runs before the first `optimizer.step()`, so the first learning rate of the schedule is "
            "never used. It belongs after the optimizer's `step()`.",
            _swapped(run, statement),
        )


def _swapped(run: Run, early: Statement) -> str | None:
    """The hint that lets two neighbours change places."""
    following = [s for s in run.program.statements if s.first > early.first][:1]
    if not following or not run.together(early, following[0]) or early.first + 1 != following[0].first:
        return None
    late = following[0]
    names = [optimizer.name for optimizer in run.optimizers]
    if late.code not in [f"{name}.step()" for name in names] or "\n" in early.code or ";" in early.words:
        return None
    return f"{replace_line(early.first, late.code)}\n{replace_line(late.first, early.code)}"


kinds = (_flat, _likelihood, _schedule)
