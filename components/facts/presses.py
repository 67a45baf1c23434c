"""What each press of the Playground's buttons did: to ``.grad``, and to the bytes that the graph holds for backward.

A storage that several nodes saved is counted once. What a press went through without ``retain_graph`` is freed, unless
something else still holds it: a graph that ``create_graph`` built may have saved the same tensor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..source.form import BackwardPress, Form, Written
from .gradients.amounts import Amount, amount_in
from .index import TraceIndex
from .numbers import finite, flat
from .saved_bytes import storages
from .text import exact_bytes, number_text


@dataclass(frozen=True)
class GradAfter:
    """What a press did to one leaf: ``added`` is ``None`` where it added nothing, ``after`` where ``.grad`` is None."""

    added: Amount | None
    after: Amount | None


@dataclass(frozen=True)
class Held:
    """Bytes that graphs hold: ``kept`` from before, ``added`` by ``create_graph``; what was ``freed`` is gone."""

    kept: int
    added: int = 0
    freed: int = 0

    @property
    def now(self) -> int:
        """How many bytes are held."""
        return self.kept + self.added


@dataclass(frozen=True)
class Press:
    """One press, counted from 1; ``state`` says whether the program came to it, and past it."""

    number: int
    kind: Literal["backward", "zero"]
    state: Literal["done", "failed", "not reached"]
    retain_graph: bool
    create_graph: bool
    grads: Mapping[str, GradAfter]
    held: Held


@dataclass(frozen=True)
class Presses:
    """The presses in order, the shapes of the leaves that require a gradient, and the bytes held before the first."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    before: Held = Held(0)
    presses: tuple[Press, ...] = ()
    device: str = "cpu"

    @property
    def leaves(self) -> tuple[str, ...]:
        """The names of the leaves that require a gradient."""
        return tuple(self.shapes)

    def grad_words(self, leaf: str) -> str:
        """Return what the last press did to a leaf's ``.grad``: ``12 + 12 = 24``."""
        reached = self._reached
        if not reached:
            return f"{leaf}.grad is None"
        last, before = reached[-1], reached[-2].grads[leaf].after if len(reached) > 1 else None
        added, after = last.grads[leaf].added, last.grads[leaf].after
        norm = "" if self.is_number(leaf) else "norm "
        if after is None:
            return f"{leaf}.grad is None"
        if last.state == "failed" and added is None:
            return f"{norm or f'{leaf}.grad '}stays {_amount_text(after)}"
        if last.kind == "zero" or added is None or before is None:
            return f"{leaf}.grad = {_amount_text(after)}" if not norm else f"{norm}{_amount_text(after)}"
        if norm:
            return f"{norm}{_amount_text(before)} → {_amount_text(after)}"
        return f"{_amount_text(before)} + {_amount_text(added)} = {_amount_text(after)}"

    def held_words(self) -> str:
        """Return what the last press did to the bytes: ``12 B freed``, ``12 B kept by retain_graph``."""
        if not self._reached:
            return f"{exact_bytes(self.before.now)} saved"
        last = self._reached[-1]
        if last.state == "failed":
            return f"{exact_bytes(last.held.now)} left"
        if last.held.freed:
            left = f", {exact_bytes(last.held.now)} left" if last.held.now else ""
            return f"{exact_bytes(last.held.freed)} freed{left}"
        if last.held.added:
            return f"+ {exact_bytes(last.held.added)} by create_graph"
        by = " by retain_graph" if last.kind == "backward" and last.retain_graph and last.held.now else ""
        return f"{exact_bytes(last.held.now)} kept{by}"

    @property
    def _reached(self) -> list[Press]:
        return [press for press in self.presses if press.state != "not reached"]

    def is_number(self, leaf: str) -> bool:
        """Whether a leaf has one element, so that its ``.grad`` is shown as it is; else its norm is."""
        return math.prod(self.shapes[leaf]) == 1


def _amount_text(amount: Amount) -> str:
    size = finite(next(flat(amount.values), None)) if math.prod(amount.shape) == 1 else amount.norm
    if amount.nan or size is None:
        return "NaN" if amount.nan else "inf" if amount.inf else "?"
    return number_text(size)


def presses(index: TraceIndex, form: Form, written: Written) -> Presses:
    """Return what the presses of a form did in the run of the program that was written for it."""
    shapes = {leaf: shape for leaf, shape in _shapes(index) if leaf in written.leaves}
    nodes = _graph_of(index, written.output)
    held = _storages(index, nodes)
    before = Held(sum(held.values()))
    grads: dict[str, Amount | None] = dict.fromkeys(shapes)
    found: list[Press] = []
    for number, (action, lines) in enumerate(zip(form.actions, written.actions, strict=True), 1):
        run = next((run for run in index.trace.backwards if run.line in lines and not run.internal), None)
        changes = _changes(index, lines, grads)
        grads = {name: change.after for name, change in changes.items()}
        if run is not None:
            nodes = (nodes - set(run.freed)) | set(index.built_by.get(run.id, ()))
        later = _storages(index, nodes)
        press = action if isinstance(action, BackwardPress) else None
        found.append(
            Press(
                number=number,
                kind="zero" if press is None else "backward",
                state=_state(index, lines),
                retain_graph=press is not None and (press.retain_graph or press.create_graph),
                create_graph=press is not None and press.create_graph,
                grads=changes,
                held=_change(held, later),
            )
        )
        held = later
    return Presses(shapes, before, tuple(found), _device(index, written))


def _shapes(index: TraceIndex) -> Iterable[tuple[str, tuple[int, ...]]]:
    for tensor in index.latest.values():
        if tensor.is_leaf and tensor.requires_grad and tensor.name is not None:
            yield tensor.name, tuple(tensor.shape)


def _device(index: TraceIndex, written: Written) -> str:
    devices = [tensor.device for tensor in index.trace.tensors if tensor.name == written.output]
    return devices[-1].partition(":")[0] if devices else "cpu"


def _graph_of(index: TraceIndex, output: str) -> set[str]:
    """Return the nodes of the result's graph, as they were before the first press."""
    roots = [tensor.node for tensor in index.trace.tensors if tensor.name == output and tensor.node is not None]
    found = index.reachable(roots[-1:])
    return {node for node in found if node in index.nodes and index.nodes[node].created_by is None}


def _storages(index: TraceIndex, nodes: Iterable[str]) -> dict[int, int]:
    return storages(index.nodes[node] for node in nodes)


def _change(before: Mapping[int, int], after: Mapping[int, int]) -> Held:
    return Held(
        kept=sum(size for storage, size in after.items() if storage in before),
        added=sum(size for storage, size in after.items() if storage not in before),
        freed=sum(size for storage, size in before.items() if storage not in after),
    )


def _changes(index: TraceIndex, lines: range, grads: Mapping[str, Amount | None]) -> dict[str, GradAfter]:
    """Return what happened to each leaf's ``.grad`` in some lines; ``grads`` is what it was."""
    found = {name: GradAfter(None, after) for name, after in grads.items()}
    for change in index.trace.gradients:
        if change.line in lines and change.variable in found:
            found[change.variable] = GradAfter(amount_in(index, change.added), amount_in(index, change.total))
    return found


def _state(index: TraceIndex, lines: range) -> Literal["done", "failed", "not reached"]:
    failure = index.trace.failure
    if failure is None:
        return "done"
    if failure.line in lines:
        return "failed"
    return "done" if failure.line is not None and failure.line >= lines.stop else "not reached"
