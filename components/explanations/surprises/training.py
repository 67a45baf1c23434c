"""Optimizers that change nothing, or not what was meant: no gradient, copies, parameters of others, sums of rounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ...source.statements import Statement
from ...source.tree import base_name, dotted
from ...trace import GradientChange
from ..inplace import changed_by
from ..situation import called, receiver
from .given import moves_nothing, times
from .run import Moment, Optimizer, Remark, Run, adds_up, listed

# Who updates parameters by hand writes one of these.
_BY_HAND = ("no_grad", "data", "sub_", "add_", "mul_", "copy_", "load_state_dict")
State = Literal["none", "zero", "present"]


class Pull(NamedTuple):
    """What an optimizer's ``step()`` met: when, and the leaves that had a gradient then."""

    moment: Moment
    present: frozenset[str]


class Pulls(NamedTuple):
    """Every ``step()`` of an optimizer, and the last change of each leaf's ``.grad`` before the last of them.

    ``seen`` are the leaves that had a gradient at a ``step()`` and were looked at after it.
    """

    met: tuple[Pull, ...]
    last: dict[str, GradientChange]
    seen: frozenset[str]

    @property
    def present(self) -> set[str]:
        """The leaves that had a gradient at any ``step()``."""
        return set().union(*(pull.present for pull in self.met))


def pulls(run: Run, optimizer: Optimizer) -> Pulls | None:
    """Return what each ``step()`` met; ``None`` where the order within a line is not known."""
    timed = run.timed
    if timed is None:
        return None
    met: list[Pull] = []
    last: dict[str, GradientChange] = {}
    present: set[str] = set()
    place = 0
    for moment in optimizer.steps:
        while place < len(timed) and timed[place][0] < moment:
            _, origin, change = timed[place]
            last[origin] = change
            (present.add if change.cause in ("backward", "assigned") else present.discard)(origin)
            place += 1
        met.append(Pull(moment, frozenset(present)))
    first: dict[str, Moment] = {}
    for pull in reversed(met):
        first.update(dict.fromkeys(pull.present, pull.moment))
    seen = {origin for moment, origin, _ in timed if origin in first and moment > first[origin]}
    return Pulls(tuple(met), last, frozenset(seen | (first.keys() & run.variables)))


def _assigns_gradients(run: Run) -> bool:
    """Whether the program gives a ``.grad`` a value of its own, which the trace may not have seen."""
    return any(
        isinstance(target, ast.Attribute)
        and target.attr == "grad"
        and not (isinstance(assign.value, ast.Constant) and assign.value.value is None)
        for statement in run.statements("grad")
        for assign in statement.find(ast.Assign)
        for target in assign.targets
    )


def _never_steps(run: Run, optimizer: Optimizer) -> Iterator[Remark]:
    """A loop that sets gradients to zero for an optimizer that never steps, where nothing else changes what it has."""
    if run.moved or next(run.statements("step", *_BY_HAND), None) is not None:
        return
    for statement in run.statements("zero_grad"):
        owners = [dotted(receiver(call) or ast.Pass()) for call in statement.calls if called(call) == "zero_grad"]
        rounds = len(run.visits(statement))
        if optimizer.name in owners and rounds > 1 and len(run.trace.backwards) > 1:
            yield Remark(
                statement.first,
                f"`{optimizer.name}.zero_grad()` ran {rounds} times and `{optimizer.name}.step()` never: `backward()` gives "
                "the parameters gradients, and nothing changes the parameters.",
            )
            return


def _steps(run: Run) -> Iterator[Remark]:
    """What optimizers did, for those whose every step the trace shows."""
    if not run.whole or not run.optimizers or _assigns_gradients(run):
        return
    for optimizer in run.optimizers:
        if not optimizer.steps:
            yield from _never_steps(run, optimizer)
        met = pulls(run, optimizer) if optimizer.steps else None
        if met is None:
            continue
        present = met.present
        if not present:
            yield from _without_gradients(run, optimizer, met)
        elif not present & run.moved and present <= met.seen:
            yield moves_nothing(run, optimizer, present)
        else:
            yield from _sums(run, optimizer, met)


# --- no gradient when step() runs


def _without_gradients(run: Run, optimizer: Optimizer, met: Pulls) -> Iterator[Remark]:
    step = optimizer.stepped_by[0]
    if len(optimizer.stepped_by) != 1:
        return
    begin = f"`{optimizer.name}.step()` {times(optimizer)}, and each time"
    if not run.trace.backwards and not run.trace.gradients:
        if run.words.isdisjoint(("lr_scheduler", "backward")):
            yield Remark(
                step.first,
                f"{begin} no tensor had a gradient, because no `backward()` had run: nothing was changed.",
                _backward_before(run, step),
            )
        return
    wiped = [change for change in met.last.values() if change.cause in ("none", "zero")]
    if wiped and len({change.line for change in wiped}) == 1 and wiped[0].line is not None:
        line, cause = wiped[0].line, wiped[0].cause
        word, then = ("`None`", "it changed nothing") if cause == "none" else ("zero", "nothing was learned from them")
        yield Remark(
            step.first,
            f"{begin} every gradient that `backward()` had given was {word} again, so {then}: line {line} sets gradients back "
            "between `backward()` and `step()`.",
            _in_order(run, optimizer, line),
        )


def _backward_before(run: Run, step: Statement) -> str | None:
    """The hint that calls ``backward()`` on the one number with a graph that the same block made."""
    visits = run.visits(step)
    bound = run.tensors_before(visits[0])
    for statement in reversed(run.program.statements):
        assign = statement.assigned() if statement.first < step.first and run.together(statement, step) else None
        if assign is not None:
            name = statement.text(assign.targets[0])
            tensor = bound.get(name)
            if tensor is not None and tensor.node is not None and not tensor.shape:
                return f"Before line {step.first}: {name}.backward()" if "\n" not in step.code else None
    return None


def _in_order(run: Run, optimizer: Optimizer, wiping: int) -> str | None:
    """The hint that puts ``zero_grad``, ``backward`` and ``step`` of one block in their order."""
    step, zero = optimizer.stepped_by[0], run.program.at(wiping)
    backwards = [s for s in run.statements("backward") if any(called(call) == "backward" for call in s.calls)]
    if zero is None or len(backwards) != 1:
        return None
    three = sorted({s.first: s for s in (zero, backwards[0], step)}.values(), key=lambda s: s.first)
    alone = all(len(list(s.find(ast.Expr))) == 1 and s.first == s.last and len(s.calls) == 1 for s in three)
    if len(three) != 3 or not alone or not run.together(three[0], three[2]):
        return None
    ordered = (zero, backwards[0], step)
    if backwards[0] is three[0]:  # zero_grad and backward change places, so that the loss before them stays before
        ordered = (zero, backwards[0], step)
    places = [s.first for s in three]
    if three[1] is step and zero is three[0]:  # zero, step, backward
        places = [zero.first, step.first, backwards[0].first]
    edits = [(place, s.code) for place, s in zip(places, ordered, strict=True) if run.program.at(place) is not s]
    return "\n".join(f"Line {place}: {code}" for place, code in edits) or None


# --- gradients that are never set back


def _sums(run: Run, optimizer: Optimizer, met: Pulls) -> Iterator[Remark]:
    """``step()`` after ``step()`` without ``zero_grad()`` between: the gradients of all rounds are added up."""
    summed = []
    for origin, changes in run.changes.items():
        if origin not in run.moved or any(change.cause != "backward" for change in changes):
            continue
        moments = [pull.moment for pull in met.met if origin in pull.present]
        added = [run.moment(change) or Moment(0) for change in changes if adds_up(change)]
        if len(moments) >= 2 and any(moments[0] < moment < moments[-1] for moment in added):
            summed.append(origin)
    if any(run.visits(statement) for statement in run.statements("zero_grad")):
        return
    backwards = {change.line for origin in summed for change in run.changes[origin]}
    if not summed or len(backwards) != 1 or len(optimizer.stepped_by) != 1:
        return
    line, step = backwards.pop(), optimizer.stepped_by[0]
    statement = run.program.at(line)
    if line is None or statement is None:
        return
    names = [name for origin in summed if origin in run.leaves and (name := run.leaves[origin].name)]
    which = f" of {listed(sorted(names))}" if names else ""
    hint = f"Before line {line}: {optimizer.name}.zero_grad()" if _may_zero(run, statement, step) else None
    yield Remark(
        line,
        f"No line sets the gradients{which} back between two calls of `{optimizer.name}.step()`: each `backward()` adds to "
        f"those of the rounds before, and line {step.first} moves by the sum.",
        hint,
    )


def _may_zero(run: Run, backward: Statement, step: Statement) -> bool:
    """Whether the block of ``step()`` has one ``backward()``, on a line of its own before it."""
    calls = [call for s in run.statements("backward") for call in s.calls if called(call) == "backward"]
    return (
        len(calls) == 1
        and backward.first < step.first
        and run.together(backward, step)
        and backward.first == backward.last
    )


# --- the same, by hand


def _by_hand(run: Run) -> Iterator[Remark]:
    """``w -= lr * w.grad`` in a loop that never sets ``w.grad`` back."""
    if not run.whole or run.optimizers:
        return
    updates = [s for s in run.statements("grad") if _moves_by_gradient(s)]
    summed = [
        run.leaves[origin]
        for origin, changes in run.changes.items()
        if origin in run.moved and origin in run.leaves and all(change.cause == "backward" for change in changes)
        if len(changes) > 1 and all(map(adds_up, changes[1:])) and _moved_between(run, changes, updates)
    ]
    lines = {change.line for leaf in summed for change in run.changes[leaf.origin]}
    backward = run.program.at(next(iter(lines))) if len(lines) == 1 else None
    if not summed or backward is None:
        return
    names = [leaf.name for leaf in summed if leaf.name]
    whose = f" of {listed(sorted(names))}" if names else ""
    yield Remark(
        backward.first,
        f"No line sets the gradients{whose} back between two rounds: each `backward()` adds to those of the rounds before, "
        f"and line {updates[0].first} moves by the sum.",
        _set_back(run, backward, updates, names),
    )


def _moves_by_gradient(statement: Statement) -> bool:
    """``w -= lr * w.grad``, ``w.data.sub_(lr * w.grad)`` and the like."""
    changed = changed_by(statement)
    for assign in statement.find(ast.Assign):
        if isinstance(assign.targets[0], ast.Attribute) and assign.targets[0].attr == "data":
            changed = assign.targets[0]
    name = base_name(changed) if changed is not None else None
    gradients = {dotted(node) for node in statement.find(ast.Attribute) if node.attr == "grad"}
    return (
        name is not None
        and f"{name}.grad" in gradients
        and not (isinstance(changed, ast.Attribute) and changed.attr == "grad")
    )


def _moved_between(run: Run, changes: list[GradientChange], updates: list[Statement]) -> bool:
    steps = [change.step for change in changes if change.step is not None]
    return any(steps[0] < step.index < steps[-1] for update in updates for step in run.visits(update))


def _set_back(run: Run, backward: Statement, updates: list[Statement], names: list[str]) -> str | None:
    """The hint that sets the gradients back before the one ``backward()``, in the loop of the update."""
    calls = [call for s in run.statements("backward") for call in s.calls if called(call) == "backward"]
    loop = run.loop(backward)
    if len(calls) != 1 or loop is None or backward.first != backward.last or ";" in backward.words:
        return None
    rounds = {update.first for update in run.program.block(loop)}
    if not all(update.first in rounds for update in updates):
        return None
    models = {name.partition(".")[0] for name in names}
    if names and all(name.isidentifier() for name in names):
        return f"Before line {backward.first}: {' = '.join(f'{name}.grad' for name in names)} = None"
    if len(models) == 1 and all("." in name for name in names):
        return f"Before line {backward.first}: {models.pop()}.zero_grad()"
    return None


kinds = (_steps, _by_hand)
