"""What is drawn: the numbers, the marks, what a click and a hover tell; and that nothing breaks a figure."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from msgspec.structs import replace

from components.figures.charts.gradient_calls import norm_figure, scalar_figure
from components.figures.charts.gradient_cells import matrix_figure, vector_figure
from components.figures.charts.style import diverging, with_ink
from components.trace import Gradient, Grid
from tests.facts.gradients.made import by_backward, by_line, history_of
from tests.figures.charts.drawn import custom


def traces(figure: go.Figure, panel: str, mode: str | None = None) -> list[Any]:
    """The traces of a figure that stand on an x axis; those of a mode alone, if one is asked for."""
    found = [trace for trace in figure.data if trace.xaxis == panel]
    return [trace for trace in found if mode is None or (trace.type == "scatter" and trace.mode == mode)]


SCALARS = history_of(
    by_backward("x", 12.0, 12.0),
    by_backward("w", -8.0, -8.0),
    by_backward("x", 12.0, 24.0, "b1"),
    by_line("x", "zero", 0.0),
    by_line("w", "none", None, line=6),
)


# --- one element


def test_bars_of_what_was_added_beside_what_it_came_to() -> None:
    figure = scalar_figure(SCALARS)
    added, after = traces(figure, "x"), traces(figure, "x2")
    assert [(bar.name, list(bar.x), list(bar.y), list(bar.text)) for bar in added] == [
        ("x", [1, 2], [12, 12], ["12", "12"]),
        ("w", [1], [-8], ["-8"]),
    ]
    assert [(bar.name, list(bar.x), list(bar.y), list(bar.text)) for bar in after] == [
        ("x", [1, 2, 3, 4], [12, 24, 0, 0], ["12", "24", "0", "0"]),
        ("w", [1, 2, 3, 4], [-8, -8, -8, 0], ["-8", "-8", "-8", "None"]),
    ]
    # What is carried forward is paler.
    assert [list(bar.marker.opacity) for bar in after] == [[1, 1, 1, 0.45], [1, 0.45, 0.45, 1]]
    assert figure.layout.xaxis2.matches == "x"
    assert [bar.yaxis for bar in figure.data] == [None] * 4


def test_a_click_gives_the_call_and_a_hover_the_exact_number() -> None:
    figure = scalar_figure(history_of(by_backward("x", 0.30000001192092896, 0.30000001192092896)))
    (row,) = custom(figure.data[0])
    assert row == [1, "0.30000001192092896", "<b>1 backward</b> · backward() in line 3<br><i>y.backward()</i>"]
    assert "x: added %{customdata[1]}" in figure.data[0].hovertemplate


def test_labels_of_calls_stand_below_both_panels_where_they_are_few() -> None:
    axis = scalar_figure(SCALARS).layout.xaxis
    assert list(axis.ticktext) == ["1<br>backward", "2<br>backward", "3<br>zero", "4<br>None"]
    many = scalar_figure(history_of(*(by_backward("x", 1.0, 1.0, f"b{run}") for run in range(300)))).layout
    assert list(many.xaxis.ticktext) == ["1", "50", "100", "150", "200", "250", "300"]
    assert many.xaxis.title.text == "call"


def test_many_calls_are_lines_that_carry_grad_forward() -> None:
    changes = [by_backward("x", 1.0, float(run), f"b{run}") for run in range(1, 101)]
    figure = scalar_figure(history_of(*changes, by_line("x", "zero", 0.0), by_line("x", "none", None, line=6)))
    added, after, gone = figure.data
    assert (added.mode, list(added.x)) == ("lines+markers", list(range(1, 101)))
    assert list(after.y)[:5:3] == [1.0, 2.0]
    assert (list(gone.x), custom(gone)[0][1]) == ([102], "x.grad")
    assert figure.layout.yaxis.ticktext[0] == "None"


def test_one_leaf_has_its_name_above_the_titles() -> None:
    for leaves, expected in (("x", ["<b>x</b>"]), ("xw", [])):
        history = history_of(*(by_backward(name, 1.0, 1.0) for name in leaves))
        for figure, title in ((scalar_figure(history), "added by each call"), (norm_figure(history), "‖ added")):
            titles = [note.text for note in figure.layout.annotations]
            assert titles[0].startswith(title)
            assert titles[2:] == expected


def test_what_is_no_number_is_a_word() -> None:
    figure = scalar_figure(history_of(by_backward("x", "nan", "nan"), by_backward("w", "-inf", "-inf")))
    assert [list(bar.text) for bar in traces(figure, "x2")] == [["NaN"], ["inf"]]
    assert [row[1] for bar in traces(figure, "x2") for row in custom(bar)] == ["nan", "-inf"]


# --- vectors and matrices


def heat(figure: go.Figure, panel: str) -> Any:
    return next(trace for trace in traces(figure, panel) if trace.type == "heatmap")


VECTOR = history_of(
    by_backward("v", [1.0, -4.0], [1.0, -4.0]),
    by_backward("v", [1.0, "nan"], [2.0, "nan"], "b1"),
    by_line("v", "none", None),
)


def test_a_vector_is_a_column_for_each_call() -> None:
    figure = vector_figure(VECTOR.leaves[0])
    added, after = heat(figure, "x"), heat(figure, "x2")
    assert [list(row) for row in added.z] == [[1.0, 1.0, None], [-4.0, None, None]]
    assert [list(row) for row in after.z] == [[1.0, 2.0, None], [-4.0, None, None]]
    # One scale for both, centred at zero.
    assert {(one.zmin, one.zmax) for one in (added, after)} == {(-4.0, 4.0)}
    (mark,) = [trace for trace in traces(figure, "x2", "text") if trace.customdata is not None]
    assert (list(mark.x), list(mark.text)) == ([3], ["None"])
    (numbers,) = traces(figure, "x", "text")
    assert list(numbers.text) == ["1", "1", "-4", "nan"]


def test_cells_of_a_vector_can_be_clicked() -> None:
    figure = vector_figure(VECTOR.leaves[0])
    (points,) = traces(figure, "x", "markers")
    assert (list(points.x), list(points.y)) == ([1, 2, 1, 2], [0, 0, 1, 1])
    assert [row[:2] for row in custom(points)] == [[1, "0"], [2, "0"], [1, "1"], [2, "1"]]
    assert list(points.text) == ["1.0", "1.0", "-4.0", "nan"]
    assert points.marker.opacity == points.unselected.marker.opacity == 0


def test_a_scale_lets_the_ground_through_at_zero() -> None:
    assert [place for place, _ in diverging()] == sorted(place for place, _ in diverging())
    assert dict(diverging())[0.5] == "rgba(134, 141, 153, 0.12)"


def large(*shape: int) -> Gradient:
    rows = 1 if len(shape) == 1 else 10
    return Gradient(
        shape=list(shape), values=None, summary=None, grid=Grid(largest=2.0, cells=[[1000, -500] * 5] * rows)
    )


def test_a_large_matrix_is_means_of_blocks_and_says_so() -> None:
    change = replace(by_backward("m", None, None), added=large(130, 100), total=large(130, 100))
    figure = matrix_figure(history_of(change).leaves[0], 1)
    assert figure.layout.annotations[0].text == "<b>m</b> (130, 100) · 1 backward · means of blocks of 13 × 10"
    assert list(heat(figure, "x").z[0]) == [2.0, -1.0] * 5
    assert list(figure.layout.yaxis.ticktext)[:2] == ["0–12", "13–25"]
    assert custom(heat(figure, "x"))[0] == [1, "[0–12, 0–9]"]


def test_a_large_vector_is_means_of_blocks_even_where_its_numbers_were_recorded() -> None:
    known = Gradient(shape=[20], values=[1.0] * 20, summary=None)
    changes = (
        replace(by_backward("v", None, None), added=known, total=known),
        replace(by_backward("v", None, None, "b1"), added=large(20), total=large(20)),
    )
    figure = vector_figure(history_of(*changes).leaves[0])
    assert figure.layout.annotations[0].text == "<b>v</b> (20) · means of blocks of 2 elements"
    assert [list(row) for row in heat(figure, "x").z][:2] == [[1.0, 2.0], [1.0, -1.0]]


def test_a_matrix_of_few_cells_shows_its_numbers_and_their_places() -> None:
    values = [[1.0, -2.0], [0.0, 0.5]]
    figure = matrix_figure(
        history_of(replace(by_backward("m", None, None), added=two(values), total=two(values))).leaves[0], 1
    )
    (numbers,) = traces(figure, "x2", "text")
    assert list(numbers.text) == ["1", "-2", "0", "0.5"]
    assert [row[1] for row in custom(heat(figure, "x2"))] == ["[0, 0]", "[0, 1]", "[1, 0]", "[1, 1]"]


def two(values: list[list[Any]]) -> Gradient:
    return Gradient(shape=[len(values), len(values[0])], values=values, summary=None)


def test_a_matrix_that_a_call_did_not_add_to_or_that_is_none() -> None:
    values = two([[1.0], [2.0]])
    history = history_of(
        replace(by_backward("m", None, None), added=values, total=values),
        replace(by_line("m", "assigned", None), total=values),
        by_line("m", "none", None, line=6),
    )
    (leaf,) = history.leaves
    assert "nothing added" in [note.text for note in matrix_figure(leaf, 2).layout.annotations]
    (note,) = matrix_figure(leaf, 3).layout.annotations
    assert note.text.endswith("m.grad is None")
    assert not matrix_figure(leaf, 9).data


# --- norms


def test_norms_on_a_logarithm_with_a_row_for_zeros() -> None:
    figure = norm_figure(
        history_of(by_backward("a", [3.0, 4.0], [3.0, 4.0]), by_backward("b", [1e-4, 0.0], [0.0, 0.0]))
    )
    assert figure.layout.yaxis.type == "log"
    assert [list(trace.y) for trace in traces(figure, "x")] == [[5.0], [1e-4]]
    zero = next(trace for trace in traces(figure, "x2") if trace.name == "b").y[0]
    assert 0 < zero < 1e-4
    assert figure.layout.yaxis.ticktext[0] == "0"


def test_one_leaf_stands_out() -> None:
    history = history_of(*(by_backward(f"w{place}", 1.0, 1.0) for place in range(12)))
    figure = norm_figure(history, highlight="t-w3")
    assert [trace.name for trace in figure.data if trace.opacity == 1] == ["w3", "w3"]
    assert figure.data[-1].name == "w3"


def test_very_many_leaves_are_cut_and_it_is_said() -> None:
    history = history_of(*(by_backward(f"w{place}", 1.0, 1.0) for place in range(150)))
    figure = norm_figure(history, highlight="t-w140")
    assert "101 of 150 leaves" in [note.text for note in figure.layout.annotations]
    assert figure.data[-1].name == "w140"


def test_a_page_can_have_stronger_letters() -> None:
    figure = scalar_figure(SCALARS)
    inked = with_ink(figure, "#123456")
    assert (inked.layout.font.color, inked.layout.yaxis.tickfont.color) == ("#123456", "#123456")
    assert inked.layout.xaxis2.tickfont.size == 13


def test_letters_get_the_colour_that_plotlys_own_calls_would_give() -> None:
    figures = [
        scalar_figure(SCALARS),
        norm_figure(history_of(by_backward("w", 1.0, 1.0))),
        go.Figure(layout={"xaxis": {"title": "plain"}, "yaxis3": {"title": {"text": "a", "font": {"size": 9}}}}),
        go.Figure([go.Surface(z=[[1.0, 2.0]])], layout={"legend": {"x": 1}, "hoverlabel": {"align": "left"}}),
    ]
    for figure in figures:
        font = {"font": {"color": "#123456"}}
        hover = {"font": {"color": "#ffffff"}, "bgcolor": "#232b3a", "bordercolor": "#868d99"}
        plotlys = go.Figure(figure).update_layout(font_color="#123456", hoverlabel=hover, legend=font)
        plotlys.update_xaxes(tickfont_color="#123456", title=font)
        plotlys.update_yaxes(tickfont_color="#123456", title=font)
        assert with_ink(figure, "#123456").layout.to_plotly_json() == plotlys.layout.to_plotly_json()
