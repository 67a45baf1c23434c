"""What is said where nobody steps: the story of a run in a sentence or two, told from its last ``backward()``.

It says what that call added to which ``.grad``, what was freed or kept and by which switch, and what came behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..trace import Backward, GradientChange
from .additions import Additions
from .events import Event
from .first_bad import first_bad
from .index import TraceIndex
from .saved_bytes import stored_bytes
from .sentences import Sentences
from .text import bytes_text, line_text, plural, shape_text, some_of, values_text

_MOST_LEAVES = 2
_LONGEST = 30
_LONGEST_ERROR = 200
_ENDS = re.compile(r"[;:.] ")


def closing(index: TraceIndex) -> str:
    """Return what is said of the whole run; empty where there is nothing to say."""
    trace = index.trace
    if trace.failure is not None:
        return _failed(index)
    # Where it leads to there is the whole of it.
    bad = [f"{_ENDS.split(one.text)[0].rstrip('.')}." for one in first_bad(index)[:1]]
    return " ".join(filter(None, (*bad, *_told(index))))


def _told(index: TraceIndex) -> Iterator[str]:
    trace = index.trace
    runs = [run for run in trace.backwards if not run.internal]
    if runs:
        yield from (_ran(index, runs), _switch(index, runs), _afterwards(index, runs[-1]))
    elif trace.backwards:
        yield f"PyTorch's own code ran the engine {_times(len(trace.backwards))}; no .grad was added to."
    else:
        yield _no_run(index)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _failed(index: TraceIndex) -> str:
    """The line that failed and PyTorch's own words; at a node of the graph the story has more to say."""
    failure = index.trace.failure
    assert failure is not None
    where = f"Line {failure.line}: " if failure.line is not None else ""
    stopped = next((run for run in index.trace.backwards if run.id == failure.backward and run.failure), None)
    if stopped is not None and stopped.failure is not None and stopped.failure.node is not None:
        number = index.trace.backwards.index(stopped)
        return f"{where}{index.once(Sentences).one(Event('error', None, stopped.failure.node, number))}"
    name = f"{failure.error_type}: " if failure.error_type else ""
    return f"{where}{name}{failure.message.strip().partition(chr(10))[0][:_LONGEST_ERROR]}"


def _ran(index: TraceIndex, runs: list[Backward]) -> str:
    """Say which call it was, and what it added to which ``.grad``."""
    run = runs[-1]
    number = f", call {len(runs):,}" if len(runs) > 1 else ""
    where = f"Line {run.line}{number}: {run.call}()" if run.line is not None else f"{run.call}(){number}"
    if run.failure is not None:
        return f"{where} stops with an error, which the program goes on from."
    if run.call == "grad":
        return f"{where} returns its gradients and leaves every .grad alone."
    last: dict[str, GradientChange] = {}
    for change in index.trace.gradients:
        if change.backward == run.id and change.cause == "backward" and change.added is not None:
            last[change.tensor or change.variable] = change
    if not last:
        return f"{where} is done."
    changes = list(last.values())
    if len(changes) > _MOST_LEAVES:
        names = some_of([change.variable for change in changes], _MOST_LEAVES)
        return f"{where} adds to the .grad of {plural(len(changes), 'leaf').replace('leafs', 'leaves')} ({names})."
    words = index.once(Additions)
    sums = [words.sum_text(change, _LONGEST) for change in changes]
    verb = "adds" if any(sums) else "puts"
    if len(changes) == 1 and sums[0]:
        return f"{where} adds {_added(changes[0])} to {changes[0].variable}.grad: {sums[0]}."
    if all(sums):
        both = (f"{change.variable}.grad ({text})" for change, text in zip(changes, sums, strict=True))
        return f"{where} adds to {' and '.join(both)}."
    said = [_one(change, text, verb) for change, text in zip(changes, sums, strict=True)]
    return f"{where} {verb} {' and '.join(said)}."


def _one(change: GradientChange, text: str | None, verb: str) -> str:
    word = "to" if verb == "adds" else "into"
    return f"{_added(change)} {word} {change.variable}.grad{f' ({text})' if text else ''}"


def _added(change: GradientChange) -> str:
    text = values_text(change.added.values, _LONGEST) if change.added is not None else None
    return text or f"a {shape_text(change.added.shape if change.added is not None else [])} gradient"


def _switch(index: TraceIndex, runs: list[Backward]) -> str:
    """Say what was freed, and which switch had kept it; or what is kept, and by which switch."""
    run = runs[-1]
    if not run.freed:
        said = index.once(Sentences).left_behind(run)
        return f"{said.replace('keeps the graph and its', 'keeps')}." if said else ""
    said = f"frees {bytes_text(stored_bytes(index.nodes[node] for node in run.freed))}"
    freed = set(run.freed)
    keeper = next(
        (one for one in reversed(runs[:-1]) if one.retain_graph and not freed.isdisjoint(s.node for s in one.steps)),
        None,
    )
    if keeper is None:
        return f"It {said}."
    switch = "create_graph=True" if keeper.create_graph else "retain_graph=True"
    return f"It {said}, kept by {switch} on {line_text(keeper.line)}."


def _afterwards(index: TraceIndex, run: Backward) -> str:
    """Say what a later line did to ``.grad``: what the picture shows there is not what the call left."""
    later: list[GradientChange] = []
    for change in index.trace.gradients:
        if change.backward == run.id:
            later = []
        elif change.cause != "backward":
            later.append(change)
    if run.step is not None:
        later = [change for change in later if change.step is not None and change.step > run.step]
    if not later:
        return ""
    last = later[-1]
    same = {change.variable: change for change in later if change.step == last.step}
    what = f"{last.variable}.grad" if len(same) == 1 else f".grad of {some_of(list(same), _MOST_LEAVES)}"
    words = {"none": f"sets {what} to None", "zero": f"sets {what} to zero"}
    return f"Line {last.line} then {words.get(last.cause, f'changes {what}')}."


def _no_run(index: TraceIndex) -> str:
    functions = [node for node in index.trace.nodes if node.leaf is None]
    if not functions:
        return "Autograd recorded nothing in this run." if index.trace.steps else ""
    ends = [
        tensor.name
        for node in functions
        if node.id not in index.edges_to and (tensor := index.produced(node.id)) is not None and tensor.name
    ]
    names = list(dict.fromkeys(ends))
    whose = f"The graph of {some_of(names[-_MOST_LEAVES:], _MOST_LEAVES)}" if len(names) == 1 else "The graph"
    saved = bytes_text(stored_bytes(functions))
    return f"{whose} has {plural(len(functions), 'node')} and keeps {saved} for a backward(); none has run."
