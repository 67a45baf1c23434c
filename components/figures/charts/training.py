"""Draws a recorded training over its steps: the loss, and by layer the size of gradients, updates and weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.training import Quantity, Training
from . import style
from .style import escaped

TITLES: dict[Quantity, str] = {
    "gradients": "‖ gradient ‖",
    "ratios": "‖ update ‖ / ‖ weight ‖",
    "weights": "‖ weight ‖",
}
_LOSS_HEIGHT = 190
_ROW, _AROUND = 17, 96
_LONGEST, _WHOLE = 26, 80
# From little to much, readable on light and dark ground.
_MUCH = [(0.0, "rgba(47, 120, 196, 0.75)"), (0.5, "rgba(134, 141, 153, 0.25)"), (1.0, "rgba(224, 123, 57, 0.85)")]


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
    rows = [(layer.name, training.row(layer, quantity)) for layer in training.layers]
    logs = [[math.log10(value) if value else None for value in row] for _, row in rows]
    sizes = [value for row in logs for value in row if value is not None]
    if not sizes:
        return style.empty(f"No {TITLES[quantity]} is known of these steps.", _LOSS_HEIGHT)
    low, high = math.floor(min(sizes)), math.ceil(max(sizes))
    ticks = list(range(low, high + 1, max(1, -(-(high - low) // 5))))
    names = [escaped(name, _WHOLE) for name, _ in rows]
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": list(training.steps),
        "y": names,
        "z": logs,
        "customdata": [[None if value is None else float(f"{value:.4g}") for value in row] for _, row in rows],
        "hovertemplate": "<b>%{y}</b><br>step %{x:,}: %{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorscale": _MUCH,
        "zmin": low,
        "zmax": max(high, low + 1),
        "colorbar": {
            "thickness": 10,
            "tickvals": ticks,
            "ticktext": [f"1e{tick}" if abs(tick) > 2 else f"{10.0**tick:g}" for tick in ticks],
            "outlinewidth": 0,
        },
    }
    marks: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": list(training.kept),
        "y": [1.0] * len(training.kept),
        "yaxis": "y2",
        "customdata": [[step] for step in training.kept],
        "marker": _marks(list(training.kept), shown) | {"symbol": "triangle-down"},
        "hovertemplate": "step %{x:,}: its graph is here<extra></extra>",
        "cliponaxis": False,
    }
    return style.panels(
        [cells, marks],
        len(rows) * _ROW + _AROUND,
        style.HEADED,
        xaxis=style.quiet_axis(title=style.axis_title("step")),
        yaxis=style.quiet_axis(
            type="category",
            autorange="reversed",
            tickvals=names,
            ticktext=[escaped(name, _LONGEST) for name, _ in rows],
        ),
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        annotations=[style.heading(TITLES[quantity])],
    )


def _points(points: Sequence[tuple[int, float | None]]) -> dict[str, Any]:
    return {
        "x": [step for step, _ in points],
        "y": [value for _, value in points],
        "customdata": [[step] for step, _ in points],
    }


def _marks(steps: list[int], shown: int) -> dict[str, Any]:
    colours = [style.NOW if step == shown else style.COLOURS[0] for step in steps]
    return {"color": colours, "size": [12 if step == shown else 8 for step in steps]}
