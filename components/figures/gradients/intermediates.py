"""The gradients of named tensors that are no leaves, as the engine carried them: nobody has to call ``retain_grad()``.

What comes into the node that made a tensor is the tensor's gradient, hooks on the tensor included.

Known limitations: a node with several outputs has a gradient for each, and the trace does not say which tensor is which
output. A tensor whose node an engine run did not pass has no row of numbers: nothing flowed there, or ``grad()`` took
what was to come in and returned it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import plotly.graph_objects as go

from ...facts import TraceIndex
from ...facts.events import EventNumbers
from ...facts.text import plural, values_text
from ...trace import Backward, BackwardStep, Gradient, Tensor
from . import style
from .amounts import Amounts
from .lines import Measure, exact_text
from .records import Amount
from .scale import Scale, norm_or_row, scale_of, value_or_row
from .words import backward_text, escaped, size_text

_LONGEST = 60
_MOST_BARS = 60


@dataclass(frozen=True)
class Intermediate:
    """One tensor in one engine run; ``amount`` is ``None`` where its gradient is not known, and ``note`` says why.

    ``label`` tells tensors of one name apart by their lines (``h, line 4``). ``text`` is the numbers, or the size.
    ``moment`` is the happening of the player's story at which the engine was there.
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
    number, run = next(
        ((number, run) for number, run in enumerate(index.trace.backwards, 1) if run.id == backward_id), (0, None)
    )
    if run is None:
        return Intermediates(backward_id, "", "There is no such engine run.", ())
    moments, amounts = index.once(EventNumbers), Amounts()
    rows: list[Intermediate] = []
    for place, step in enumerate(run.steps):
        # Of a tensor that was changed without autograd's knowledge the last record counts: the node is the same.
        made = {tensor.origin: tensor for tensor in index.made.get(step.node, ())}
        if made:
            moment = moments.of_visit(run.id, place)
            rows += [_row(index, tensor, step, amounts, moment) for tensor in made.values()]
    where = f", line {run.line}" if run.line is not None else ""
    return Intermediates(
        run.id, f"run {number}{where}", backward_text(run, run.line), _told_apart(rows), tuple(_notes(index, run))
    )


def _row(index: TraceIndex, tensor: Tensor, step: BackwardStep, amounts: Amounts, moment: int | None) -> Intermediate:
    gradient, note = _gradient(index, tensor, step)
    latest = index.value_now(tensor.id)
    if latest is not None and latest.node != tensor.node:
        later = f"version {tensor.version}, which a later line changed in place"
        note = f"{note}; {later}" if note else later
    amount = amounts.read(gradient)
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
    name, came = index.nodes[step.node].name, step.grad_outputs
    if len(came) == 1:
        return came[0], "" if came[0] is not None else f"an undefined gradient came into {name}"
    fitting = [one for one in came if one is None or one.shape == tensor.shape]
    if len(fitting) == 1 and fitting[0] is not None:
        return fitting[0], f"the only output of {name} with this shape"
    return None, f"{name} has {plural(len(came), 'output')}; which of them this is was not recorded"


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


def _told_apart(rows: Sequence[Intermediate]) -> tuple[Intermediate, ...]:
    """Name lines where several tensors have one name, and number what is still alike."""
    names = Counter(row.name for row in rows)
    seen: Counter[str] = Counter()
    told = []
    for row in rows:
        label = row.name if names[row.name] == 1 or row.line is None else f"{row.name}, line {row.line}"
        seen[label] += 1
        told.append(replace(row, label=label if seen[label] == 1 else f"{label} ({seen[label]})"))
    return tuple(told)


def intermediate_figure(runs: Sequence[Intermediates]) -> go.Figure:
    """Draw one bar a tensor and engine run: the gradient where all have one element, else its norm.

    The first two entries of ``customdata`` are the engine run's id and the moment of the player's story.
    """
    known = [(run, [row for row in run.rows if row.amount is not None]) for run in runs]
    labels = _merged([row.label for row in rows] for _, rows in known)
    if not labels:
        return style.empty("No named tensor between the leaves and the output had a gradient that is known.")
    shown = {label: place for place, label in enumerate(labels[:_MOST_BARS])}
    single = all(prod(row.shape) == 1 for _, rows in known for row in rows)
    measure: Measure = value_or_row if single else norm_or_row
    scale = scale_of([measure(row.amount) for _, rows in known for row in rows], log=False if single else None)
    data = [
        _bars(run, [row for row in rows if row.label in shown], shown, number, len(runs), measure, scale)
        for number, (run, rows) in enumerate(known)
    ]
    style.drop_crowded_numbers(data, len(shown) * len(known))
    cut = f" · {_MOST_BARS} of {len(labels)}" if len(labels) > _MOST_BARS else ""
    title = ("gradient" if single else "‖ gradient ‖") + " of each named tensor, as the engine came to it" + cut
    words = [escaped(label, 24) for label in shown]
    return style.figure(
        data,
        style.layout(
            360,
            style.HEADED,
            barmode="group",
            bargap=style.bar_gap(len(words) * len(known)),
            xaxis=style.axis(tickvals=list(range(len(words))), ticktext=words, autotickangles=[0, -60]),
            yaxis=scale.axis(0.12, zeroline=True),
            annotations=[style.heading(title)],
            showlegend=len(known) > 1,
            legend=style.legend() | {"y": 1},
        ),
    )


def _merged(runs: Iterable[Sequence[str]]) -> list[str]:
    """Return every label once, each run's in its order: what is new stands before what comes next in its run."""
    merged: list[str] = []
    for labels in runs:
        known, place = set(merged), len(merged)
        for label in reversed(labels):
            if label in known:
                place = merged.index(label)
            else:
                merged.insert(place, label)
    return merged


def _bars(
    run: Intermediates,
    rows: Sequence[Intermediate],
    places: dict[str, int],
    number: int,
    count: int,
    measure: Measure,
    scale: Scale,
) -> dict[str, Any]:
    values = [measure(row.amount) for row in rows]
    custom = [[run.run, row.moment, escaped(row.label), exact_text(row.amount), escaped(row.note, 120)] for row in rows]
    return {
        "type": "bar",
        "name": escaped(run.label),
        "x": [places[row.label] for row in rows],
        "y": [scale.place(value) for value in values],
        "text": [style.bar_text(value) for value in values],
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
        "marker": {"color": style.colour(number, count), "cornerradius": 3},
        "customdata": custom,
        "hovertemplate": (
            f"<b>%{{customdata[2]}}</b> in {escaped(run.label)}<br>%{{customdata[3]}}"
            f"<br>{escaped(run.text, 120)}<br><i>%{{customdata[4]}}</i><extra></extra>"
        ),
    }
