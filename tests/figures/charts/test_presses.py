"""The two small charts of presses: their bars, their numbers, and what they leave out where there is no room."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from components.facts.gradients.amounts import Amount
from components.facts.presses import GradAfter, Held, Press, Presses
from components.figures.charts.presses import grad_figure, held_figure

HELD = Held(8)


def amount(value: float | None) -> Amount | None:
    return None if value is None else Amount((), value, norm=abs(value))


def press(number: int, added: float | None, after: float | None, held: Held = HELD, **more: Any) -> Press:
    made: dict[str, Any] = {"kind": "backward", "state": "done", "retain_graph": True, "create_graph": False}
    return Press(number=number, grads={"x": GradAfter(amount(added), amount(after))}, held=held, **(made | more))


def shown(*made: Press, before: int = 8) -> Presses:
    return Presses({"x": ()}, Held(before), made)


def texts(figure: go.Figure) -> list[list[str]]:
    return [list(trace.text) for trace in figure.data if trace.text is not None]


def heights(figure: go.Figure) -> list[list[float]]:
    return [list(trace.y) for trace in figure.data]


def said(figure: go.Figure) -> str:
    return " ".join(note.text for note in figure.layout.annotations)


def test_each_press_has_a_bar_for_what_it_added_and_one_for_what_grad_came_to() -> None:
    figure = grad_figure(shown(press(1, 12.0, 12.0), press(2, 12.0, 24.0)), "x")
    assert heights(figure) == [[12, 12], [12, 24]]
    assert texts(figure) == [["12", "12"], ["12", "24"]]
    assert list(figure.layout.xaxis.ticktext) == ["1", "2"]


def test_zero_grad_is_there_and_adds_nothing() -> None:
    figure = grad_figure(shown(press(1, 12.0, 12.0), press(2, None, 0.0, kind="zero")), "x")
    assert heights(figure) == [[12, 0], [12, 0]]
    assert texts(figure) == [["12", ""], ["12", "0"]]
    assert list(figure.layout.xaxis.ticktext) == ["1", "zero"]


def test_what_is_no_number_is_a_word() -> None:
    figure = grad_figure(shown(press(1, None, None), press(2, float("nan"), None, state="failed")), "x")
    assert texts(figure)[1] == ["None", "None"]
    broken = Presses(
        {"x": ()},
        Held(8),
        (Press(1, "backward", "done", False, False, {"x": GradAfter(None, Amount((), "nan", nan=1))}, Held(8)),),
    )
    assert texts(grad_figure(broken, "x"))[1] == ["NaN"]


def test_numbers_without_room_are_left_out_but_the_last() -> None:
    many = shown(*(press(number, 12.5, 12.5 * number) for number in range(1, 11)))
    added, after = texts(grad_figure(many, "x"))
    assert added == [""] * 10
    assert after == [""] * 9 + ["125"]
    long = shown(press(1, -6.881, -6.881), press(2, -6.881, -13.76))
    assert texts(grad_figure(long, "x"))[0] == ["", ""]


def test_only_the_latest_of_very_many_are_shown() -> None:
    many = shown(*(press(number, 1.0, float(number)) for number in range(1, 101)))
    assert heights(grad_figure(many, "x"))[1] == [float(number) for number in range(77, 101)]
    assert len(heights(held_figure(many))[0]) == 24


@pytest.mark.parametrize("count", [1, 2, 3])
def test_bars_stay_where_they_are_when_another_comes(count: int) -> None:
    made = shown(*(press(number, 1.0, 1.0) for number in range(1, count + 1)))
    assert grad_figure(made, "x").layout.xaxis.range == pytest.approx((0.45, 3.55))
    assert held_figure(made).layout.xaxis.range == pytest.approx((-0.55, 3.55))


def test_bytes_are_kept_built_and_freed() -> None:
    made = shown(
        press(1, 1.0, 1.0, Held(kept=8, added=4), create_graph=True),
        press(2, 1.0, 2.0, Held(kept=4, freed=8), retain_graph=False),
    )
    figure = held_figure(made)
    assert heights(figure) == [[8, 8, 4], [0, 4, 0], [0, 0, 8]]
    assert texts(figure) == [["8 B", "12 B", "4 B"]]
    hovers = [row[1] for row in figure.data[0].customdata.tolist()]
    assert hovers == ["holds 8 B", "holds 12 B<br>4 B of them built by create_graph", "holds 4 B<br>8 B freed"]


def test_before_anything_was_pressed() -> None:
    assert said(grad_figure(shown(), "x")) == "Press Backward"
    assert said(grad_figure(None, "")) == "Press Backward"
    assert said(grad_figure(Presses(), "")) == "No leaf requires a gradient"
    assert said(held_figure(shown(before=0))) == "The graph holds nothing"
    assert said(held_figure(None)) == ""
    assert texts(held_figure(shown())) == [["8 B"]]


def test_both_charts_have_one_height() -> None:
    figures = [
        grad_figure(None, ""),
        held_figure(None),
        grad_figure(shown(press(1, 1.0, 1.0)), "x"),
        held_figure(shown()),
    ]
    assert len({figure.layout.height for figure in figures}) == 1
