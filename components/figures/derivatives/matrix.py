"""A derivative as a labelled heat map, and what a Hessian's eigenvalues mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ...facts.text import number_text
from ...trace import DerivativeAnswer, Number, Spectrum
from ..charts.style import SIZE, charted, diverging, quiet_axis

_MOST_WRITTEN = 150
_MOST_LABELS = 24
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class MatrixInfo:
    """What is drawn: numbers by row and column; ``bound`` is the end of the scale, ``texts`` stand in the cells."""

    rows: list[str]
    columns: list[str]
    numbers: list[list[Number]]
    bound: float
    texts: list[list[str]] | None


def matrix_info(answer: DerivativeAnswer) -> MatrixInfo:
    """Return the matrix with the scale centred at zero; a row for a matrix of inputs takes that matrix's shape."""
    rows, columns, numbers = _shaped(answer)
    sizes = [abs(one) for row in numbers for one in row if not isinstance(one, str)]
    count = len(rows) * len(columns)
    texts = None
    if count <= _MOST_WRITTEN:
        texts = [[number_text(one, 4 if count <= 40 else 3) for one in row] for row in numbers]
    return MatrixInfo(rows, columns, numbers, max(sizes, default=0.0) or 1.0, texts)


def _shaped(answer: DerivativeAnswer) -> tuple[list[str], list[str], list[list[Number]]]:
    chosen = [one for one in answer.function.inputs if one.chosen]
    shape = chosen[0].shape if len(chosen) == 1 else []
    if len(answer.rows) == 1 and len(shape) == 2 and math.prod(shape) == len(answer.columns) and math.prod(shape) > 1:
        height, width = shape
        row = answer.numbers[0] if answer.numbers else []
        return (
            [f"{chosen[0].name}[{i}, ·]" for i in range(height)],
            [f"[·, {j}]" for j in range(width)],
            [row[i * width : (i + 1) * width] for i in range(height)],
        )
    return answer.rows, answer.columns, answer.numbers


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


def spectrum_words(spectrum: Spectrum) -> list[str]:
    """Say what a Hessian is like: symmetric or not, its eigenvalues' signs, and what that makes of the point."""
    values = [float(one) for one in spectrum.eigenvalues]
    largest = max((abs(one) for one in values), default=0.0)
    asymmetry = float(spectrum.asymmetry)
    if asymmetry <= _NEGLIGIBLE * max(1.0, largest):
        words = ["Symmetric, as a Hessian of a twice continuously differentiable function is."]
    else:
        words = [
            f"Not symmetric: the largest |H − Hᵀ| is {number_text(asymmetry)}. Either the second derivatives are not "
            "continuous here, or a hand-written backward is wrong."
        ]
    listed = ", ".join(number_text(one) for one in values[:6])
    words.append(f"Eigenvalues: {listed}{' … ' + number_text(values[-1]) if len(values) > 6 else ''}.")
    return [*words, _definiteness(values, largest)]


def _definiteness(values: list[float], largest: float) -> str:
    zero = _NEGLIGIBLE * largest
    above, below = sum(one > zero for one in values), sum(one < -zero for one in values)
    flat = len(values) - above - below
    if not above and not below:
        return "All are 0: to second order the function is flat here."
    if above and below:
        return (
            f"Indefinite ({above} positive, {below} negative): the function curves up in some directions and down in "
            "others. Where the gradient is 0 this is a saddle point."
        )
    way, kind = ("up", "minimum") if above else ("down", "maximum")
    sign = "positive" if above else "negative"
    if flat:
        return (
            f"{sign.capitalize()} semidefinite: it curves {way} or, in {flat} of {len(values)} directions, not at all."
        )
    return (
        f"{sign.capitalize()} definite: it curves {way} in every direction. Where the gradient is 0 this is a {kind}."
    )
