"""Pictures are remembered, also that there is none, where that is worth it."""

from __future__ import annotations

from typing import Literal

import pytest

from components.figures import LayoutProblem, Picture
from components.reading.pictures import Pictures

Reason = Literal["failed", "too_large", "timeout", "busy"]


@pytest.mark.parametrize(
    ("reason", "at_once", "later"), [("failed", 1, 1), ("too_large", 1, 1), ("timeout", 1, 2), ("busy", 2, 3)]
)
def test_what_is_slow_or_fails_is_not_tried_again_at_once(reason: Reason, at_once: int, later: int) -> None:
    asked: list[str] = []
    now = [0.0]

    def none(dot: str) -> LayoutProblem:
        asked.append(dot)
        return LayoutProblem(reason, "no")

    pictures = Pictures(none, lambda: now[0])
    for _ in range(2):
        assert pictures.picture("a") == LayoutProblem(reason, "no")
    assert len(asked) == at_once
    now[0] = 61.0
    pictures.picture("a")
    assert len(asked) == later


def test_the_last_ones_are_remembered() -> None:
    asked: list[str] = []

    def made(dot: str) -> Picture:
        asked.append(dot)
        return Picture(dot, 1.0, 1.0, 1.0)

    pictures = Pictures(made)
    for number in range(201):
        pictures.picture(str(number))
    assert pictures.picture("200") == Picture("200", 1.0, 1.0, 1.0)
    assert len(asked) == 201
    pictures.picture("0")  # the one that was asked for least lately has gone
    assert len(asked) == 202
