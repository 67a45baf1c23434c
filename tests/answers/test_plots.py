"""The numbers behind a curve and a surface, against functions known by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from components.trace import Curve, CurveAnswer, Surface, SurfaceAnswer, Unanswered
from tests.answers.asking import answer

BOWL = "import torch\ndef f(x, y):\n    return x ** 2 + 3 * y ** 2\nx = torch.tensor(1.0)\ny = torch.tensor(-1.0)\n"


def test_a_curve_has_f_and_two_derivatives_and_the_point_last() -> None:
    source = "import torch\ndef f(x):\n    return torch.sin(x)\nx = torch.tensor(0.5)\n"
    found = answer(source, Curve(low=-1.0, high=1.0, points=5))
    assert isinstance(found, CurveAnswer)
    assert found.x == [-1, -0.5, 0, 0.5, 1, 0.5]
    truths: tuple[Callable[[float], float], ...] = (math.sin, math.cos, lambda x: -math.sin(x))
    for line, truth in zip(found.values, truths, strict=True):
        assert [float(one or 0) for one in line] == pytest.approx([truth(float(x)) for x in found.x], abs=1e-12)


def test_a_curve_of_one_element_tensor_and_gaps_where_it_fails() -> None:
    source = """
import torch
def f(x):
    if x.detach() < 0:
        raise ValueError("below")
    return (x ** 2).sum()
x = torch.tensor([2.0])
"""
    found = answer(source, Curve(low=-1.0, high=1.0, points=3))
    assert isinstance(found, CurveAnswer)
    assert found.values[0] == [None, 0, 1, 4]
    assert found.values[1] == [None, 0, 2, 4]
    assert "At -1: ValueError: below" in (found.problem or "")


def test_a_straight_line_has_a_second_derivative_of_zero() -> None:
    found = answer("import torch\ndef f(x):\n    return 2 * x\nx = torch.tensor(1.0)\n", Curve(low=0, high=1, points=2))
    assert isinstance(found, CurveAnswer)
    assert found.values == [[0, 2, 2], [2, 2, 2], [0, 0, 0]]


def test_a_surface_its_gradients_and_a_descent() -> None:
    found = answer(BOWL, Surface(low=(-1, -1), high=(1, 1), across=3, rate=0.1, steps=2))
    assert isinstance(found, SurfaceAnswer)
    assert (found.names, found.x, found.y) == (("x", "y"), [-1, 0, 1], [-1, 0, 1])
    assert found.values == [[4, 3, 4], [1, 0, 1], [4, 3, 4]]  # rows are y
    assert (1, -1, 2, -6) in found.arrows  # 2x, 6y
    assert len(found.arrows) == 121
    # (1, -1) - 0.1 (2, -6) = (0.8, -0.4); then (0.8, -0.4) - 0.1 (1.6, -2.4) = (0.64, -0.16)
    expected = [(1, -1, 4), (0.8, -0.4, 1.12), (0.64, -0.16, 0.4864)]
    for step, truth in zip(found.path, expected, strict=True):
        assert [float(one) for one in step] == pytest.approx(truth)


def test_a_descent_that_diverges_says_so() -> None:
    found = answer(BOWL, Surface(low=(-1, -1), high=(1, 1), across=2, rate=1e3, steps=500))
    assert isinstance(found, SurfaceAnswer)
    assert "diverges" in (found.problem or "")
    assert 1 < len(found.path) < 500


def test_a_function_of_two_elements_that_vmap_cannot_take() -> None:
    source = (
        "import torch\ndef f(p):\n    return p[0] * p[1] if float(p[0].detach()) > 0 else p.sum()\n"
        "p = torch.tensor([1., 2.])\n"
    )
    found = answer(source, Surface(low=(-1, 1), high=(1, 2), across=2, steps=0))
    assert isinstance(found, SurfaceAnswer)
    assert found.names == ("p[0]", "p[1]")
    assert found.values == [[0, 1], [1, 2]]  # -1 + 1, 1 * 1; -1 + 2, 1 * 2
    assert found.path == [(1, 2, 2)]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Curve(low=0, high=1), "A curve needs one number"),
        (Surface(low=(0, 0), high=(0, 1)), "The range is empty"),
        (Curve(low=1, high=1, inputs=("x",)), "The range is empty"),
        (Surface(low=(0, 0), high=(1, 1), inputs=("x",)), "A surface needs two numbers"),
    ],
)
def test_what_cannot_be_plotted_is_said(question: Curve | Surface, words: str) -> None:
    found = answer(BOWL, question)
    assert isinstance(found, Unanswered)
    assert words in found.problem
