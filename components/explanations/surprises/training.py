"""Optimizers that change nothing, or not what was meant: no gradient, copies, parameters of others, sums of rounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ...source.statements import Statement
from ...source.tree import dotted
from ...trace import GradientChange, Tensor
from ..situation import called, receiver, shown
from .reach import Cut, find_cut
from .run import Moment, Optimizer, Remark, Run

State = Literal["none", "zero", "present"]
_COPIES = frozenset({"detach", "clone", "deepcopy", "data"})


class Pull(NamedTuple):
    """What an optimizer's ``step()`` met: when, and the leaves that had a gradient then."""

    moment: Moment
    present: frozenset[str]


class Pulls(NamedTuple):
    """Every ``step()`` of an optimizer, and the last change of each leaf's ``.grad`` before the last of them."""

    met: tuple[Pull, ...]
    last: dict[str, GradientChange]

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
    return Pulls(tuple(met), last)


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


def _steps(run: Run) -> Iterator[Remark]:
    """What optimizers did, for those whose every step the trace shows."""
    if not run.whole or not run.optimizers or _assigns_gradients(run):
        return
    for optimizer in run.optimizers:
        met = pulls(run, optimizer) if optimizer.steps else None
        if met is None:
            continue
        present = met.present
        if not present:
            yield from _without_gradients(run, optimizer, met)
        elif not present & run.moved:
            yield from _moves_nothing(run, optimizer, present)
        else:
            yield from _sums(run, optimizer, met)


def _times(optimizer: Optimizer) -> str:
    count = len(optimizer.steps)
    return "ran" if count == 1 else f"ran {count} times"


# --- no gradient when step() runs


def _without_gradients(run: Run, optimizer: Optimizer, met: Pulls) -> Iterator[Remark]:
    step = optimizer.stepped_by[0]
    if len(optimizer.stepped_by) != 1:
        return
    begin = f"`{optimizer.name}.step()` {_times(optimizer)}, and each time"
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


# --- gradients, and none of them the optimizer's


def _moves_nothing(run: Run, optimizer: Optimizer, present: set[str]) -> Iterator[Remark]:
    """Of all leaves that had a gradient, ``step()`` changed none."""
    leaves = [run.leaves[origin] for origin in sorted(present) if origin in run.leaves]
    names = list(dict.fromkeys(leaf.name for leaf in leaves if leaf.name))
    which = _listed(names) if names and all(leaf.name for leaf in leaves) else "tensors without a name"
    cut = _cut(run, names)
    if cut is not None:
        yield Remark(
            cut.statement.first,
            f"`{optimizer.name}.step()` {_times(optimizer)} and changed nothing: `backward()` gave a gradient to {which} alone, "
            f"because {cut.why}.",
            cut.hint,
        )
        return
    given = optimizer.call.args[0] if optimizer.call.args else None
    why, hint = _why(run, optimizer, given, leaves)
    yield Remark(
        optimizer.statement.first,
        f"`{optimizer.name}.step()` {_times(optimizer)} and changed nothing that had a gradient: `backward()` gave one to "
        f"{which}, and {why}",
        hint,
    )


def _cut(run: Run, names: list[str]) -> Cut | None:
    """Where what got the gradients lost its history, if that is why nothing else got one."""
    for backward in run.trace.backwards:
        if backward.step is not None and len(names) == 1:
            return find_cut(run, names[0], run.trace.steps[backward.step])
    return None


def _listed(names: list[str], most: int = 3) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _why(run: Run, optimizer: Optimizer, given: ast.expr | None, leaves: list[Tensor]) -> tuple[str, str | None]:
    statement = optimizer.statement
    fallback = (
        f"that is not what this line gives the optimizer: {shown(statement.text(given))}."
        if given
        else "no line gives these to it."
    )
    if given is None:
        return fallback, None
    copied = sorted({word for node in ast.walk(given) if (word := _copy_word(node))})
    if copied:
        return (
            f"this line gives the optimizer other tensors, made with {_listed(copied)}, whose `.grad` stays `None`.",
            _originals(run, optimizer, given, leaves),
        )
    root = (
        dotted(receiver(given) or ast.Pass()) if isinstance(given, ast.Call) and called(given) == "parameters" else ""
    )
    if root:
        owners = {(leaf.name or "").rpartition(".")[0] for leaf in leaves}
        again = _bound_again(run, optimizer, root.partition(".")[0])
        if again is not None and all(owner == root or owner.startswith(f"{root}.") for owner in owners):
            return f"the optimizer has the parameters of the `{root}` before line {again} made a new one.", None
        others = {owner.partition(".")[0] for owner in owners}
        if len(others) == 1 and "" not in others and root.partition(".")[0] not in others:
            other = others.pop()
            code = statement.edited((given, f"{other}.parameters()"))
            hint = f"Line {statement.first}: {code}" if code and _is_module(run, other) else None
            return f"the optimizer has the parameters of `{root}`.", hint
    if isinstance(given, ast.List | ast.Tuple) and given.elts and all(isinstance(e, ast.Name) for e in given.elts):
        for name in (e.id for e in given.elts if isinstance(e, ast.Name)):
            again = _bound_again(run, optimizer, name)
            if again is not None and any(leaf.name == name for leaf in leaves):
                return (
                    f"the optimizer has the `{name}` of before: line {again} makes another tensor of that name.",
                    None,
                )
    return fallback, None


def _copy_word(node: ast.AST) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else called(node) if isinstance(node, ast.Call) else ""
    return name if name in _COPIES else ""


def _is_module(run: Run, name: str) -> bool:
    """Whether parameters are known by paths that begin with a variable."""
    return any((tensor.name or "").startswith(f"{name}.") for tensor in run.leaves.values())


def _bound_again(run: Run, optimizer: Optimizer, name: str) -> int | None:
    """The line that gave a name another value after the optimizer was made."""
    for statement in run.statements(name):
        targets = [target for assign in statement.find(ast.Assign) for target in assign.targets]
        again = any(step.index > optimizer.made and step.function is None for step in run.visits(statement))
        if again and any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return statement.first
    return None


def _originals(run: Run, optimizer: Optimizer, given: ast.expr, leaves: list[Tensor]) -> str | None:
    """The hint that gives the optimizer the tensors themselves: ``[w]`` for ``[w.detach().requires_grad_()]``."""
    statement = optimizer.statement
    names = {leaf.name for leaf in leaves}
    if isinstance(given, ast.List | ast.Tuple) and given.elts:
        bases = [_base(element) for element in given.elts]
        if None in bases or set(bases) != names:
            return None
        text = ", ".join(str(base) for base in bases)
        code = statement.edited((given, f"[{text}]"))
    elif isinstance(given, ast.ListComp | ast.GeneratorExp) and len(given.generators) == 1:
        source, target = given.generators[0].iter, given.generators[0].target
        simple = isinstance(target, ast.Name) and _base(given.elt) == target.id and not given.generators[0].ifs
        if not simple or not isinstance(source, ast.Call) or called(source) != "parameters" or source.args:
            return None
        code = statement.edited((given, statement.text(source)))
    elif isinstance(given, ast.Call) and called(given) == "parameters" and isinstance(receiver(given), ast.Call):
        inner = receiver(given)
        assert isinstance(inner, ast.Call)
        if called(inner) != "deepcopy" or len(inner.args) != 1 or not _is_module(run, statement.text(inner.args[0])):
            return None
        code = statement.edited((given, f"{statement.text(inner.args[0])}.parameters()"))
    else:
        return None
    return f"Line {statement.first}: {code}" if code else None


def _base(node: ast.expr) -> str | None:
    """``w`` for ``w.detach().clone().requires_grad_(True)`` and ``torch.clone(w)``."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        elif isinstance(node, ast.Call) and called(node) in {*_COPIES, "requires_grad_", "Parameter", "tensor"}:
            inner = receiver(node)
            own = inner is not None and dotted(inner) not in ("torch", "copy", "nn", "torch.nn")
            if not own and not node.args:
                return None
            node = inner if own and inner is not None else node.args[0]
        else:
            return None


# --- gradients that are never set back


def _sums(run: Run, optimizer: Optimizer, met: Pulls) -> Iterator[Remark]:
    """``step()`` after ``step()`` without ``zero_grad()`` between: the gradients of all rounds are added up."""
    summed = []
    for origin, changes in run.changes.items():
        if origin not in run.moved or any(change.cause != "backward" for change in changes):
            continue
        moments = [pull.moment for pull in met.met if origin in pull.present]
        added = [run.moment(change) or Moment(0) for change in changes]
        if len(moments) >= 2 and any(moments[0] < moment < moments[-1] for moment in added):
            summed.append(origin)
    backwards = {change.line for origin in summed for change in run.changes[origin]}
    if not summed or len(backwards) != 1 or len(optimizer.stepped_by) != 1:
        return
    line, step = backwards.pop(), optimizer.stepped_by[0]
    statement = run.program.at(line)
    if line is None or statement is None:
        return
    names = [name for origin in summed if origin in run.leaves and (name := run.leaves[origin].name)]
    which = f" of {_listed(sorted(names))}" if names else ""
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


kinds = (_steps,)
