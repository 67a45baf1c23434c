"""The charts of a recorded training say what the facts say."""

from __future__ import annotations

import math

from components.facts.training import Layer, Training
from components.figures.charts.training import layers_figure, loss_figure

TOLD = Training(
    steps=(0, 10, 20),
    losses=(1_000.0, None, 1.0),
    layers=(
        Layer("net.<b>", (1.0, 100.0, None), (1.0, 1.0, 1.0), (None, 0.001, 0.01), None),
        Layer("scale", (0.0, 0.01, 0.1), (2.0, 2.0, 2.0), (0.1, 0.1, 0.1), None),
    ),
    kept=(0, 20),
    recorded=3,
    left_out=0,
)


def test_the_loss_is_logarithmic_where_it_falls_far_and_steps_with_a_graph_are_marked() -> None:
    line, marks = loss_figure(TOLD, 20).data
    assert list(line.x) == [0, 10, 20]
    assert math.isnan(line.y[1])
    assert [list(one) for one in marks.customdata] == [[0], [20]]
    assert list(marks.marker.size) == [8, 12]  # the one that is shown is larger
    assert loss_figure(TOLD, 20).layout.yaxis.type == "log"
    assert "logarithmic" in loss_figure(TOLD, 20).layout.annotations[0].text


def test_layers_are_coloured_by_powers_of_ten() -> None:
    figure = layers_figure(TOLD, "gradients", 0)
    cells, marks = figure.data
    # log10 of 1, 100, 0.01, 0.1; zero has no logarithm
    assert [list(row) for row in cells.z] == [[0.0, 2.0, None], [None, -2.0, -1.0]]
    assert (cells.zmin, cells.zmax) == (-2, 2)
    assert list(cells.y) == ["net.&lt;b&gt;", "scale"]
    assert list(marks.x) == [0, 20]


def test_what_is_not_known_is_said() -> None:
    nothing = Training((0,), (None,), (Layer("w", (None,), (None,), (None,), None),), (0,), 1, 0)
    assert "no loss is known" in loss_figure(nothing, 0).layout.annotations[0].text
    assert "is known of these steps" in layers_figure(nothing, "ratios", 0).layout.annotations[0].text
