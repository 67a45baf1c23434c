"""Graphs that a loop keeps from iteration to iteration, though nothing will ever be differentiated through them.

Three ways lead there: a running sum of losses (``total += loss``), a list of them (``losses.append(loss)``), and a
state that is carried on under ``retain_graph=True``. What is differentiated in the end and freed (the states of an RNN,
a sum of losses) is no leak, nor is a sum of plain numbers.

Known limitations: values in dictionaries and attributes are not looked at; nor are loops past the cap on steps.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from ...source.tree import parsed, statements_in
from ...trace import Backward, Step
from . import MemoryIndex

FEWEST = 3
MOST_WALKED = 400_000


@dataclass(frozen=True)
class Leak:
    """A graph that is kept from iteration to iteration: the line that keeps it, and the line that would not.

    ``iterations`` are those whose nodes are still reached at the end, ``nodes`` how many nodes these are, ``bytes``
    what those have saved that is still held.
    """

    kind: Literal["sum", "list", "retained"]
    name: str
    line: int
    code: str
    fix: str
    iterations: int
    nodes: int
    bytes: int


def leaks(memory: MemoryIndex) -> tuple[Leak, ...]:
    """Return the graphs that loops keep, in the order of their lines."""
    loops = LoopIndex(memory)
    found = [_kept(loops, keeping) for keeping in keeping_lines(memory.index.trace.program.source)]
    found.append(_retained(memory))
    return tuple(sorted((leak for leak in found if leak is not None), key=lambda leak: leak.line))


def _leak(memory: MemoryIndex, keeping: Keeping, iterations: int, nodes: Iterable[str]) -> Leak:
    """Return the leak of a line that keeps ``nodes``, of which leaves are no cost."""
    made = [node for node in nodes if memory.index.nodes[node].leaf is None]
    code = memory.index.code(keeping.line)
    return Leak(keeping.kind, keeping.name, keeping.line, code, keeping.fix, iterations, len(made), _held(memory, made))


def _kept(loops: LoopIndex, keeping: Keeping) -> Leak | None:
    steps = loops.steps.get(keeping.line, [])
    if len(steps) < FEWEST:
        return None
    roots = _sums(loops, keeping, steps) if keeping.kind == "sum" else _elements(loops, keeping, steps)
    if len(roots) < FEWEST or _is_differentiated(loops, roots, steps[-1].index):
        return None
    nodes = loops.reached(roots)
    return _leak(loops.memory, keeping, len(roots), nodes) if nodes is not None else None


def _held(memory: MemoryIndex, nodes: Iterable[str]) -> int:
    """Return the bytes that the nodes still kept for backward when the program ended; leaves and states are no cost."""
    end = len(memory.events) - 1
    if end < 0:
        return 0
    blocks = memory.saved_by(node for node in nodes if not memory.was_freed(node, end))
    return memory.bytes_of(b for b in blocks if memory.gone[b] > end and memory.blocks[b].category == "saved")


# --- the nodes that a line kept


def _sums(loops: LoopIndex, keeping: Keeping, steps: Sequence[Step]) -> list[str]:
    """Return the ``grad_fn`` of a running sum after each iteration, of the longest unbroken chain.

    It is a sum of independent graphs: one edge leads to the sum before it, and what is added does not depend on that
    sum (as the state of a residual network or an RNN would).
    """
    chain: list[str] = []
    longest: list[str] = []
    for step in steps:
        tensor = loops.memory.index.tensors.get(step.variables.get(keeping.name, ""))
        node = tensor.node if tensor is not None else None
        if node is None or (chain and not _goes_on(loops, node, chain[-1])):
            chain = []
        if node is not None:
            chain.append(node)
        longest = max(longest, chain, key=len)
    return list(longest)


def _goes_on(loops: LoopIndex, node: str, before: str) -> bool:
    targets = [edge.target for edge in loops.memory.index.edges_from.get(node, ())]
    if before not in targets:
        return False
    # What is older than the sum before cannot depend on it.
    added = loops.reached([target for target in targets if target != before], since=before)
    return added is not None and before not in added


def _elements(loops: LoopIndex, keeping: Keeping, steps: Sequence[Step]) -> list[str]:
    """Return the ``grad_fn`` of what was appended in each iteration, if the graphs are independent."""
    held = loops.elements[keeping.name]
    if keeping.variable is not None:
        held = [loops.node_of(keeping.variable, step.index) for step in steps]
    roots = list(dict.fromkeys(node for node in held if node is not None))
    if len(roots) < 2:
        return roots
    last = loops.reached([roots[-1]])
    return [] if last is None or roots[-2] in last else roots


def _is_differentiated(loops: LoopIndex, roots: Sequence[str], last_step: int) -> bool:
    """Return whether what was kept is used: a call came to two of the kept graphs at once, or to one after the loop."""
    passed = Counter(run for node in set(roots) for run in loops.passed.get(node, ()))
    runs = loops.memory.index.trace.backwards
    return any(times >= 2 or (runs[run].step or 0) > last_step for run, times in passed.items())


# --- a state that is carried on


def _retained(memory: MemoryIndex) -> Leak | None:
    """Return the call under ``retain_graph=True`` in a loop that goes through all earlier iterations again."""
    by_line: defaultdict[int, list[Backward]] = defaultdict(list)
    for run in memory.index.trace.backwards:
        if run.line is not None and not run.internal:
            by_line[run.line].append(run)
    freed = memory.index.freed_by
    for line, runs in by_line.items():
        if len(runs) < FEWEST or not all(run.retain_graph for run in runs):
            continue
        sizes = [len(run.steps) for run in runs]
        seen = [{step.node for step in run.steps} for run in runs]
        grows = all(one < other for one, other in pairwise(sizes))
        inside = all(_most_are_in(one, other, memory) for one, other in pairwise(seen))
        if grows and inside and not any(node in freed for node in seen[-1]):
            name = _carried(memory, seen)
            fix = f"{name} = {name}.detach()" if name else ""
            return _leak(memory, Keeping("retained", name, line, fix), len(runs), seen[-1])
    return None


def _most_are_in(one: set[str], other: set[str], memory: MemoryIndex) -> bool:
    """Whether a call came again to what the call before it had passed, but for the nodes at its end (the loss)."""
    made = [node for node in one if memory.index.nodes[node].leaf is None]
    return 2 * sum(node in other for node in made) >= len(made)


def _carried(memory: MemoryIndex, seen: Sequence[set[str]]) -> str:
    """Return the variable through which the last call came to the iteration before it, empty if none is known."""
    common = (seen[-1] & seen[-2]) - seen[-3]
    names = [
        tensor.name
        for tensor in memory.index.trace.tensors
        if tensor.node in common and tensor.name is not None and tensor.name.isidentifier()
    ]
    return names[-1] if names else ""


# --- what is looked up again and again


class LoopIndex:
    """Look-up tables over a trace for its loops; ``walked`` counts the nodes that were visited so far."""

    def __init__(self, memory: MemoryIndex) -> None:
        self.memory = memory
        self.walked = 0

    @cached_property
    def steps(self) -> dict[int, list[Step]]:
        """The steps of each line, in order."""
        found: defaultdict[int, list[Step]] = defaultdict(list)
        for step in self.memory.index.trace.steps:
            found[step.line].append(step)
        return found

    def node_of(self, variable: str, step: int) -> str | None:
        """Return the ``grad_fn`` of what a variable was bound to last, up to a step of that index."""
        indices, nodes = self._bound.get(variable, ([], []))
        place = bisect_right(indices, step)
        return nodes[place - 1] if place else None

    @cached_property
    def _bound(self) -> dict[str, tuple[list[int], list[str | None]]]:
        found: defaultdict[str, tuple[list[int], list[str | None]]] = defaultdict(lambda: ([], []))
        for step in self.memory.index.trace.steps:
            for name, value in step.variables.items():
                tensor = self.memory.index.tensors.get(value)
                found[name][0].append(step.index)
                found[name][1].append(tensor.node if tensor is not None else None)
        return found

    @cached_property
    def passed(self) -> dict[str, list[int]]:
        """The engine runs, by their place in the trace, that passed each node."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, run in enumerate(self.memory.index.trace.backwards):
            for step in run.steps:
                found[step.node].append(place)
        return found

    @cached_property
    def elements(self) -> defaultdict[str, list[str | None]]:
        """The ``grad_fn`` of each list's elements at the program's end, by the list's name."""
        found: defaultdict[str, list[str | None]] = defaultdict(list)
        for tensor in self.memory.index.trace.tensors:
            if tensor.name is not None and tensor.name.endswith("]"):
                found[tensor.name.partition("[")[0]].append(tensor.node)
        return found

    def reached(self, roots: Iterable[str], since: str | None = None) -> set[str] | None:
        """Return the nodes that the gradient of ``roots`` can reach, ``None`` where that would take too long.

        With ``since``, only those that are not older than that node. All walks together visit ``MOST_WALKED`` nodes.
        """
        oldest = self._places.get(since or "", 0)
        found: set[str] = set()
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node in found or self._places.get(node, 0) < oldest:
                continue
            found.add(node)
            targets = self.memory.index.edges_from.get(node, ())
            pending.extend(edge.target for edge in targets)
            self.walked += 1 + len(targets)
            if self.walked > MOST_WALKED:
                return None
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {node.id: place for place, node in enumerate(self.memory.index.trace.nodes)}


# --- the lines that keep something


@dataclass(frozen=True)
class Keeping:
    """A line in a loop by which ``name`` keeps a graph, and the line that would not.

    ``variable`` is the name of the value that a sum or a list takes up, if it is a variable.
    """

    kind: Literal["sum", "list", "retained"]
    name: str
    line: int
    fix: str
    variable: str | None = None


def keeping_lines(source: str) -> list[Keeping]:
    """Return the statements in loops that add something to what was there before, in the order of their lines."""
    tree = parsed(source, commands=True)
    if tree is None:
        return []
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    found = [_keeping(statement) for loop in loops for statement in statements_in(loop.body)]
    by_line = {keeping.line: keeping for keeping in found if keeping is not None}
    return [by_line[line] for line in sorted(by_line)]


def _keeping(statement: ast.stmt) -> Keeping | None:
    match statement:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub() as op, value=value):
            sign = "+" if isinstance(op, ast.Add) else "-"
            if isinstance(value, ast.List | ast.Tuple):
                return None
            return _of("sum", name, value, statement.lineno, f"{name} {sign}= {{}}")
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=before), op=ast.Add(), right=value)
        ) if before == name:
            return _of("sum", name, value, statement.lineno, f"{name} = {name} + {{}}")
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value], keywords=[])
        ):
            return _of("list", name, value, statement.lineno, f"{name}.append({{}})")
    return None


def _of(kind: Literal["sum", "list"], name: str, value: ast.expr, line: int, form: str) -> Keeping:
    text = ast.unparse(value)
    safe = text if isinstance(value, ast.Name | ast.Call | ast.Attribute | ast.Subscript) else f"({text})"
    fix = form.replace("{}", f"{safe}.item()" if kind == "sum" else f"{safe}.detach()")
    return Keeping(kind, name, line, fix, value.id if isinstance(value, ast.Name) else None)
