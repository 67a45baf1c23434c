"""Graphs that a loop keeps from iteration to iteration, though nothing will ever be differentiated through them.

Three ways lead there: a running sum of losses (``total += loss``), a list of them (``losses.append(loss)``), and a
state that is carried on under ``retain_graph=True``. What is differentiated in the end and freed (the states of an RNN,
a sum of losses) is no leak, nor is a sum of plain numbers.

Known limitations: values in dictionaries and attributes are not looked at; nor are loops past the cap on steps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ...trace import Backward, Step
from .leak_tables import LeakTables
from .loops import Keeping, keeping_lines
from .records import Leak
from .tables import MemoryTables

FEWEST = 3


def leaks(tables: MemoryTables) -> tuple[Leak, ...]:
    """Return the graphs that loops keep, in the order of their lines."""
    read = LeakTables(tables)
    found = [_kept(read, keeping) for keeping in keeping_lines(tables.index.trace.program.source)]
    found.append(_retained(tables))
    known = [leak for leak in found if leak is not None]
    return tuple(sorted(known, key=lambda leak: leak.line))


def _kept(read: LeakTables, keeping: Keeping) -> Leak | None:
    tables, steps = read.tables, read.steps.get(keeping.line, [])
    if len(steps) < FEWEST:
        return None
    roots = _sums(read, keeping, steps) if keeping.kind == "sum" else _elements(read, keeping, steps)
    if len(roots) < FEWEST or _is_differentiated(read, roots, steps[-1].index):
        return None
    nodes = read.reached(roots)
    if nodes is None:
        return None
    made = [node for node in nodes if tables.index.nodes[node].leaf is None]
    held = _held(tables, made)
    code = tables.index.code(keeping.line)
    return Leak(keeping.kind, keeping.name, keeping.line, code, keeping.fix, len(roots), len(made), held)


def _held(tables: MemoryTables, nodes: Iterable[str]) -> int:
    """Return the bytes that the nodes still kept for backward when the program ended; leaves and states are no cost."""
    end = len(tables.events) - 1
    if end < 0:
        return 0
    blocks = {place for node in nodes if not tables.was_freed(node, end) for place in tables.saved_blocks.get(node, ())}
    return sum(
        tables.blocks[place].bytes
        for place in blocks
        if tables.gone[place] > end and tables.blocks[place].category == "saved"
    )


# --- the nodes that a line kept


def _sums(read: LeakTables, keeping: Keeping, steps: Sequence[Step]) -> list[str]:
    """Return the ``grad_fn`` of a running sum after each iteration, of the longest unbroken chain.

    It is a sum of independent graphs: one edge leads to the sum before it, and what is added does not depend on that
    sum (as the state of a residual network or an RNN would).
    """
    chain: list[str] = []
    longest: list[str] = []
    for step in steps:
        tensor = read.tables.index.tensors.get(step.variables.get(keeping.name, ""))
        node = tensor.node if tensor is not None else None
        if node is None or (chain and not _goes_on(read, node, chain[-1])):
            chain = []
        if node is not None:
            chain.append(node)
        longest = max(longest, chain, key=len)
    return list(longest)


def _goes_on(read: LeakTables, node: str, before: str) -> bool:
    targets = [edge.target for edge in read.tables.index.edges_from.get(node, ())]
    if before not in targets:
        return False
    # What is older than the sum before cannot depend on it.
    added = read.reached([target for target in targets if target != before], since=before)
    return added is not None and before not in added


def _elements(read: LeakTables, keeping: Keeping, steps: Sequence[Step]) -> list[str]:
    """Return the ``grad_fn`` of what was appended in each iteration, if the graphs are independent."""
    held = read.elements[keeping.name]
    if keeping.variable is not None:
        held = [read.node_of(keeping.variable, step.index) for step in steps]
    roots = list(dict.fromkeys(node for node in held if node is not None))
    if len(roots) < 2:
        return roots
    last = read.reached([roots[-1]])
    return [] if last is None or roots[-2] in last else roots


def _is_differentiated(read: LeakTables, roots: Sequence[str], last_step: int) -> bool:
    """Return whether what was kept is used: a call came to two of the kept graphs at once, or to one after the loop."""
    passed = Counter(run for node in set(roots) for run in read.passed.get(node, ()))
    runs = read.tables.index.trace.backwards
    return any(times >= 2 or (runs[run].step or 0) > last_step for run, times in passed.items())


# --- a state that is carried on


def _retained(tables: MemoryTables) -> Leak | None:
    """Return the call under ``retain_graph=True`` in a loop that goes through all earlier iterations again."""
    by_line: defaultdict[int, list[Backward]] = defaultdict(list)
    for run in tables.index.trace.backwards:
        if run.line is not None and not run.internal:
            by_line[run.line].append(run)
    freed = tables.index.freed_by
    for line, runs in by_line.items():
        if len(runs) < FEWEST or not all(run.retain_graph for run in runs):
            continue
        sizes = [len(run.steps) for run in runs]
        seen = [{step.node for step in run.steps} for run in runs]
        grows = all(one < other for one, other in pairwise(sizes))
        inside = all(_most_are_in(one, other, tables) for one, other in pairwise(seen))
        if grows and inside and not any(node in freed for node in seen[-1]):
            made = [node for node in seen[-1] if tables.index.nodes[node].leaf is None]
            code = tables.index.code(line)
            name = _carried(tables, seen)
            fix = f"{name} = {name}.detach()" if name else ""
            return Leak("retained", name, line, code, fix, len(runs), len(made), _held(tables, made))
    return None


def _most_are_in(one: set[str], other: set[str], tables: MemoryTables) -> bool:
    """Whether a call came again to what the call before it had passed, but for the nodes at its end (the loss)."""
    made = [node for node in one if tables.index.nodes[node].leaf is None]
    return 2 * sum(node in other for node in made) >= len(made)


def _carried(tables: MemoryTables, seen: Sequence[set[str]]) -> str:
    """Return the variable through which the last call came to the iteration before it, empty if none is known."""
    common = (seen[-1] & seen[-2]) - seen[-3]
    names = [
        tensor.name
        for tensor in tables.index.trace.tensors
        if tensor.node in common and tensor.name is not None and tensor.name.isidentifier()
    ]
    return names[-1] if names else ""
