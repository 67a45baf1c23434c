"""The statements of a program as they were executed: which steps and nodes each has, and what a name meant then."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from ...source import SourceTooLarge, parse
from ...source.tree import ProgramTree
from ...trace import Node
from ..index import TraceIndex

_HEADERS = ast.If | ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith | ast.Try | ast.Match
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# A statement that seems to have more was executed more than once.
_MOST_STEPS = 100

# The nodes whose output a name may be; ``None`` among them where it may be one that no gradient flows through.
Meaning = frozenset[str | None]
UNTRACKED: Meaning = frozenset({None})


class Frame(NamedTuple):
    """A call of a function: by the step that made it, and the function's name; ``None`` twice at the top level."""

    caller: int | None
    function: str | None


@dataclass(frozen=True)
class Run:
    """One execution of a statement: its steps, and the nodes they made, oldest first."""

    statement: ast.stmt
    frame: Frame
    steps: tuple[int, ...]
    nodes: tuple[Node, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the nodes."""
        return frozenset(node.id for node in self.nodes)


def read(source: str) -> ProgramTree | None:
    """Return the program without a notebook's commands, whose lines and columns are those of the program."""
    try:
        found = parse(source)
    except (SyntaxError, SourceTooLarge):
        return None
    return ProgramTree(found.text, found.tree)


class Executed:
    """What was executed, by step. Linear in the trace."""

    def __init__(self, index: TraceIndex, tree: ProgramTree) -> None:
        self._index, self._tree = index, tree
        self._statements = _by_line(tree)
        self._frames = self._framed()
        self._bound: defaultdict[tuple[Frame, str], list[tuple[int, str]]] = defaultdict(list)
        for step, frame in zip(index.trace.steps, self._frames, strict=True):
            for name, value in step.variables.items():
                self._bound[frame, name].append((step.index, value))
        self._groups = self._grouped()
        self._nodes: defaultdict[int, list[Node]] = defaultdict(list)
        for node in index.trace.nodes:
            if node.step is not None and node.number is not None and node.created_by is None:
                self._nodes[node.step].append(node)

    def run(self, step: int | None) -> Run | None:
        """Return the execution that a step is part of; ``None`` where its line does not say which statement it is."""
        if step is None or step not in self._groups:
            return None
        statement, steps = self._groups[step]
        nodes = sorted((node for one in steps for node in self._nodes.get(one, ())), key=lambda node: node.number or 0)
        return Run(statement, self._frames[steps[0]], steps, tuple(nodes))

    def result(self, run: Run, name: str) -> str | None:
        """Return the node whose output a name is after a statement, ``None`` where there is none."""
        found = self._bound.get((run.frame, name), [])
        at = bisect_left(found, (run.steps[-1] + 1, ""))
        tensor = self._index.tensors.get(found[at - 1][1]) if at and found[at - 1][0] in run.steps else None
        return tensor.node if tensor is not None else None

    def meaning(self, run: Run, name: str, *, changed: bool) -> Meaning | None:
        """Return what a name is when a statement begins, ``None`` where that is not known.

        ``changed`` says that the statement itself may bind or change it.
        """
        first = run.steps[0]
        frame = run.frame
        found = self._bound.get((frame, name), [])
        at = bisect_left(found, (first, ""))
        if frame.function is not None and self._begins(run):
            # The parameters of a call are recorded with its first step.
            if changed:
                return None
            if at < len(found) and found[at][0] in run.steps:
                return self._node_of(found[at][1])
        if at == 0 and frame.function is not None:
            if found or not self._is_global(run, name):
                return None
            found = self._bound.get((Frame(None, None), name), [])
            at = bisect_left(found, (first, ""))
        return self._node_of(found[at - 1][1]) if at else None

    def _node_of(self, value: str) -> Meaning | None:
        tensor = self._index.tensors.get(value)
        if tensor is None:
            return UNTRACKED if _is_number(value) else None
        if tensor.node is not None:
            return frozenset({tensor.node})
        leaf = self._index.accumulates.get(tensor.origin)
        return UNTRACKED if leaf is None else frozenset({leaf.id} if tensor.requires_grad else {leaf.id, None})

    def _begins(self, run: Run) -> bool:
        above = next((node for node in self._tree.above(run.statement) if isinstance(node, _DEFINITIONS)), None)
        return above is None or run.statement is above.body[ast.get_docstring(above, clean=False) is not None :][0]

    def _is_global(self, run: Run, name: str) -> bool:
        """Whether a name that is not bound in a function is one of the program's top level."""
        above = [node for node in self._tree.above(run.statement) if isinstance(node, ast.FunctionDef | ast.Lambda)]
        if len(above) != 1:
            return False
        inside = ast.walk(above[0])
        return not any(
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in inside
        )

    def _framed(self) -> list[Frame]:
        frames: list[Frame] = []
        open_: list[tuple[int, int]] = []
        for step in self._index.trace.steps:
            while open_ and open_[-1][1] < step.index:
                open_.pop()
            frames.append(Frame(open_[-1][0] if open_ else None, step.function))
            open_.append((step.index, step.last if step.last is not None else step.index))
        return frames

    def _grouped(self) -> dict[int, tuple[ast.stmt, tuple[int, ...]]]:
        """The steps of each execution: of a statement of several lines, those that follow one another."""
        found: dict[int, tuple[ast.stmt, tuple[int, ...]]] = {}
        last: dict[Frame, tuple[ast.stmt | None, list[int]]] = {}
        for step, frame in zip(self._index.trace.steps, self._frames, strict=True):
            statement = self._statements.get(step.line) if step.function != "<lambda>" else None
            before, steps = last.get(frame, (None, []))
            goes_on = statement is not None and statement is before and len(steps) < _MOST_STEPS and _spread(statement)
            last[frame] = statement, [*steps, step.index] if goes_on else [step.index]
            if statement is not None:
                for one in last[frame][1]:
                    found[one] = statement, tuple(last[frame][1])
        return found


def _spread(statement: ast.stmt) -> bool:
    """Whether the text that a statement executes stands on several lines."""
    last = statement.end_lineno
    if isinstance(statement, _HEADERS):
        last = max((part.end_lineno or 0 for part in headed(statement)), default=0)
    return (last or 0) > statement.lineno


def headed(statement: ast.stmt) -> list[ast.expr]:
    """Return the expressions of a statement, without those of the blocks in it."""
    parts: list[ast.expr] = []
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            parts.append(child)
        elif isinstance(child, ast.withitem):
            parts.append(child.context_expr)
    return parts


def _by_line(tree: ProgramTree) -> dict[int, ast.stmt]:
    """The one statement that is executed at each line."""
    found: defaultdict[int, list[ast.stmt]] = defaultdict(list)
    for node in tree.nodes:
        if not isinstance(node, ast.stmt) or isinstance(node, _DEFINITIONS):
            continue
        last = node.end_lineno or node.lineno
        if isinstance(node, _HEADERS):
            last = max([node.lineno, *(part.end_lineno or 0 for part in headed(node))])
        for line in range(node.lineno, last + 1):
            found[line].append(node)
    return {line: statements[0] for line, statements in found.items() if len(statements) == 1}


def _is_number(value: str) -> bool:
    try:
        complex(value)
    except ValueError:
        return value in ("True", "False")
    return True
