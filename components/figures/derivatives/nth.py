"""The first to n-th derivative as a table: value, two checks, formula, and the nodes that each added."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.text import number_text, plural
from ...trace import NthDerivativesAnswer, Number
from .agreement import agree, formula_cell, mark

_DIGITS = 7


@dataclass(frozen=True)
class NthRow:
    """One derivative in words; an empty text is a number that is not known."""

    symbol: str
    value: str
    finite: str
    symbolic: str
    formula: str
    nodes: str


def nth_rows(answer: NthDerivativesAnswer) -> list[NthRow]:
    """Return f and its derivatives, by order."""
    dtype = answer.function.output_dtype
    rows = []
    for one in answer.derivatives:
        symbolic = one.formula.value if one.formula is not None else None
        rows.append(
            NthRow(
                symbol=_symbol(answer, one.order),
                value=number_text(one.value, _DIGITS),
                finite=_beside(one.value, one.finite, dtype),
                symbolic=_beside(one.value, symbolic, dtype),
                formula=formula_cell(one.formula) if one.formula is not None else "",
                nodes=plural(one.nodes, "node"),
            )
        )
    return rows


def nth_table(answer: NthDerivativesAnswer) -> str:
    """Return the rows as a table in Markdown, with formulas between dollar signs."""
    rows = nth_rows(answer)
    head = ["", "PyTorch", "finite differences"]
    symbolic = any(row.symbolic for row in rows)
    head += ["SymPy", "formula"] if symbolic else []
    head += ["its graph adds"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        cells = [f"${row.symbol}$", f"**{row.value}**", row.finite or "–"]
        cells += [row.symbolic or "–", row.formula or "–"] if symbolic else []
        lines.append([*cells, row.nodes])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def nth_words(answer: NthDerivativesAnswer) -> str:
    """Say what the columns are, and what a number that is none or differs may mean."""
    words = "Finite differences: the central difference of the derivative before, in double precision."
    if any(isinstance(one.value, str) for one in answer.derivatives):
        return f"{words} A nan or inf: the point is at the edge of the function's domain, or outside."
    if "✗" in "".join(row.finite + row.symbolic for row in nth_rows(answer)):
        return f"{words} ✗: a kink or a jump at this point, or a backward that is wrong; *Checks* says more."
    return words


def _beside(value: Number, other: Number | None, dtype: str) -> str:
    return "" if other is None else f"{number_text(other, _DIGITS)}{mark(agree(value, other, dtype))}"


def _symbol(answer: NthDerivativesAnswer, order: int) -> str:
    """``f``, ``f'``, ``f^{(4)}``; along a direction ``g``, which is f on a line."""
    letter = "f" if answer.direction is None else "g"
    if order <= 3:
        return letter + "'" * order
    return f"{letter}^{{({order})}}"
