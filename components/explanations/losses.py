"""Predictions and targets that do not go together."""

from __future__ import annotations

import ast
import re

from ..trace import Tensor
from .dtypes import dtype_of
from .situation import Advice, Rules, Situation, argument, shape, shown

rules = Rules()

_CLASSES = "`cross_entropy` takes scores of shape (N, C) and one class number, 0 to C - 1, for each of the N rows"


def target_of(situation: Situation) -> tuple[ast.expr, Tensor] | None:
    """Return the second argument of the one call that has two known tensors."""
    found = []
    for call in situation.calls:
        first, second = argument(call, 0, "input"), argument(call, 1, "target")
        tensor = situation.tensor(second)
        if second is not None and tensor is not None and situation.tensor(first) is not None:
            found.append((second, tensor))
    return found[0] if len(found) == 1 else _beside_a_call(situation) if not found else None


def _beside_a_call(situation: Situation) -> tuple[ast.expr, Tensor] | None:
    """``y`` of ``loss(net(x), y)``."""
    found = []
    for call in situation.calls:
        second = argument(call, 1, "target")
        tensor = situation.tensor(second)
        if second is not None and tensor is not None and isinstance(argument(call, 0, "input"), ast.Call):
            found.append((second, tensor))
    return found[0] if len(found) == 1 else None


def _converted(situation: Situation, method: str) -> str | None:
    target = target_of(situation)
    if target is None:
        return None
    return situation.hint((target[0], f"{situation.operand(target[0])}.{method}"))


def _name(situation: Situation) -> str:
    target = target_of(situation)
    return situation.shown(target[0]) if target is not None else "the target"


@rules.on(r"expected target dtype to be Long or Byte, but got (\w+)|expected scalar type Long but found (\w+)")
def _class_numbers(situation: Situation, match: re.Match[str]) -> Advice | None:
    if not situation.calls_of("cross_entropy", "nll_loss") and target_of(situation) is None:
        return None
    return Advice(
        f"{_CLASSES}, as int64. {_name(situation).capitalize() if target_of(situation) is None else _name(situation)} is "
        f"{dtype_of(match[1] or match[2])}.",
        _converted(situation, "long()"),
    )


@rules.on(r"Expected floating point type for target with class probabilities, got (\w+)")
def _class_probabilities(situation: Situation, match: re.Match[str]) -> Advice:
    what = f"The target {_name(situation)}" if target_of(situation) is not None else "The target"
    return Advice(
        f"{what} has the shape of the scores, so it is read as one probability for each class, and those "
        f"are floating point; it is {dtype_of(match[1])}. Class numbers would be one for each row.",
        _converted(situation, "float()"),
    )


@rules.on(r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)")
def _batch_sizes(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(f"{_CLASSES}. There are {match[1]} rows of scores and {match[2]} entries in {_name(situation)}.")


@rules.on(r"Target (-?\d+) is out of bounds")
def _class_out_of_bounds(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls:
        scores = situation.tensor(argument(call, 0, "input"))
        if scores is not None and len(scores.shape) >= 1 and situation.tensor(argument(call, 1, "target")) is not None:
            classes = scores.shape[1] if len(scores.shape) > 1 else scores.shape[0]
            return Advice(
                f"{situation.shown(call.args[0])} has scores for {classes} classes, 0 to {classes - 1}; "
                f"{_name(situation)} names class {match[1]}."
            )
    return Advice(f"{_CLASSES}. The target names class {match[1]}, for which there is no score.")


@rules.on(r"Expected target size \[.*?\], got \[.*?\]|size mismatch \(got input: \[.*?\] ?, target: \[")
def _classes_second(situation: Situation, match: re.Match[str]) -> Advice:
    text = "`cross_entropy` takes scores of shape (N, C, ...), the classes second, and a target of shape (N, ...)"
    target = target_of(situation)
    for call in situation.calls:
        scores, given = argument(call, 0, "input"), argument(call, 1, "target")
        known = situation.tensor(scores)
        if scores is None or known is None or target is None or given is not target[0]:
            continue
        both = f"{situation.shown(scores)} has {shape(known)} and {situation.shown(given)} has {shape(target[1])}"
        if list(known.shape[:-1]) != list(target[1].shape):
            return Advice(f"{text}. {both}.")
        return Advice(
            f"{text}. {both}: the classes come last. `.movedim(-1, 1)` puts them second.",
            situation.hint((scores, f"{situation.operand(scores)}.movedim(-1, 1)")),
        )
    return Advice(f"{text}.")


@rules.on(r"0D or 1D target tensor expected, multi-target not supported")
def _column_of_classes(situation: Situation, match: re.Match[str]) -> Advice:
    target = target_of(situation)
    has = f" {situation.shown(target[0])} has {shape(target[1])}." if target is not None else ""
    hint = None
    if target is not None and len(target[1].shape) == 2 and target[1].shape[1] == 1:
        hint = _converted(situation, "squeeze(1)")
    return Advice(f"{_CLASSES}: a target with one dimension.{has}", hint)


@rules.on(
    r"Found dtype (\w+) but expected (\w+)"
    r"|result type Float can't be cast to the desired output type Long"
)
def _target_of_other_dtype(situation: Situation, match: re.Match[str]) -> Advice | None:
    target = target_of(situation)
    if target is None:
        return None
    return Advice(
        f"{situation.shown(target[0])} is {target[1].dtype}; this loss compares floating point numbers.",
        _converted(situation, "float()"),
    )


@rules.on(
    r"Using a target size \(torch\.Size\(\[(.*?)\]\)\) that is different to the input size \(torch\.Size\(\[(.*?)\]\)\)"
    r"|Target size \(torch\.Size\(\[(.*?)\]\)\) must be the same as input size \(torch\.Size\(\[(.*?)\]\)\)"
)
def _sizes(situation: Situation, match: re.Match[str]) -> Advice:
    target, prediction = [size for size in match.groups() if size is not None][:2]
    text = f"This loss compares element by element: the target has shape [{target}], the prediction [{prediction}]."
    found = target_of(situation)
    one, other = ([size for size in text.replace(" ", "").split(",") if size != "1"] for text in (target, prediction))
    if found is None or one != other:
        return Advice(text)
    numbers = [given for call in situation.calls if argument(call, 1, "target") is found[0] for given in call.args[:1]]
    return Advice(
        f"{text} {shown(situation.text(found[0]))} has the same number of elements: give it the same shape.",
        _converted(situation, f"view_as({situation.text(numbers[0])})") if numbers else None,
    )


@rules.on(r"all elements of (input|target) should be between 0 and 1")
def _probabilities(situation: Situation, match: re.Match[str]) -> Advice:
    hint = None
    calls = situation.calls_of("binary_cross_entropy")
    if len(calls) == 1 and match[1] == "input":
        hint = situation.hint((calls[0].func, f"{situation.text(calls[0].func)}_with_logits"))
    return Advice(
        f"Binary cross entropy takes probabilities, and the {match[1]} has numbers outside of 0 to 1. "
        "For raw scores use `binary_cross_entropy_with_logits`, which applies the sigmoid itself.",
        hint,
    )
