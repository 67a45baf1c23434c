"""f, f' and f'' of one number, with the tangent at the point."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from ...trace import CurveAnswer, Number
from ..charts.style import COLOURS, FAINT, GREY, NOW, SIZE, charted, quiet_axis

_TANGENT_REACH = 0.18
_DASHES = ("solid", "dash", "dot")
_LINE: dict[str, Any] = {"type": "scatter", "mode": "lines"}


@dataclass(frozen=True)
class CurveInfo:
    """Three lines over ``x``, gaps as ``None``; the point, f and f' there, and the two ends of the tangent."""

    name: str
    variable: str
    x: list[float]
    lines: list[list[float | None]]
    at: float
    value: float | None
    slope: float | None
    tangent: list[tuple[float, float]]


def curve_info(answer: CurveAnswer, at: float | None = None) -> CurveInfo:
    """Return what is drawn. ``at`` moves the point to the nearest place that was computed."""
    places = [float(one) for one in answer.x[:-1]]
    lines = [[_finite(one) for one in line] for line in answer.values]
    which = len(places) if at is None else _nearest(places, at)
    point = float(answer.x[which])
    value, slope = lines[0][which], lines[1][which]
    tangent = []
    if value is not None and slope is not None and places:
        reach = _TANGENT_REACH * (places[-1] - places[0])
        tangent = [(point + step, value + slope * step) for step in (-reach, reach)]
    chosen = next(one.name for one in answer.function.inputs if one.chosen)
    return CurveInfo(answer.function.name, chosen, places, [line[:-1] for line in lines], point, value, slope, tangent)


def _nearest(places: list[float], at: float) -> int:
    right = min(bisect_left(places, at), len(places) - 1)
    left = max(right - 1, 0)
    return left if abs(places[left] - at) <= abs(places[right] - at) else right


def _finite(value: Number | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def curve_figure(info: CurveInfo) -> go.Figure:
    """Draw the lines, the point and its tangent; the legend switches lines off."""
    data: list[dict[str, Any]] = []
    for order, line in enumerate(info.lines):
        name = info.name + "′" * order
        stroke = {"color": COLOURS[order], "width": 2.5 if order else 3.5, "dash": _DASHES[order], "simplify": False}
        hover = f"{info.variable} = %{{x:.6g}}<br>{name} = <b>%{{y:.9g}}</b><extra></extra>"
        data.append(_LINE | {"x": info.x, "y": line, "name": name, "line": stroke, "hovertemplate": hover})
    if info.tangent:
        x, y = ([end[place] for end in info.tangent] for place in (0, 1))
        data.append(_LINE | {"x": x, "y": y, "name": "tangent", "line": {"color": NOW, "width": 2.5}})
        data[-1]["hoverinfo"] = "skip"
    if info.value is not None:
        hover = f"{info.variable} = %{{x:.6g}}<br>{info.name} = <b>%{{y:.9g}}</b><extra></extra>"
        point = {"type": "scatter", "x": [info.at], "y": [info.value], "mode": "markers", "showlegend": False}
        data.append(point | {"marker": {"color": NOW, "size": 12}, "hovertemplate": hover})
    grid = {"showgrid": True, "zeroline": True, "gridcolor": FAINT, "zerolinecolor": GREY}
    return charted(
        data,
        460,
        xaxis=quiet_axis(title={"text": info.variable, "font": {"size": SIZE}}, **grid),
        yaxis=quiet_axis(**grid),
        legend={"orientation": "h", "y": 1.08, "x": 0, "font": {"size": SIZE}},
    )
