"""What a remark may ask about a run that reached its end: what names stood for at a step, optimizers, graph, gradients.

A remark is only as good as its certainty, so whatever the trace does not show for sure is ``None`` or empty here.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ...source.names import NN, OPTIM
from ...source.statements import ProgramStatements, Statement
from ...source.tree import dotted, full_name, imported
from ...trace import Edge, GradientChange, Node, Step, Tensor, Trace
from ..situation import called, receiver

_MUST_BE_WHOLE = frozenset({"steps", "tensors", "nodes", "backwards", "gradients"})
_INLINE = frozenset({"for", "while"})


@dataclass(frozen=True)
class Remark:
    """A line that did something else than its writer may have meant, though the program ran to its end.

    ``hint`` is an edit that ``apply_hint`` can make, or ``None``.
    """

    line: int
    explanation: str
    hint: str | None = None


class Moment(NamedTuple):
    """When something happened: the index of its step, and where in the step's line its call stands."""

    step: int
    column: int = 0


class Optimizer(NamedTuple):
    """An optimizer of ``torch.optim``: its variable, the call that made it, and the moments of its ``step()`` calls."""

    name: str
    statement: Statement
    call: ast.Call
    made: int
    steps: tuple[Moment, ...]
    stepped_by: tuple[Statement, ...]


class At:
    """The tensors that names stood for when a step began."""

    def __init__(self, run: Run, step: Step) -> None:
        self._bound = run.tensors_before(step)
        self.full_name = run.full_name

    def tensor(self, node: ast.AST | None) -> Tensor | None:
        """The tensor that a name stood for, if it is known."""
        return self._bound.get(node.id) if isinstance(node, ast.Name) else None


class Run:
    """A run that reached its end, seen by names, lines and nodes."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.program = ProgramStatements(trace.program.source)
        self.words = {word for statement in self.program.statements for word in statement.words}
        self.tensors = {tensor.id: tensor for tensor in trace.tensors}
        self.nodes = {node.id: node for node in trace.nodes}

    @cached_property
    def whole(self) -> bool:
        """Whether nothing was left out of the trace, so that what is not in it did not happen."""
        cut = any(truncation.observer in _MUST_BE_WHOLE for truncation in self.trace.truncations)
        failed = any(note.observer is not None for note in self.trace.notes)
        calls = self.statements("step", "backward", "zero_grad")
        inline = any(s.words[0] in _INLINE and not s.is_header for s in calls)
        return not (cut or failed or inline or self.trace.steps_truncated)

    # Text -----------------------------------------------------------------------------------------------------------

    def statements(self, *words: str) -> Iterator[Statement]:
        """Yield the statements that mention one of these words."""
        wanted = self.words.intersection(words)
        for statement in self.program.statements if wanted else ():
            if not wanted.isdisjoint(statement.words):
                yield statement

    @cached_property
    def imports(self) -> dict[str, str]:
        """What the names that the program imports stand for."""
        found = (s for s in self.statements("import"))
        return imported(node for statement in found for node in statement.nodes)

    def full_name(self, node: ast.AST) -> str:
        """The dotted path of a name or attribute by the program's imports; empty for anything else."""
        return full_name(self.imports, node)

    @cached_property
    def torch(self) -> str:
        """What the program calls ``torch``."""
        return next((name for name, path in self.imports.items() if path == "torch"), "torch")

    def loop(self, statement: Statement) -> Statement | None:
        """The innermost loop around a statement."""
        loops = [self.program.enclosing(statement, word) for word in ("for", "while")]
        return max((loop for loop in loops if loop is not None), key=lambda loop: loop.first, default=None)

    def together(self, first: Statement, second: Statement) -> bool:
        """Whether two statements stand in one block, on lines of their own."""
        between = [s for s in self.program.statements if first.first <= s.first <= second.first or s is second]
        if first.first > second.first:
            between = [s for s in self.program.statements if second.first <= s.first <= first.first]
        return first.indent == second.indent and all(len(s.indent) >= len(first.indent) for s in between)

    # Steps ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _visits(self) -> dict[int, list[Step]]:
        found: defaultdict[int, list[Step]] = defaultdict(list)
        for step in self.trace.steps:
            found[step.line].append(step)
        return found

    def step(self, index: int | None) -> Step | None:
        """The step of that index, if the trace goes so far."""
        return self.trace.steps[index] if index is not None and index < len(self.trace.steps) else None

    def visits(self, statement: Statement) -> list[Step]:
        """The steps that ran a statement."""
        return self._visits.get(statement.first, [])

    def before(self, step: Step) -> dict[str, str]:
        """What each visible name stood for when a step began: a tensor's id, or a short text."""
        outer: dict[str, str] = {}
        inner: dict[str, str] = {}
        for earlier in self.trace.steps[: step.index]:
            if (earlier.last if earlier.last is not None else earlier.index) < step.index:
                if earlier.function is None:
                    outer.update(earlier.variables)
                elif earlier.function == step.function:
                    inner.update(earlier.variables)
        return {**outer, **inner, **self._arguments(step)}

    def _arguments(self, step: Step) -> dict[str, str]:
        """What a function was called with: the first step in it has that, unless its line binds the name anew."""
        statement = self.program.at(step.line)
        if step.function is None or statement is None:
            return {}
        header = self.program.enclosing(statement, "def")
        parameters = header.parameters if header is not None else []
        bound = {node.id for node in statement.find(ast.Name) if isinstance(node.ctx, ast.Store)}
        return {name: step.variables[name] for name in parameters if name in step.variables and name not in bound}

    def tensors_before(self, step: Step) -> dict[str, Tensor]:
        """The tensors that names stood for when a step began."""
        found = self.before(step).items()
        return {name: self.tensors[value] for name, value in found if value in self.tensors}

    def is_module(self, path: str, bound: dict[str, str]) -> bool:
        """Whether a path is that of a module, by its parameters' names or by what is shown of its variable."""
        if path.isidentifier():
            kind = bound.get(path, "")
            return kind in NN or self.program.class_named(kind) is not None
        return bool(path) and any((tensor.name or "").startswith(f"{path}.") for tensor in self.trace.tensors)

    def bound_by(self, tensor: Tensor) -> tuple[Step, Statement] | None:
        """The step that first bound this tensor object to a variable, with its statement."""
        for step in self.trace.steps:
            for value in step.variables.values():
                if value in self.tensors and self.tensors[value].origin == tensor.origin:
                    statement = self.program.at(step.line)
                    return (step, statement) if statement is not None else None
        return None

    # The graph ------------------------------------------------------------------------------------------------------

    @cached_property
    def edges_from(self) -> dict[str, list[Edge]]:
        """The edges along which each node's gradients leave."""
        found: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in self.trace.edges:
            found[edge.source].append(edge)
        return found

    @cached_property
    def edges_to(self) -> dict[str, list[Edge]]:
        """The edges along which gradients come to each node."""
        found: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in self.trace.edges:
            found[edge.target].append(edge)
        return found

    @cached_property
    def by_node(self) -> dict[str, Tensor]:
        """The variable whose ``grad_fn`` each node is."""
        return {tensor.node: tensor for tensor in self.trace.tensors if tensor.node is not None}

    def below(self, node: Node, slot: int) -> Node | None:
        """The node at the end of the edge from a node's slot."""
        found = [edge.target for edge in self.edges_from.get(node.id, ()) if edge.slot == slot]
        return self.nodes.get(found[0]) if len(found) == 1 else None

    # Training -------------------------------------------------------------------------------------------------------

    @cached_property
    def leaves(self) -> dict[str, Tensor]:
        """By origin: the first record of each tensor that got a gradient."""
        origins = {change.tensor for change in self.trace.gradients}
        return {origin: self.tensors[origin] for origin in origins if origin in self.tensors}

    @cached_property
    def variables(self) -> set[str]:
        """The origins of the tensors that variables of the program's top level stood for, which are looked at often."""
        named = (value for step in self.trace.steps if step.function is None for value in step.variables.values())
        return {self.tensors[value].origin for value in named if value in self.tensors}

    @cached_property
    def changes(self) -> dict[str, list[GradientChange]]:
        """The changes of each leaf's ``.grad``, by its origin."""
        found: defaultdict[str, list[GradientChange]] = defaultdict(list)
        for change in self.trace.gradients:
            if change.tensor is not None:
                found[change.tensor].append(change)
        return found

    @cached_property
    def moved(self) -> set[str]:
        """The origins of the tensors whose numbers were changed in place."""
        latest: dict[str, Tensor] = {}
        found = set()
        for tensor in self.trace.tensors:
            before = latest.get(tensor.origin)
            # Numbers that changed behind the version counter make a record in which nothing else is new.
            if before is not None and (
                before.version != tensor.version or before.requires_grad == tensor.requires_grad
            ):
                found.add(tensor.origin)
            latest[tensor.origin] = tensor
        return found

    def moment(self, change: GradientChange) -> Moment | None:
        """When a ``.grad`` was changed; ``None`` where the trace does not say."""
        statement = self.program.at(change.line)
        if change.step is None or statement is None or _sets_back_too(statement):
            return None
        wanted = "backward" if change.cause == "backward" else "zero_grad"
        calls = [call for call in statement.calls if called(call) == wanted] if "step" in statement.words else []
        return Moment(change.step, max((call.col_offset for call in calls), default=0))

    @cached_property
    def timed(self) -> list[tuple[Moment, str, GradientChange]] | None:
        """The changes of every ``.grad`` in their order; ``None`` where the trace does not tell it."""
        found = []
        for origin, changes in self.changes.items():
            for change in changes:
                if (moment := self.moment(change)) is None:
                    return None
                found.append((moment, origin, change))
        return sorted(found, key=lambda entry: entry[0])

    @cached_property
    def passed(self) -> set[str]:
        """The nodes that a ``backward()`` went through."""
        return {step.node for run in self.trace.backwards if run.call == "backward" for step in run.steps}

    @cached_property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers of ``torch.optim`` that are made once and whose ``step()`` takes no closure."""
        made: dict[str, list[tuple[Statement, ast.Call]]] = defaultdict(list)
        for statement in self.statements(*OPTIM):
            for assign in statement.find(ast.Assign):
                path = self.full_name(assign.value.func) if isinstance(assign.value, ast.Call) else ""
                if path.startswith("torch.optim.") and path.rpartition(".")[2] in OPTIM and len(assign.targets) == 1:
                    assert isinstance(assign.value, ast.Call)
                    made[dotted(assign.targets[0])].append((statement, assign.value))
        return [found for name, calls in made.items() if (found := self._optimizer(name, calls)) is not None]

    def _optimizer(self, name: str, calls: list[tuple[Statement, ast.Call]]) -> Optimizer | None:
        if not name or len(calls) != 1 or len(self.visits(calls[0][0])) != 1:
            return None
        moments: list[Moment] = []
        stepped_by: list[Statement] = []
        for statement in self.statements("step"):
            for call in statement.calls:
                owner = receiver(call)
                if called(call) != "step" or owner is None or dotted(owner) != name:
                    continue
                if call.args or call.keywords or statement.first != statement.last:
                    return None
                stepped_by.append(statement)
                moments += [Moment(step.index, call.col_offset) for step in self.visits(statement)]
        statement, call = calls[0]
        return Optimizer(
            name, statement, call, self.visits(statement)[0].index, tuple(sorted(moments)), tuple(stepped_by)
        )


def listed(names: list[str], most: int = 3) -> str:
    """Names for a sentence."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _sets_back_too(statement: Statement) -> bool:
    """Whether one line runs backward and sets gradients back, between which the trace does not look."""
    return "backward" in statement.words and not {"zero_grad", "zero_", "None"}.isdisjoint(statement.words)


def adds_up(change: GradientChange) -> bool:
    """Whether a ``backward()`` added to a gradient that was there, as the numbers show."""
    added, total = change.added, change.total
    if added is None or total is None:
        return False
    if added.values is not None and total.values is not None:
        return bool(added.values != total.values)
    return added.summary is not None and total.summary is not None and added.summary != total.summary


def sets_flag(statement: Statement) -> bool:
    """Whether a statement assigns to a ``requires_grad``."""
    targets = [target for assign in statement.find(ast.Assign) for target in assign.targets]
    return any(isinstance(target, ast.Attribute) and target.attr == "requires_grad" for target in targets)
