"""f, f' and f'' of one number, with the tangent at the point."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import plotly.graph_objects as go

from components.figures.chart_style import COLOURS, NOW, styled
from components.trace import CurveAnswer, Number

_TANGENT_REACH = 0.18


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
    figure = go.Figure()
    for order, (line, colour) in enumerate(zip(info.lines, COLOURS, strict=False)):
        name = info.name + "′" * order
        figure.add_scatter(
            x=info.x,
            y=line,
            name=name,
            mode="lines",
            line={
                "color": colour,
                "width": 3 if order == 0 else 2,
                "dash": ("solid", "dash", "dot")[order],
                "simplify": False,
            },
            hovertemplate=f"{info.variable} = %{{x}}<br>{name} = <b>%{{y}}</b><extra></extra>",
        )
    if info.tangent:
        figure.add_scatter(
            x=[x for x, _ in info.tangent],
            y=[y for _, y in info.tangent],
            name="tangent",
            mode="lines",
            line={"color": NOW, "width": 2.5},
            hoverinfo="skip",
        )
    if info.value is not None:
        figure.add_scatter(
            x=[info.at],
            y=[info.value],
            name="point",
            mode="markers",
            marker={"color": NOW, "size": 12},
            hovertemplate=f"{info.variable} = %{{x}}<br>{info.name} = <b>%{{y}}</b><extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(title=info.variable, zeroline=True)
    figure.update_yaxes(zeroline=True)
    return styled(figure, 460, legend={"orientation": "h", "y": 1.08, "x": 0})
