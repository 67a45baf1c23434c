"""What the tables of derivatives share: whether two numbers for the same thing agree, and formulas in a cell."""

from __future__ import annotations

from ...trace import Formula, Number

# What rounding, and the step of a difference, may cost: relative to the larger of the two, and near zero.
_RELATIVE = {"float64": 1e-6, "float32": 1e-3}
_ABSOLUTE = {"float64": 1e-7, "float32": 1e-5}
_COARSE = 3e-2


def agree(first: Number, second: Number | None, dtype: str) -> bool | None:
    """Whether they are the same up to the precision of ``dtype``; ``None`` where one is missing."""
    if second is None:
        return None
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    relative = _RELATIVE.get(dtype, _COARSE) * max(abs(first), abs(second))
    return abs(first - second) <= relative + _ABSOLUTE.get(dtype, _COARSE)


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
