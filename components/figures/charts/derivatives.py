"""Draws answers about derivatives: curves, matrices, surfaces, and tables in Markdown of numbers beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ...facts.derivatives import CurveInfo, MatrixInfo, SurfaceInfo, agree, entry_label
from ...facts.text import number_text, plural
from ...trace import ChecksAnswer, Formula, NthDerivative, NthDerivativesAnswer, Number
from .style import COLOURS, FAINT, GREY, NOW, SIZE, charted, diverging, quiet_axis

_DASHES = ("solid", "dash", "dot")
_LINE: dict[str, Any] = {"type": "scatter", "mode": "lines"}
_MOST_LABELS = 24
_TOWERING = 6.0
_HEAD = 0.32
_DIGITS = 7


# --- a curve


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


# --- a matrix


def matrix_figure(info: MatrixInfo) -> go.Figure:
    """Draw the matrix; hover gives the labels and the number in full."""
    down, across = len(info.rows), len(info.columns)
    # NaN has no colour: a number that is infinite or none leaves its cell blank.
    heights = np.array([[math.nan if isinstance(one, str) else one for one in row] for row in info.numbers], float)
    height = min(620, 110 + 46 * down) if down <= 12 else 620
    cells = {
        "type": "heatmap",
        "z": heights,
        "x": info.columns,
        "y": info.rows,
        "text": info.texts,
        "texttemplate": "%{text}" if info.texts is not None else None,
        "hovertemplate": "%{y} by %{x}<br><b>%{z:.9g}</b><extra></extra>",
        "colorscale": diverging(),
        "zmin": -info.bound,
        "zmax": info.bound,
        "xgap": 1 if across <= 40 else 0,
        "ygap": 1 if down <= 40 else 0,
        "textfont": {"size": SIZE},
        "colorbar": {"thickness": 12, "outlinewidth": 0},
    }
    return charted(
        [cells],
        height,
        # A few columns do not fill the page: a cell stays a cell.
        width=150 + 130 * across if across <= 4 else None,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis=_axis(info.columns) | {"side": "top"},
        yaxis=_axis(info.rows) | {"autorange": "reversed"},
    )


def _axis(names: list[str]) -> dict[str, object]:
    every = max(1, math.ceil(len(names) / _MOST_LABELS))
    return quiet_axis(type="category", tickmode="array", tickvals=names[::every], ticktext=names[::every])


# --- a surface


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


# --- tables


def nth_table(answer: NthDerivativesAnswer) -> str:
    """Return f and its derivatives, by order, as a table in Markdown with formulas between dollar signs."""
    dtype = answer.function.output_dtype
    symbolic = any(_symbolic(one) is not None for one in answer.derivatives)
    head = ["", "PyTorch", "finite differences", *(["SymPy", "formula"] if symbolic else []), "its graph adds"]
    rows = []
    for one in answer.derivatives:
        cells = [f"${_symbol(answer, one.order)}$", f"**{number_text(one.value, _DIGITS)}**"]
        cells.append(_beside(one.value, one.finite, dtype) or "–")
        if symbolic:
            formula = formula_cell(one.formula) if one.formula is not None else "–"
            cells += [_beside(one.value, _symbolic(one), dtype) or "–", formula]
        rows.append([*cells, plural(one.nodes, "node")])
    return _table(head, rows)


def nth_words(answer: NthDerivativesAnswer) -> str:
    """Say what the columns are, and what a number that is none or differs may mean."""
    words = "Finite differences: the central difference of the derivative before, in double precision."
    if any(isinstance(one.value, str) for one in answer.derivatives):
        return f"{words} A nan or inf: the point is at the edge of the function's domain, or outside."
    beside = ((one.value, other) for one in answer.derivatives for other in (one.finite, _symbolic(one)))
    if any(agree(value, other, answer.function.output_dtype) is False for value, other in beside):
        return f"{words} ✗: a kink or a jump at this point, or a backward that is wrong; *Checks* says more."
    return words


def _symbolic(derivative: NthDerivative) -> Number | None:
    return derivative.formula.value if derivative.formula is not None else None


def _beside(value: Number, other: Number | None, dtype: str) -> str:
    return "" if other is None else f"{number_text(other, _DIGITS)}{mark(agree(value, other, dtype))}"


def _symbol(answer: NthDerivativesAnswer, order: int) -> str:
    """``f``, ``f'``, ``f^{(4)}``; along a direction ``g``, which is f on a line."""
    letter = "f" if answer.direction is None else "g"
    if order <= 3:
        return letter + "'" * order
    return f"{letter}^{{({order})}}"


def check_rows(answer: ChecksAnswer) -> str:
    """Return the entries as a table in Markdown, the worst first."""
    symbolic = any(one.formula is not None for one in answer.entries)
    head = ["entry", "autograd", "finite differences"] + (["SymPy", "formula"] if symbolic else [])
    lines = []
    for one in answer.entries:
        cells = [f"`{entry_label(answer, one.row, one.column)}`", f"**{number_text(one.autograd, _DIGITS)}**"]
        cells.append(number_text(one.finite, _DIGITS) + _mark_finite(answer, one.autograd, one.finite))
        if symbolic and one.formula is not None:
            cells += [_beside(one.autograd, one.formula.value, "float64"), formula_cell(one.formula)]
        elif symbolic:
            cells += ["–", "–"]
        lines.append(cells)
    return _table(head, lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _mark_finite(answer: ChecksAnswer, first: object, second: object) -> str:
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return mark(first == second)
    return mark(abs(first - second) <= answer.atol + answer.rtol * abs(second))


def mark(agrees: bool | None) -> str:
    """``✓``, ``✗`` or nothing."""
    return {True: " ✓", False: " ✗", None: ""}[agrees]


def formula_cell(formula: Formula) -> str:
    """A formula in a cell of a Markdown table: as mathematics, or as code where that would be too long."""
    if formula.latex is None:
        short = formula.text if len(formula.text) <= 60 else f"{formula.text[:60]} …"
        return f"`{short.replace('|', '∣').replace('`', '')}`"
    # A bar would end the cell.
    return f"${formula.latex.replace('|', chr(92) + 'vert ')}$"
