"""The first to n-th derivative of a number, one ``autograd.grad`` after the other, and two checks of each.

Of one number x it is the ordinary derivative. Of several it is the derivative along a direction: that of
``g(t) = f(x + t * v)`` at 0. The check by finite differences takes the central difference of the derivative before, in
double precision; SymPy differentiates the function's formula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ...trace import Formula, NthDerivative, NthDerivatives, NthDerivativesAnswer, Number
from ..symbolic import NoForm, SymbolicForm, nth_derivatives, symbolic_form
from ..values import formula_of, number, time_for_formulas
from .snippets import Vectors, fresh, run_snippet, tangents
from .subject import Subject, double_by_default

_MOST_NODES = 50_000
_LONGEST_PROBLEM = 600
_NOTICEABLE = 1e-4
# The step of a central difference whose two errors balance: the cube root of the machine's precision.
_STEP = torch.finfo(torch.float64).eps ** (1 / 3)


def nth(question: NthDerivatives, subject: Subject) -> NthDerivativesAnswer:
    """Answer the question; raises ``NoAnswer``."""
    subject = subject.of_one_number()
    single = len(subject.columns) == 1 and question.direction is None
    vectors = None if single else tangents(subject, question.direction)
    chain = _Chain(subject, vectors)
    values, nodes, problem = chain.walk(question.order)
    line = _along(subject.doubled(), vectors)
    finite = [_difference(line, order) for order in range(1, len(values))]
    lost = _lost(finite, chain.constant_from)
    if lost is not None:
        values, nodes, finite = values[:lost], nodes[:lost], finite[: lost - 1]
        problem = (
            f"d{lost - 1} has no grad_fn, so to autograd it is a constant. Finite differences say that it is none: its "
            "history was lost, by detach(), no_grad() or a backward that cannot be differentiated."
        )
    form, formulas, why = _formulas(line, len(values) - 1)
    return NthDerivativesAnswer(
        function=subject.record(),
        direction=[number(one) for one in vectors.numbers] if vectors is not None else None,
        derivatives=[
            NthDerivative(order=order, value=value, nodes=count, finite=check, formula=formula)
            for order, (value, count, check, formula) in enumerate(
                zip(values, nodes, [None, *finite], formulas, strict=True)
            )
        ],
        no_formula=why,
        notes=list(form.notes) if form is not None else [],
        problem=problem,
        code=chain.code,
    )


class _Chain:
    """The derivatives as a person would write them, run line by line; it remembers which nodes it has counted."""

    def __init__(self, subject: Subject, vectors: Vectors | None) -> None:
        self._names = dict(subject.names)
        self._seen: set[Any] = set()
        self.constant_from: int | None = None
        given = {name: name for name in subject.chosen}
        if vectors is None:
            self._by = subject.chosen[0]
            start = f"{self._by} = {self._by}.detach().requires_grad_()\n"
        else:
            self._by = fresh("t", subject)
            moved = zip(subject.chosen, vectors.names, strict=True)
            given = {name: f"{name}.detach() + {self._by} * {vector}" for name, vector in moved}
            start = f"{vectors.code}\n{self._by} = torch.tensor(0.0, requires_grad=True)\n"
        called = ", ".join(given.get(name, name) for name in subject.parameters)
        self.code = f"import torch\n\n{start}y = {subject.name}({called}){subject.picked}\n"

    def walk(self, order: int) -> tuple[list[Number], list[int], str | None]:
        """Return the values, the nodes that each added, and why they end before ``order``, if they do."""
        run_snippet(self.code, self._names)
        last = self._names["y"]
        values, nodes = [number(last)], [self._count(last)]
        for n in range(1, order + 1):
            if not last.requires_grad:
                self.constant_from = self.constant_from or n
                values.append(0.0)
                nodes.append(0)
                continue
            of = "y" if n == 1 else f"d{n - 1}"
            line = f"d{n}, = torch.autograd.grad({of}, {self._by}, create_graph=True)\n"
            try:
                run_snippet(f"import torch\n{line}", self._names)
            except RuntimeError as error:
                if "not have been used in the graph" not in str(error):
                    return values, nodes, f"d{n}: {error}"[:_LONGEST_PROBLEM]
                last = torch.zeros(())
            else:
                self.code += line
                last = self._names[f"d{n}"]
            values.append(number(last))
            nodes.append(self._count(last))
            if sum(nodes) > _MOST_NODES and n < order:
                return values, nodes, f"The graph has {sum(nodes):,} nodes by now; no further derivative was built."
        return values, nodes, None

    def _count(self, tensor: torch.Tensor) -> int:
        """How many nodes the graph of a tensor has that were not there before; leaves' own are not counted."""
        before = len(self._seen)
        pending = [tensor.grad_fn] if tensor.grad_fn is not None else []
        leaves = 0
        while pending:
            node = pending.pop()
            if node in self._seen:
                continue
            self._seen.add(node)
            leaves += node.name() == "torch::autograd::AccumulateGrad"
            pending.extend(following for following, _ in node.next_functions if following is not None)
        return len(self._seen) - before - leaves


@dataclass(frozen=True)
class _Line:
    """The function along a line, in double precision: of ``x`` itself, or of ``t`` in ``x + t * v``."""

    name: str
    at: torch.Tensor
    scale: float
    function: Callable[[torch.Tensor], torch.Tensor]

    def derivative(self, order: int, at: torch.Tensor) -> torch.Tensor:
        """Return the derivative by autograd; raises what PyTorch raises."""
        by = at.detach().requires_grad_()
        with torch.enable_grad(), double_by_default():
            last = self.function(by)
            for _ in range(order):
                if not last.requires_grad:
                    return torch.zeros((), dtype=torch.float64)
                (last,) = torch.autograd.grad(last, by, create_graph=True, materialize_grads=True)
        return last.detach()


def _along(subject: Subject, vectors: Vectors | None) -> _Line:
    point = subject.point
    size = max((float(one.abs().max()) for one in point if one.numel()), default=0.0)
    if vectors is None:
        return _Line(subject.chosen[0], point[0], max(1.0, size), subject.number)
    row = torch.tensor(vectors.numbers, dtype=torch.float64)
    pieces = [one.reshape(x.shape) for one, x in zip(torch.split(row, [x.numel() for x in point]), point, strict=True)]
    steepest = float(row.abs().max()) if row.numel() else 0.0

    def moved(t: torch.Tensor) -> torch.Tensor:
        return subject.number(*(x + t * v for x, v in zip(point, pieces, strict=True)))

    return _Line("t", torch.zeros((), dtype=torch.float64), max(1.0, size) / (steepest or 1.0), moved)


def _difference(line: _Line, order: int) -> Number | None:
    """The central difference of the derivative before; ``None`` where the function does not take double precision."""
    step = _STEP * line.scale
    try:
        above = line.derivative(order - 1, line.at + step)
        below = line.derivative(order - 1, line.at - step)
    except Exception:
        return None
    return number((above - below) / (2 * step))


def _lost(finite: list[Number | None], constant_from: int | None) -> int | None:
    """The order of the first derivative that is 0 only because there is no graph to say otherwise."""
    for order in range(constant_from or len(finite) + 1, len(finite) + 1):
        check = finite[order - 1]
        if isinstance(check, float) and abs(check) > _NOTICEABLE:
            return order
    return None


def _formulas(line: _Line, order: int) -> tuple[SymbolicForm | None, list[Formula | None], str | None]:
    """The formulas of the function and its derivatives, as far as size and time allow, and why there are no more."""
    with double_by_default():
        form = symbolic_form(line.function, [(line.name, line.at)], should_stop=time_for_formulas())
    if isinstance(form, NoForm):
        return None, [None] * (order + 1), form.reason
    expressions = [form.outputs.reshape(-1)[0], *nth_derivatives(form, order, should_stop=time_for_formulas())]
    missing = order + 1 - len(expressions)
    why = "Further formulas would be too long." if missing else None
    return form, [formula_of(one, form) for one in expressions] + [None] * missing, why
