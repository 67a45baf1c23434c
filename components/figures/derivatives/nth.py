"""The first to n-th derivative as a table: value, two checks, formula, and the nodes that each added."""

from __future__ import annotations

from dataclasses import dataclass

from components.figures.derivatives.agreement import agree, formula_cell, mark
from components.figures.text import number_text, plural
from components.trace import NthDerivativesAnswer, Number

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


def _beside(value: Number, other: Number | None, dtype: str) -> str:
    return "" if other is None else f"{number_text(other, _DIGITS)}{mark(agree(value, other, dtype))}"


def _symbol(answer: NthDerivativesAnswer, order: int) -> str:
    """``f``, ``f'``, ``f^{(4)}``; along a direction ``g``, which is f on a line."""
    letter = "f" if answer.direction is None else "g"
    if order <= 3:
        return letter + "'" * order
    return f"{letter}^{{({order})}}"
