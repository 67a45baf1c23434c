"""A function of two numbers: surface and contours, the gradient as arrows, and a descent on both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.text import number_text, plain_in_markdown
from ...trace import Number, SurfaceAnswer
from ..charts.style import NOW, charted, quiet_axis

_TOWERING = 6.0
_FARTHEST = 1e3
_LONGEST_ARROW = 0.8
_HEAD = 0.32


@dataclass(frozen=True)
class SurfaceInfo:
    """What is drawn: heights by row of ``y`` and column of ``x``, arrows as pairs of ends, the path as ``(x, y, f)``.

    Arrows show the direction of the gradient; their length grows with the root of its size: small ones are seen too.
    """

    name: str
    names: tuple[str, str]
    x: list[float]
    y: list[float]
    heights: list[list[float | None]]
    arrows: list[tuple[tuple[float, float], tuple[float, float]]]
    path: list[tuple[float, float, float]]


def surface_info(answer: SurfaceAnswer) -> SurfaceInfo:
    """Return what is drawn; the path is cut where it is a thousand rectangles away."""
    x, y = [float(one) for one in answer.x], [float(one) for one in answer.y]
    path = [(float(a), float(b), float(c)) for a, b, c in answer.path]
    for place, step in enumerate(path):
        if any(abs(at - axis[0]) > _FARTHEST * (axis[-1] - axis[0]) for at, axis in zip(step, (x, y), strict=False)):
            path = path[:place]  # Plotly draws lines to such places in the wrong direction
            break
    return SurfaceInfo(
        answer.function.name,
        answer.names,
        x,
        y,
        [[_finite(one) for one in row] for row in answer.values],
        _arrows(answer, x, y),
        path,
    )


def _finite(value: Number | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _arrows(
    answer: SurfaceAnswer, x: list[float], y: list[float]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Scale in units of the rectangle, so that an arrow points as the contours on the screen say."""
    width, height = x[-1] - x[0], y[-1] - y[0]
    across = max(2.0, math.sqrt(len(answer.arrows))) - 1
    found = []
    for one in answer.arrows:
        if all(isinstance(part, int | float) for part in one):
            a, b, da, db = (float(part) for part in one)
            found.append((a, b, da * width, db * height))
    largest = max((math.hypot(da, db) for _, _, da, db in found), default=0.0)
    arrows = []
    for a, b, da, db in found:
        size = math.hypot(da, db)
        if size > 1e-9 * largest and largest > 0:
            length = _LONGEST_ARROW / across * math.sqrt(size / largest)
            arrows.append(((a, b), (a + da / size * length * width, b + db / size * length * height)))
    return arrows


def surface_figure(info: SurfaceInfo) -> go.Figure:
    """Draw the surface on the left and its contours from above on the right.

    Colours and contours follow the logarithm of the height above the lowest where a few heights tower over the rest.
    """
    colours = _colours(info.heights)
    hover = f"{info.names[0]} = %{{x:.4g}}<br>{info.names[1]} = %{{y:.4g}}<br>{info.name} = <b>%{{customdata}}</b>"
    shared: dict[str, Any] = {
        "x": info.x,
        "y": info.y,
        "colorscale": "Viridis",
        "showscale": False,
        "customdata": np.array(info.heights, float),
        "hovertemplate": f"{hover}<extra></extra>",
    }
    heights, bent = np.array(info.heights, float), np.array(colours, float)
    solid = shared | {"type": "surface", "z": heights, "surfacecolor": bent, "scene": "scene"}
    flat = shared | {"type": "contour", "z": bent, "ncontours": 24, "line": {"width": 0.6}}
    axes = {
        f"{letter}axis": {"title": {"text": name}, "tickfont": {"size": 11}, "nticks": 5}
        for letter, name in zip("xyz", (*info.names, info.name), strict=True)
    }
    camera = {"eye": {"x": 1.7, "y": -1.7, "z": 1.0}}
    return charted(
        [solid, flat, *_arrow_traces(info), *_path_traces(info)],
        520,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        showlegend=False,
        scene={"domain": {"x": [0, 0.48], "y": [0, 1]}, "aspectmode": "cube", "camera": camera, **axes},
        xaxis=quiet_axis(domain=[0.54, 1], title={"text": info.names[0]}, range=[info.x[0], info.x[-1]]),
        yaxis=quiet_axis(title={"text": info.names[1]}, range=[info.y[0], info.y[-1]]),
    )


def _colours(heights: list[list[float | None]]) -> list[list[float | None]]:
    known = sorted(one for row in heights for one in row if one is not None)
    if not known:
        return heights
    low, middle, high = known[0], known[len(known) // 2], known[-1]
    if high - low <= _TOWERING * (middle - low) or high == low:
        return heights
    unit = max((middle - low) / 10, (high - low) * 1e-6)
    return [[None if one is None else math.log1p((one - low) / unit) for one in row] for row in heights]


def _arrow_traces(info: SurfaceInfo) -> list[dict[str, Any]]:
    """Each arrow is a stroke and two strokes of its head, all in one line with gaps."""
    width, height = info.x[-1] - info.x[0], info.y[-1] - info.y[0]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for (a, b), (c, d) in info.arrows:
        back, side = ((a - c) / width * _HEAD, (b - d) / height * _HEAD), _HEAD * 0.55
        ends = [
            (c + (back[0] + turn * side * back[1]) * width, d + (back[1] - turn * side * back[0]) * height)
            for turn in (1.8, -1.8)
        ]
        xs += [a, c, None, ends[0][0], c, ends[1][0], None]
        ys += [b, d, None, ends[0][1], d, ends[1][1], None]
    line = {"color": "#ffffff", "width": 1.6}
    return [{"type": "scatter", "mode": "lines", "x": xs, "y": ys, "line": line, "hoverinfo": "skip"}] if xs else []


def _path_traces(info: SurfaceInfo) -> list[dict[str, Any]]:
    """The descent on the contours, and on the surface as far as that goes."""
    if not info.path:
        return []
    x, y, z = ([step[place] for step in info.path] for place in range(3))
    marks = {"size": [12, *[6] * (len(x) - 1)], "color": NOW, "line": {"color": "#ffffff", "width": 1}}
    hover = f"step %{{customdata[0]}}<br>{info.names[0]} = %{{x:.6g}}<br>{info.names[1]} = %{{y:.6g}}"
    hover += f"<br>{info.name} = <b>%{{customdata[1]:.9g}}</b><extra></extra>"
    flat = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "line": {"color": NOW, "width": 2.5},
        "marker": marks,
        "customdata": [[step, height] for step, height in enumerate(z)],
        "hovertemplate": hover,
    }
    inside = [step for step in info.path if _within(info, step)]
    solid = {
        "type": "scatter3d",
        "mode": "lines+markers",
        "x": [step[0] for step in inside],
        "y": [step[1] for step in inside],
        "z": [step[2] for step in inside],
        "line": {"color": NOW, "width": 4},
        "marker": {"size": 3.5, "color": NOW},
        "hoverinfo": "skip",
    }
    return [flat, solid] if inside else [flat]


def _within(info: SurfaceInfo, step: tuple[float, float, float]) -> bool:
    return info.x[0] <= step[0] <= info.x[-1] and info.y[0] <= step[1] <= info.y[-1]


def descent_words(answer: SurfaceAnswer, rate: float) -> str:
    """Say where the descent began and came to."""
    if not answer.path:
        return "There is no descent from here."
    (a, b, first), (c, d, last) = answer.path[0], answer.path[-1]
    steps = len(answer.path) - 1
    name, start, end = plain_in_markdown(answer.function.name), number_text(first), number_text(last)
    words = (
        f"From ({number_text(a)}, {number_text(b)}), where {name} = {start}, {steps} steps of rate {number_text(rate)} "
    )
    words += f"lead to ({number_text(c)}, {number_text(d)}), where it is **{end}**."
    if isinstance(first, float) and isinstance(last, float) and last > first:
        words += " It rose: the rate is too large here."
    return words
