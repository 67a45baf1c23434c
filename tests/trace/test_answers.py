"""Answers on their way through JSON: what does not fit together is a damaged trace, not an exception in a page."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from components.trace import (
    Answered,
    ChecksAnswer,
    CurveAnswer,
    DamagedTrace,
    DerivativeAnswer,
    Entry,
    Function,
    Input,
    Spot,
    SurfaceAnswer,
    decode_trace,
    encode_trace,
)
from tests.figures.traces import make_trace

X = Input(name="x", shape=[2], dtype="float32", values=[1.0, 2.0], chosen=True)
F = Function(name="f", inputs=[X], output_shape=[], output_dtype="float32", output=3.0)
MATRIX = DerivativeAnswer(
    function=F, quantity="gradient", rows=["f"], columns=["x[0]", "x[1]"], numbers=[[1.0, "nan"]],
    vector=None, ways=[], farthest=Spot(row=0, column=1, first=1.0, second=1.0), agree=True, spectrum=None,
)  # fmt: skip
CURVE = CurveAnswer(function=F, x=[0.0, 1.0], values=[[1.0, None], [2.0, 2.0], [0.0, 0.0]], problem=None)
SURFACE = SurfaceAnswer(
    function=F, names=("x", "y"), x=[0.0, 1.0], y=[0.0, 1.0], values=[[1.0, None], [2.0, "inf"]],
    arrows=[], path=[(0.0, 0.0, 1.0)], problem=None,
)  # fmt: skip
ENTRY = Entry(row=0, column=1, autograd=1.0, finite=1.0, formula=None)
CHECKS = ChecksAnswer(
    function=F, rows=["f"], columns=["x[0]", "x[1]"], gradcheck=True, gradgradcheck=None, message=None, atol=1.0,
    rtol=1.0, worst=ENTRY, off=0.0, entries=[ENTRY], no_formula=None, symbolic_agrees=None, notes=[], problem=None,
)  # fmt: skip


def through_json(answer: Answered) -> Any:
    return decode_trace(encode_trace(replace(make_trace("x"), answer=answer))).answer


@pytest.mark.parametrize("answer", [MATRIX, CURVE, SURFACE, CHECKS], ids=lambda one: type(one).__name__)
def test_an_answer_survives_json(answer: Answered) -> None:
    assert through_json(answer) == answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (replace(MATRIX, numbers=[[1.0]]), "not a matrix"),
        (replace(MATRIX, numbers=[[1.0, 2.0], [3.0, 4.0]]), "not a matrix"),
        (replace(MATRIX, farthest=Spot(row=0, column=2, first=1.0, second=1.0)), "an entry that the derivative"),
        (replace(MATRIX, columns=["x" * 1_000, "y"]), "label is too long"),
        (replace(CURVE, values=[[1.0, 2.0]]), "a curve has other numbers"),
        (replace(CURVE, x=["nan", 1.0]), "a place that is no number"),
        (replace(CURVE, function=replace(F, inputs=[])), "a curve is of no input"),
        (replace(SURFACE, x=[0.0]), "a surface has other numbers"),
        (replace(SURFACE, path=[("inf", 0.0, 0.0)]), "a place that is no number"),
        (replace(CHECKS, entries=[replace(ENTRY, row=-1)]), "a check is of an entry"),
        (replace(CHECKS, worst=replace(ENTRY, column=7)), "the worst entry"),
        (replace(CURVE, function=replace(F, output=[["evil"]])), "not numbers"),
    ],
)
def test_what_does_not_fit_together_is_damaged(answer: Answered, words: str) -> None:
    with pytest.raises(DamagedTrace, match=words):
        through_json(answer)
