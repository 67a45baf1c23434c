"""Answers about derivatives: whether numbers agree, what a matrix or a descent is like, what charts of them show."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from ..trace import ChecksAnswer, CurveAnswer, DerivativeAnswer, Number, Spectrum, SurfaceAnswer
from .numbers import finite
from .text import number_text, plain_in_markdown

# What rounding, and the step of a difference, may cost: relative to the larger of the two, and near zero.
_RELATIVE = {"float64": 1e-6, "float32": 1e-3}
_ABSOLUTE = {"float64": 1e-7, "float32": 1e-5}
_COARSE = 3e-2
_DIGITS = 7
_TANGENT_REACH = 0.18
_MOST_WRITTEN = 150
_NEGLIGIBLE = 1e-6
_FARTHEST = 1e3
_LONGEST_ARROW = 0.8


def agree(first: Number, second: Number | None, dtype: str) -> bool | None:
    """Whether they are the same up to the precision of ``dtype``; ``None`` where one is missing."""
    if second is None:
        return None
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    relative = _RELATIVE.get(dtype, _COARSE) * max(abs(first), abs(second))
    return abs(first - second) <= relative + _ABSOLUTE.get(dtype, _COARSE)


# --- a derivative beside two others


@dataclass(frozen=True)
class CheckWords:
    """The verdict in a sentence, whether it is good, and what else there is to say."""

    good: bool | None
    verdict: str
    more: list[str]


def check_words(answer: ChecksAnswer) -> CheckWords:
    """Say what the checks found."""
    if answer.problem is not None:
        return CheckWords(None, "It could not be checked.", [plain_in_markdown(answer.problem)])
    more = []
    if answer.gradgradcheck is not None:
        word = "passes" if answer.gradgradcheck else "fails"
        more.append(
            f"The second derivative {word} too (`gradgradcheck`)."
            if answer.gradcheck == answer.gradgradcheck
            else f"The second derivative {word} (`gradgradcheck`)."
        )
    if answer.symbolic_agrees is not None:
        more.append(
            "SymPy's derivative gives the same numbers."
            if answer.symbolic_agrees
            else "SymPy's derivative of the forward formula gives other numbers: look at the rows marked ✗."
        )
    elif answer.no_formula is not None:
        more.append(f"No formula from SymPy: {plain_in_markdown(answer.no_formula)}")
    more += [plain_in_markdown(note) for note in answer.notes]
    worst = answer.worst
    if not answer.gradcheck and worst is not None and isinstance(worst.finite, str):
        verdict = f"Finite differences have no number here ({worst.finite}; autograd says {worst.autograd})."
        return CheckWords(None, f"{verdict} The point is at an edge of the function's domain, or outside.", more)
    if answer.gradcheck is None:
        return CheckWords(
            None, f"`gradcheck` could not run: {plain_in_markdown(answer.message or 'no reason given')}", more
        )
    if answer.gradcheck:
        return CheckWords(
            True, f"`gradcheck` passes: every entry agrees with finite differences. {_worst(answer)}", more
        )
    return CheckWords(False, f"`gradcheck` fails. {_worst(answer)}", more)


def _worst(answer: ChecksAnswer) -> str:
    worst = answer.worst
    if worst is None or answer.off is None:
        return ""
    place = entry_label(answer, worst.row, worst.column)
    text = f"The worst entry is {plain_in_markdown(place)}: autograd says {number_text(worst.autograd, _DIGITS)}, "
    text += f"finite differences {number_text(worst.finite, _DIGITS)}"
    if isinstance(answer.off, float) and answer.off > 1:
        return f"{text}, {number_text(answer.off, 3)} times the tolerance."
    return f"{text}."


def entry_label(answer: ChecksAnswer, row: int, column: int) -> str:
    """``∂f/∂x[0]``."""
    return f"∂{answer.rows[row]}/∂{answer.columns[column]}"


# --- a curve


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
    lines = [[finite(one) for one in line] for line in answer.values]
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


# --- a matrix


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


# --- a surface


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
        [[finite(one) for one in row] for row in answer.values],
        _arrows(answer, x, y),
        path,
    )


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
