"""A derivative beside two others, in words and as rows."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts.text import number_text, plain_in_markdown
from ...trace import ChecksAnswer
from .agreement import agree, formula_cell, mark

_DIGITS = 7
_DTYPE = "float64"


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


def check_rows(answer: ChecksAnswer) -> str:
    """Return the entries as a table in Markdown, the worst first."""
    symbolic = any(one.formula is not None for one in answer.entries)
    head = ["entry", "autograd", "finite differences"] + (["SymPy", "formula"] if symbolic else [])
    lines = [head, ["---"] * len(head)]
    for one in answer.entries:
        cells = [f"`{entry_label(answer, one.row, one.column)}`", f"**{number_text(one.autograd, _DIGITS)}**"]
        cells.append(number_text(one.finite, _DIGITS) + _mark_finite(answer, one.autograd, one.finite))
        if symbolic:
            formula = one.formula
            cells.append(
                "–"
                if formula is None
                else number_text(formula.value, _DIGITS) + mark(agree(one.autograd, formula.value, _DTYPE))
            )
            cells.append("–" if formula is None else formula_cell(formula))
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mark_finite(answer: ChecksAnswer, first: object, second: object) -> str:
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return mark(first == second)
    return mark(abs(first - second) <= answer.atol + answer.rtol * abs(second))
