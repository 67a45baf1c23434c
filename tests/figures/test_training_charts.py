"""The charts of a recorded training say what the facts say."""

from __future__ import annotations

import math
from dataclasses import replace

from components.facts.training import Layer, Sizes, Training
from components.figures.charts.training import layers_figure, loss_figure, sizes_figure

TOLD = Training(
    steps=(0, 10, 20),
    losses=(1_000.0, None, 1.0),
    columns=(0, 10, 20),
    layers=(
        Layer("net.<b>", {"gradients": (1.0, 100.0, None), "state exp_<b>": (None, 0.001, 0.01)}, None),
        Layer("scale", {"gradients": (0.0, 0.01, 0.1), "state exp_<b>": (0.1, 0.1, 0.1)}, None),
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
    assert [list(row) for row in cells.customdata] == [["1", "100", None], ["0", "0.01", "0.1"]]
    assert (cells.zmin, cells.zmax) == (-2, 2)
    assert list(cells.y) == ["net.&lt;b&gt;", "scale"]
    assert list(marks.x) == [0, 20]


def test_what_is_not_known_is_said() -> None:
    nothing = Training((0,), (None,), (0,), (Layer("w", {"ratios": (None,)}, None),), (0,), 1, 0)
    assert "no loss is known" in loss_figure(nothing, 0).layout.annotations[0].text
    assert "is known of these steps" in layers_figure(nothing, "ratios", 0).layout.annotations[0].text


def test_what_an_optimizer_keeps_is_named_as_text() -> None:
    figure = layers_figure(TOLD, "state exp_<b>", 0)
    assert [list(row) for row in figure.data[0].z] == [[None, -3.0, -2.0], [-1.0, -1.0, -1.0]]
    assert figure.layout.annotations[0].text == "‖ exp_&lt;b&gt; ‖"


SIZES = Sizes(
    steps=(0, 10),
    powers=(-4, -3),
    counts=((3, 0), (1, 2)),
    zeros=(0, 4),
    nan=(0, 1),
    inf=(0, 1),
    total=(4, 8),
)


def test_sizes_are_drawn_as_parts_of_the_layer_and_zeros_and_nan_have_rows_of_their_own() -> None:
    figure = sizes_figure(TOLD, SIZES, "gradients of net", 20)
    cells, marks = figure.data
    # zero, nothing, 2**-4, 2**-3, nothing, inf, NaN; the colour is the square root of the part
    assert list(cells.y) == [-5.5, -4.5, -3.5, -2.5, -1.5, -0.5, 0.5]
    half = math.sqrt(0.5)
    assert [list(row) for row in cells.z] == [
        [None, half],  # 4 of 8
        [None, None],
        [math.sqrt(0.75), None],  # 3 of 4
        [0.5, 0.5],  # 1 of 4, 2 of 8
        [None, None],
        [None, math.sqrt(0.125)],
        [None, math.sqrt(0.125)],
    ]
    assert cells.customdata[2][0] == "0.062 to 0.12: 75.00%"
    assert cells.customdata[6][1] == "NaN: 12.50%"
    assert list(marks.x) == [0, 20]
    # of the powers of two at most 3 of 4
    assert cells.zmax == math.sqrt(0.75)
    assert list(cells.colorbar.ticktext) == ["1%", "5%", "20%", "50%", "75%"]
    # 0.1 is at log2(0.1) = -3.32
    assert list(figure.layout.yaxis.ticktext) == ["0.1", "0", "inf", "NaN"]
    assert list(figure.layout.yaxis.tickvals) == [-math.log2(10), -5.5, -0.5, 0.5]


def test_no_histogram_is_said() -> None:
    nothing = Sizes((), (), (), (), (), (), ())
    assert "No histogram" in sizes_figure(TOLD, nothing, "gradients of net", 0).layout.annotations[0].text
    many = replace(SIZES, zeros=(0, 12), total=(4, 16))
    assert list(sizes_figure(TOLD, many, "", 0).data[0].colorbar.ticktext) == ["1%", "5%", "20%", "50%", "75%"]
    most = replace(SIZES, counts=((1, 0), (1, 2)))
    assert list(sizes_figure(TOLD, most, "", 0).data[0].colorbar.ticktext) == ["1%", "5%", "25% +"]
    plain = sizes_figure(TOLD, Sizes((0,), (-4,), ((6,),), (0,), (0,), (0,), (6,)), "", 0)
    assert list(plain.data[0].y) == [-3.5]
    zeros = Sizes((0,), (), (), (6,), (0,), (0,), (6,))
    assert [list(row) for row in sizes_figure(TOLD, zeros, "gradients of net", 0).data[0].z] == [[1.0], [None]]
