"""How gradients flow: at one call through the leaves of a model, in one engine run through its named results.

What comes into the node that made a tensor is the tensor's gradient, hooks on the tensor included: nobody has to call
``retain_grad()``.

Known limitations: a node with several outputs has a gradient for each, and the trace does not say which tensor is which
output. A tensor whose node an engine run did not visit has no row of numbers: nothing flowed there, or ``grad()`` took
what was to come in and returned it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ...trace import Backward, BackwardStep, Gradient, Tensor
from ..events import EventNumbers
from ..gradient_health import Illness
from ..index import TraceIndex
from ..layer_health import Trend
from ..text import plural, told_apart, values_text
from . import GradientCall, History, backward_text, in_order_of_use
from .amounts import Amount, amount_in, size_text

Parameter = Literal["weight", "bias", "other"]
_LONGEST = 60


@dataclass(frozen=True)
class FlowRow:
    """One leaf; ``amount`` is ``None`` where the call gave it nothing."""

    label: str
    parameter: Parameter
    amount: Amount | None
    illness: Illness | None = None


@dataclass(frozen=True)
class GradientFlow:
    """The leaves as the program first computes with them; ``of`` says what was measured: what ``call`` added, or
    ``.grad`` after it, where the call is none of ``backward()``."""

    call: GradientCall
    of: Literal["added", "after"]
    rows: tuple[FlowRow, ...]


def flow_info(history: History, call: int, trends: Sequence[Trend] = ()) -> GradientFlow | None:
    """Return the flow at the call of that number, ``None`` if there is no such call.

    ``trends`` say which weights have gradients that vanish or explode beside those of the model's other layers. Leaves
    that never had a gradient by then are left out; one that this call passed by has no amount.
    """
    if not 1 <= call <= len(history.calls):
        return None
    at = history.call(call)
    of: Literal["added", "after"] = "added" if at.cause == "backward" else "after"
    rows = []
    trend = {leaf: one.illness for one in trends if at.cause == "backward" for leaf in one.leaves}
    for leaf in in_order_of_use(history.leaves):
        state = leaf.at(call)
        if not leaf.changes or leaf.changes[0].call > call:
            continue
        amount = state.after if of == "after" else state.change.added if state.change is not None else None
        rows.append(FlowRow(leaf.label, kind_of_parameter(leaf.name), amount, _bad(amount) or trend.get(leaf.origin)))
    return GradientFlow(at, of, tuple(rows))


def _bad(amount: Amount | None) -> Illness | None:
    if amount is None:
        return None
    return "nan" if amount.nan else "inf" if amount.inf else None


def kind_of_parameter(name: str) -> Parameter:
    """Tell weights from biases by what modules call them: ``0.weight``, ``in_proj_bias``, ``weight_hh_l0``."""
    last = name.rpartition(".")[2]
    return "weight" if "weight" in last else "bias" if "bias" in last else "other"


# --- inside the graph


@dataclass(frozen=True)
class Intermediate:
    """One tensor in one engine run; ``amount`` is ``None`` where its gradient is not known, and ``note`` says why.

    ``label`` tells tensors of one name apart by their lines (``h, line 4``). ``text`` is the numbers, or the size.
    ``moment`` is the event of the player's story at which the engine was there.
    """

    tensor: str
    name: str
    label: str
    line: int | None
    shape: tuple[int, ...]
    amount: Amount | None
    text: str
    moment: int | None
    note: str = ""


@dataclass(frozen=True)
class Intermediates:
    """One engine run: ``label`` is short (``run 2, line 6``), ``text`` the whole; rows in the order of the engine."""

    run: str
    label: str
    text: str
    rows: tuple[Intermediate, ...]
    notes: tuple[str, ...] = ()


def intermediate_gradients(index: TraceIndex, backward_id: str) -> Intermediates:
    """Return the gradients that reached the named tensors which are no leaves, in one run of the engine."""
    runs = enumerate(index.trace.backwards, 1)
    number, run = next(((number, run) for number, run in runs if run.id == backward_id), (0, None))
    if run is None:
        return Intermediates(backward_id, "", "There is no such engine run.", ())
    numbers = index.once(EventNumbers)
    rows: list[Intermediate] = []
    for place, step in enumerate(run.steps):
        # Of a tensor that was changed without autograd's knowledge the last record counts: the node is the same.
        made = {tensor.origin: tensor for tensor in index.made.get(step.node, ())}
        if made:
            moment = numbers.of_visit(run.id, place)
            rows += [_row(index, tensor, step, moment) for tensor in made.values()]
    where = f", line {run.line}" if run.line is not None else ""
    return Intermediates(
        run.id, f"run {number}{where}", backward_text(run, run.line), _labelled(rows), tuple(_notes(index, run))
    )


def _row(index: TraceIndex, tensor: Tensor, step: BackwardStep, moment: int | None) -> Intermediate:
    gradient, note = _gradient(index, tensor, step)
    latest = index.value_now(tensor.id)
    if latest is not None and latest.node != tensor.node:
        later = f"version {tensor.version}, which a later line changed in place"
        note = f"{note}; {later}" if note else later
    amount = amount_in(index, gradient)
    text = values_text(gradient.values, _LONGEST) if gradient is not None else None
    return Intermediate(
        tensor=tensor.id,
        name=tensor.name or tensor.id,
        label="",
        line=index.nodes[step.node].line,
        shape=tuple(tensor.shape),
        amount=amount,
        text=text or (size_text(amount) if amount is not None else "not known"),
        moment=moment,
        note=note,
    )


def _gradient(index: TraceIndex, tensor: Tensor, step: BackwardStep) -> tuple[Gradient | None, str]:
    """Return what came in for a tensor, and what there is to say about it."""
    name, incoming = index.nodes[step.node].name, step.grad_outputs
    if len(incoming) == 1:
        return incoming[0], "" if incoming[0] is not None else f"an undefined gradient came into {name}"
    fitting = [gradient for gradient in incoming if gradient is None or gradient.shape == tensor.shape]
    if len(fitting) == 1 and fitting[0] is not None:
        return fitting[0], f"the only output of {name} with this shape"
    return None, f"{name} has {plural(len(incoming), 'output')}; which of them this is was not recorded"


def _notes(index: TraceIndex, run: Backward) -> Iterator[str]:
    if run.failure is not None:
        yield "The engine stopped before its end: what it did not come to has no gradient."
    passed = {step.node for step in run.steps}
    missed = [
        tensor.name or tensor.id
        for node in index.reachable(list(run.outputs))
        if node not in passed
        for tensor in index.made.get(node, ())
    ]
    if missed:
        names = ", ".join(sorted(set(missed))[:3])
        yield f"The engine did not pass the nodes of {plural(len(set(missed)), 'tensor')} of this graph ({names})."
    if not run.steps:
        yield "What this run did node by node was not recorded."


def _labelled(rows: Sequence[Intermediate]) -> tuple[Intermediate, ...]:
    """Name lines where several tensors have one name, and number what is still alike."""
    names = Counter(row.name for row in rows)
    with_line = [f", line {row.line}" if names[row.name] > 1 and row.line is not None else "" for row in rows]
    labels = told_apart(f"{row.name}{line}" for row, line in zip(rows, with_line, strict=True))
    return tuple(replace(row, label=label) for row, label in zip(rows, labels, strict=True))
