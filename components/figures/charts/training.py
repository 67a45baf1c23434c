"""Draws a recorded training over its steps: the loss, the size of gradients, updates and weights by layer, and of all
numbers of one layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from ...facts.training import Quantity, Sizes, Training
from . import style
from .style import escaped

_TITLES: dict[Quantity, str] = {
    "gradients": "‖ gradient ‖",
    "ratios": "‖ update ‖ / ‖ weight ‖",
    "weights": "‖ weight ‖",
}
_LOSS_HEIGHT = 190
_ROW, _AROUND, _MARKS = 17, 96, 14
_BIN, _FEWEST_BINS, _MOST_BINS = 8, 14, 48
_LONGEST, _WHOLE = 26, 80
# From little to much, readable on light and dark ground.
_MUCH = [(0.0, "rgba(47, 120, 196, 0.75)"), (0.5, "rgba(134, 141, 153, 0.25)"), (1.0, "rgba(224, 123, 57, 0.85)")]
# Of all numbers of a layer the part that is in a cell; as square roots, since a few in a hundred are to be seen.
_PARTS = [(0.0, "rgba(52, 138, 214, 0.1)"), (1.0, "rgba(52, 138, 214, 1)")]
_PART_TICKS = (0.01, 0.05, 0.2, 0.5, 1.0)


def title_of(quantity: Quantity) -> str:
    """Return what a quantity is called in a chart, safe to draw."""
    return _TITLES.get(quantity) or f"‖ {escaped(quantity.removeprefix('state '), _LONGEST)} ‖"


def loss_figure(training: Training, shown: int) -> go.Figure:
    """Draw the loss of each step; those with a whole trace bear a mark, and ``shown`` the colour of now.

    The entry of a point's ``customdata`` is its step.
    """
    known = [(step, loss) for step, loss in zip(training.steps, training.losses, strict=True) if loss is not None]
    if not known:
        return style.empty("backward() was called on no single number, so no loss is known.", _LOSS_HEIGHT)
    log = min(loss for _, loss in known) > 0 and max(loss for _, loss in known) > 100 * min(loss for _, loss in known)
    kept = set(training.kept)
    marked = [(step, loss) for step, loss in known if step in kept]
    common = {"type": "scatter", "hovertemplate": "step %{x:,}<br>loss %{y:.5g}<extra></extra>", "cliponaxis": False}
    line = common | _points(list(zip(training.steps, training.losses, strict=True)))
    mark = common | _points(marked) | {"mode": "markers", "marker": _marks([step for step, _ in marked], shown)}
    return style.panels(
        [line | {"mode": "lines", "line": {"color": style.COLOURS[0], "width": 1.6}}, mark],
        _LOSS_HEIGHT,
        style.TITLED,
        xaxis=style.axis(title=style.axis_title("step")),
        yaxis=style.axis(type="log", dtick=1) if log else style.axis(),
        annotations=[style.panel_title(f"loss{' (logarithmic)' if log else ''}", 0.0)],
    )


def layers_figure(training: Training, quantity: Quantity, shown: int) -> go.Figure:
    """Draw one row a layer, in the model's order, and one column a step; the colour is the size, by powers of ten.

    A cell without a number is empty. Above stand the steps with a whole trace; the entry of a mark's ``customdata`` is
    its step.
    """
    rows = [(layer.name, layer.rows.get(quantity, ())) for layer in training.layers]
    logs = [[math.log10(value) if value else None for value in row] for _, row in rows]
    sizes = [value for row in logs for value in row if value is not None]
    if not sizes:
        return style.empty(f"No {title_of(quantity)} is known of these steps.", _LOSS_HEIGHT)
    low, high = math.floor(min(sizes)), math.ceil(max(sizes))
    ticks = list(range(low, high + 1, max(1, -(-(high - low) // min(5, len(rows))))))
    names = [escaped(name, _WHOLE) for name, _ in rows]
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": list(training.columns),
        "y": names,
        "z": logs,
        "customdata": [[None if value is None else f"{value:.4g}" for value in row] for _, row in rows],
        "hovertemplate": "<b>%{y}</b><br>step %{x:,}: %{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorscale": _MUCH,
        "zmin": low,
        "zmax": max(high, low + 1),
        "colorbar": {
            "thickness": 10,
            "tickvals": ticks,
            "ticktext": [_power_text(tick) for tick in ticks],
            "outlinewidth": 0,
        },
    }
    return _cells_figure(
        cells,
        len(rows) * _ROW,
        title_of(quantity),
        _kept_marks(training, shown),
        type="category",
        autorange="reversed",
        tickvals=names,
        ticktext=[escaped(name, _LONGEST) for name, _ in rows],
    )


def sizes_figure(training: Training, sizes: Sizes, title: str, shown: int) -> go.Figure:
    """Draw how many numbers of a layer have which size: a row for each power of two, a column a step.

    Zeros have a row below, NaN and infinities rows above, where there are any. ``title`` is safe to draw.
    """
    if not sizes.steps:
        return style.empty("No histogram of this layer was recorded.", _LOSS_HEIGHT)
    rows = _rows_of(sizes)
    named = [row for row in rows if row.text]
    parts = [[_part(count, total) for count, total in zip(row.counts, sizes.total, strict=True)] for row in rows]
    # What is zero or NaN can be all of it, and would leave the rest pale.
    most = max((part for row, of in zip(rows, parts, strict=True) if not row.text for part in of if part), default=1.0)
    above = any(part > most for row in parts for part in row if part is not None)
    ticks = [*(tick for tick in _PART_TICKS if tick < 0.8 * most), most]
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": list(sizes.steps),
        "y": [row.place for row in rows],
        "z": [[None if part is None else math.sqrt(part) for part in row] for row in parts],
        "customdata": [
            [None if part is None else f"{row.says}: {part:.2%}" for part in ofs]
            for row, ofs in zip(rows, parts, strict=True)
        ],
        "hovertemplate": "step %{x:,}<br>%{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorscale": _PARTS,
        "zmin": 0,
        "zmax": math.sqrt(most),
        "colorbar": {
            "thickness": 10,
            "tickvals": [math.sqrt(tick) for tick in ticks],
            "ticktext": [f"{tick:.0%}{' +' if above and tick == most else ''}" for tick in ticks],
            "outlinewidth": 0,
        },
    }
    decades = _decades(sizes)
    return _cells_figure(
        cells,
        min(max(len(rows), _FEWEST_BINS), _MOST_BINS) * _BIN,
        title,
        _kept_marks(training, shown),
        tickvals=[*(tick * math.log2(10) for tick in decades), *(row.place for row in named)],
        ticktext=[*(_power_text(tick) for tick in decades), *(row.text for row in named)],
    )


class _SizesRow(NamedTuple):
    """A row of cells; ``text`` stands beside it, ``says`` is what its numbers are."""

    place: float
    counts: Sequence[int]
    says: str
    text: str = ""


def _rows_of(sizes: Sizes) -> list[_SizesRow]:
    """Return the rows from below; each is one higher than the one before."""
    first, end = (sizes.powers[0], sizes.powers[-1] + 1) if sizes.powers else (0, 0)
    nothing = [0] * len(sizes.steps)
    rows = [
        _SizesRow(power + 0.5, counts, f"{2.0**power:.2g} to {2.0 ** (power + 1):.2g}")
        for power, counts in zip(sizes.powers, sizes.counts, strict=True)
    ]
    if any(sizes.zeros):
        below = [_SizesRow(first - 1.5, sizes.zeros, "zero", "0"), _SizesRow(first - 0.5, nothing, "")]
        rows = below + rows
    above = [(counts, text) for counts, text in ((sizes.inf, "inf"), (sizes.nan, "NaN")) if any(counts)]
    if above:
        rows.append(_SizesRow(end + 0.5, nothing, ""))
    return rows + [_SizesRow(end + 1.5 + place, counts, text, text) for place, (counts, text) in enumerate(above)]


def _decades(sizes: Sizes) -> list[int]:
    """Return the powers of ten that stand at the axis."""
    if not sizes.powers:
        return []
    low, high = (power / math.log2(10) for power in (sizes.powers[0], sizes.powers[-1] + 1))
    ticks = range(math.ceil(low), math.floor(high) + 1)
    return [tick for tick in ticks if tick % max(1, -(-len(ticks) // 7)) == 0]


def _part(count: int, total: int) -> float | None:
    return count / total if count else None


def _power_text(power: int) -> str:
    return f"1e{power}" if abs(power) > 2 else f"{10.0**power:g}"


def _cells_figure(
    cells: Mapping[str, Any], height: int, title: str, marks: Mapping[str, Any], **axis: Any
) -> go.Figure:
    """Draw cells that are so many pixels high, above them marks on an axis of their own, and a title."""
    top = height / (height + _MARKS)
    return style.panels(
        [cells, marks],
        height + _MARKS + _AROUND,
        style.HEADED,
        xaxis=style.quiet_axis(title=style.axis_title("step")),
        yaxis=style.quiet_axis(domain=[0, top], **axis),
        yaxis2={"domain": [top, 1], "range": [0, 1], "visible": False, "fixedrange": True},
        annotations=[style.heading(title)],
    )


def _kept_marks(training: Training, shown: int) -> dict[str, Any]:
    """Return the marks of the steps with a whole trace, on an axis of their own."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(training.kept),
        "y": [0.5] * len(training.kept),
        "yaxis": "y2",
        "customdata": [[step] for step in training.kept],
        "marker": _marks(list(training.kept), shown) | {"symbol": "triangle-down"},
        "hovertemplate": "step %{x:,}: its graph is here<extra></extra>",
        "cliponaxis": False,
    }


def _points(points: Sequence[tuple[int, float | None]]) -> dict[str, Any]:
    return {
        "x": [step for step, _ in points],
        "y": [value for _, value in points],
        "customdata": [[step] for step, _ in points],
    }


def _marks(steps: list[int], shown: int) -> dict[str, Any]:
    colours = [style.NOW if step == shown else style.COLOURS[0] for step in steps]
    return {"color": colours, "size": [12 if step == shown else 8 for step in steps]}
