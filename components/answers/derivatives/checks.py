"""A derivative held against two others: finite differences (``gradcheck``'s verdict, the worst entry) and SymPy's.

All of it in double precision, on copies of what the function uses. The derivative that is checked is the one that
``backward()`` would give: through hand-written ``backward`` methods too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.autograd.gradcheck import GradcheckError

from ...trace import Checks, ChecksAnswer, Entry, Number
from ..symbolic import NoForm, SymbolicForm, jacobian, symbolic_form
from ..values import formula_of, number, said, time_for_formulas
from .subject import NoAnswer, Subject, double_by_default

# Those of torch.autograd.gradcheck.
EPSILON, ATOL, RTOL = 1e-6, 1e-5, 1e-3
MOST_INPUTS = 400
MOST_ENTRIES_SHOWN = 100
_MOST_FORMULAS = 36
_MOST_FOR_SECOND = 100
_LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class _Measured:
    """The derivative twice, and by how many tolerances its entries are off."""

    autograd: torch.Tensor
    finite: torch.Tensor

    @property
    def off(self) -> torch.Tensor:
        """Per entry; infinite where one of the two is no number."""
        away = (self.autograd - self.finite).abs() / (ATOL + RTOL * self.finite.abs())
        same = self.autograd == self.finite
        return torch.where(same, 0.0, torch.nan_to_num(away, nan=torch.inf, posinf=torch.inf))


def checks(question: Checks, subject: Subject) -> ChecksAnswer:
    """Answer the question; raises ``NoAnswer``."""
    if question.element is not None:
        subject = subject.of_one_number()
    subject.fits(len(subject.rows), len(subject.columns))
    if len(subject.columns) > MOST_INPUTS:
        raise NoAnswer(
            f"Finite differences call {subject.name} twice for each of its {len(subject.columns):,} inputs; "
            f"{MOST_INPUTS} are checked at most. Choose fewer inputs."
        )
    double = subject.doubled()
    with double_by_default():
        try:
            measured = _measured(double)
        except NoAnswer:
            raise
        except Exception as error:
            return _unchecked(subject, f"In double precision {subject.name} fails: {said(error)}")
        if not _repeats_itself(double):
            return _unchecked(
                subject,
                f"{subject.name} gives another value each time it is called (does it draw random numbers, or change a "
                "variable outside?), so it has no derivative to check. Seed it inside, or take that out.",
            )
        verdict, message = _verdict(double, second=False)
        small = measured.autograd.numel() <= _MOST_FOR_SECOND
        second = _verdict(double, second=True)[0] if small else None
        function = double.number if question.element is not None else double
        form = symbolic_form(function, _named(double), should_stop=time_for_formulas())
    return _answer(subject, measured, verdict, second, message, form)


def _named(subject: Subject) -> list[tuple[str, torch.Tensor]]:
    return list(zip(subject.chosen, subject.point, strict=True))


def _calls(subject: Subject, point: Sequence[torch.Tensor]) -> torch.Tensor:
    output = subject.number(*point) if subject.element is not None else subject(*point)
    return output.reshape(-1)


def _measured(subject: Subject) -> _Measured:
    point = [one.requires_grad_() for one in subject.point]
    with torch.enable_grad():
        output = _calls(subject, point)
        rows = []
        for one in output:
            if one.requires_grad:
                parts = torch.autograd.grad(one, point, retain_graph=True, allow_unused=True, materialize_grads=True)
                rows.append(torch.cat([part.reshape(-1) for part in parts]).detach())
            else:
                rows.append(torch.zeros(len(subject.columns)))
    autograd = torch.stack(rows) if rows else torch.zeros(0, len(subject.columns))
    with torch.no_grad():
        return _Measured(autograd, _central_differences(subject, [one.detach() for one in point], output.detach()))


def _central_differences(subject: Subject, point: list[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    columns = []
    for which, one in enumerate(point):
        for place in range(one.numel()):
            ends = []
            for step in (EPSILON, -EPSILON):
                moved = [other.clone() for other in point]
                moved[which].reshape(-1)[place] += step
                ends.append(_calls(subject, moved).detach())
            columns.append((ends[0] - ends[1]) / (2 * EPSILON))
    return torch.stack(columns, dim=1) if columns else torch.zeros(output.numel(), 0)


def _repeats_itself(subject: Subject) -> bool:
    with torch.no_grad():
        first, second = _calls(subject, subject.point), _calls(subject, subject.point)
    return torch.allclose(first, second, rtol=1e-12, atol=0.0, equal_nan=True)


def _verdict(subject: Subject, *, second: bool) -> tuple[bool | None, str | None]:
    """What ``gradcheck`` or ``gradgradcheck`` says; ``None`` where it could not run."""
    check = torch.autograd.gradgradcheck if second else torch.autograd.gradcheck
    point = tuple(one.detach().clone().requires_grad_() for one in subject.point)
    try:
        check(lambda *chosen: _calls(subject, chosen), point, eps=EPSILON, atol=ATOL, rtol=RTOL)
    except GradcheckError as error:
        return False, str(error).strip()[:_LONGEST_MESSAGE]
    except Exception as error:
        return None, said(error)
    return True, None


def _unchecked(subject: Subject, problem: str) -> ChecksAnswer:
    return ChecksAnswer(
        function=subject.record(),
        rows=subject.rows,
        columns=subject.columns,
        gradcheck=None,
        gradgradcheck=None,
        message=None,
        atol=ATOL,
        rtol=RTOL,
        worst=None,
        off=None,
        entries=[],
        no_formula=None,
        symbolic_agrees=None,
        notes=[],
        problem=problem[:_LONGEST_MESSAGE],
    )


def _answer(
    subject: Subject,
    measured: _Measured,
    verdict: bool | None,
    second: bool | None,
    message: str | None,
    form: SymbolicForm | NoForm,
) -> ChecksAnswer:
    off = measured.off
    order = torch.argsort(off.reshape(-1), descending=True, stable=True).tolist()
    places = [divmod(place, len(subject.columns)) for place in order[:MOST_ENTRIES_SHOWN]]
    formulas = _Formulas(form, off.numel())
    entries = [_entry(measured, row, column, formulas) for row, column in places]
    agrees = all(_close(one.autograd, one.formula.value) for one in entries if one.formula is not None)
    return ChecksAnswer(
        function=subject.record(),
        rows=subject.rows,
        columns=subject.columns,
        gradcheck=verdict,
        gradgradcheck=second,
        message=message,
        atol=ATOL,
        rtol=RTOL,
        worst=entries[0] if entries else None,
        off=number(off[places[0]]) if places else None,
        entries=entries,
        no_formula=formulas.why,
        symbolic_agrees=agrees if formulas.why is None else None,
        notes=list(form.notes) if isinstance(form, SymbolicForm) else [],
        problem=None,
    )


class _Formulas:
    """The symbolic Jacobian, as far as there is one; ``why`` says why there is none."""

    def __init__(self, form: SymbolicForm | NoForm, entries: int) -> None:
        self.form = form
        self.why = form.reason if isinstance(form, NoForm) else None
        self.matrix = None
        if isinstance(form, SymbolicForm) and entries > _MOST_FORMULAS:
            self.why = f"The derivative has {entries:,} entries; up to {_MOST_FORMULAS} are given as formulas."
        elif isinstance(form, SymbolicForm):
            derived = jacobian(form, should_stop=time_for_formulas())
            if isinstance(derived, NoForm):
                self.why = derived.reason
            else:
                self.matrix = derived


def _entry(measured: _Measured, row: int, column: int, formulas: _Formulas) -> Entry:
    formula = None
    if formulas.matrix is not None and isinstance(formulas.form, SymbolicForm):
        formula = formula_of(formulas.matrix[row, column], formulas.form)
    return Entry(
        row=row,
        column=column,
        autograd=number(measured.autograd[row, column]),
        finite=number(measured.finite[row, column]),
        formula=formula,
    )


def _close(first: Number, second: Number) -> bool:
    """Whether two numbers in double precision are the same but for rounding."""
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    return abs(first - second) <= 1e-7 * max(abs(first), abs(second)) + 1e-12
