"""What a rule may ask about a failed run: the failing statement, what its names stood for, what backward did before.

Every answer comes from the trace. Where the trace does not know, the answer is ``None`` or empty, and the rule falls
back to general words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from ..trace import Backward, Failure, Node, Tensor, Trace
from .hints import insert_before, replace_line
from .source import Source, Statement, shown

Value = Tensor | str


class Situation:
    """One failed run, seen from its failing line."""

    def __init__(self, trace: Trace, failure: Failure) -> None:
        self.trace = trace
        self.failure = failure
        self.source = Source(trace.program.source)
        self.statement = self.source.at(failure.line)

    # The failing statement ------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """The syntax tree of the failing statement, outermost first; empty where there is none."""
        return self.statement.nodes if self.statement is not None else ()

    @property
    def calls(self) -> list[ast.Call]:
        """The calls in the failing statement."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    def calls_of(self, *names: str) -> list[ast.Call]:
        """The calls of a method or function with one of these names, whatever it is called on."""
        return [call for call in self.calls if called(call) in names]

    def text(self, node: ast.AST) -> str:
        """A node's source text."""
        return self.statement.text(node) if self.statement is not None else ""

    def shown(self, node: ast.AST) -> str:
        """A node's source text for a sentence, between backticks."""
        return shown(self.text(node))

    @property
    def here(self) -> str:
        """The failing line, for the beginning of a sentence."""
        return f"Line {self.failure.line}" if self.failure.line is not None else "The program"

    def hint(self, *changes: tuple[ast.AST, str]) -> str | None:
        """The failing statement with nodes' texts replaced, as a hint."""
        return self.hint_at(self.statement, *changes)

    @staticmethod
    def hint_at(statement: Statement | None, *changes: tuple[ast.AST, str]) -> str | None:
        """A statement with nodes' texts replaced, as a hint."""
        code = statement.edited(changes) if statement is not None else None
        return replace_line(statement.first, code) if statement is not None and code is not None else None

    def before(self, code: str) -> str | None:
        """A statement in front of the failing one, as a hint."""
        return insert_before(self.statement.first, code) if self.statement is not None else None

    @cached_property
    def torch(self) -> str:
        """What the program calls ``torch``."""
        for statement in self.source.statements:
            for node in statement.nodes:
                for alias in node.names if isinstance(node, ast.Import) else ():
                    if alias.name == "torch":
                        return alias.asname or "torch"
        return "torch"

    # Variables ------------------------------------------------------------------------------------------------------

    @cached_property
    def _scopes(self) -> dict[str | None, dict[str, Value]]:
        scopes: dict[str | None, dict[str, Value]] = {None: {}}
        for step in self.trace.steps:
            scope = scopes.setdefault(step.function, {})
            for name, value in step.variables.items():
                scope[name] = self.newest.get(value, value)
        return scopes

    @cached_property
    def newest(self) -> dict[str, Tensor]:
        """By the id of any record of a tensor: its last record."""
        last = {tensor.origin: tensor for tensor in self.trace.tensors}
        return {tensor.id: last[tensor.origin] for tensor in self.trace.tensors}

    @cached_property
    def function(self) -> str | None:
        """The program's function that the failing line is in."""
        for step in reversed(self.trace.steps):
            if step.line == self.failure.line:
                return step.function
        return None

    @property
    def variables(self) -> dict[str, Value]:
        """What each visible name stood for at the failure: a tensor's last record or a short text."""
        outer = self._scopes[None]
        return outer if self.function is None else {**outer, **self._scopes.get(self.function, {})}

    def value(self, node: ast.AST | None) -> Value | None:
        """What an expression stood for, if it is a variable, or an attribute under which a tensor is known."""
        if isinstance(node, ast.Name):
            return self.variables.get(node.id)
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node)
            return next((tensor for tensor in reversed(self.trace.tensors) if tensor.name == path), None)
        return None

    def tensor(self, node: ast.AST | None) -> Tensor | None:
        """The tensor that an expression stood for, if it is known."""
        value = self.value(node)
        return value if isinstance(value, Tensor) else None

    def tensors_in(self, root: ast.AST) -> Iterator[tuple[ast.Name, Tensor]]:
        """The variables of an expression that stood for tensors, each once."""
        seen = set()
        for node in ast.walk(root):
            if isinstance(node, ast.Name) and node.id not in seen:
                seen.add(node.id)
                if (tensor := self.tensor(node)) is not None:
                    yield node, tensor

    def made_on(self, tensor: Tensor) -> int | None:
        """The line that first bound this tensor object to a variable."""
        for step in self.trace.steps:
            for value in step.variables.values():
                record = self.newest.get(value)
                if record is not None and record.origin == tensor.origin:
                    return step.line
        return None

    def assignment(self, name: str) -> Statement | None:
        """The last statement that bound a plain name before the failure, as the trace shows it."""
        steps = self.trace.steps
        ended = bool(steps) and steps[-1].line == self.failure.line
        for step in reversed(steps[:-1] if ended else steps):
            if name in step.variables and step.function in (self.function, None):
                return self.source.at(step.line)
        return None

    # Autograd -------------------------------------------------------------------------------------------------------

    @cached_property
    def backwards(self) -> dict[str, Backward]:
        """The engine's runs by id."""
        return {backward.id: backward for backward in self.trace.backwards}

    @cached_property
    def graph(self) -> dict[str, Node]:
        """The graph's nodes by id."""
        return {node.id: node for node in self.trace.nodes}

    @property
    def node(self) -> Node | None:
        """The node in which the engine stopped."""
        return self.graph.get(self.failure.node or "")

    @property
    def backward(self) -> Backward | None:
        """The engine run that failed."""
        return self.backwards.get(self.failure.backward or "")

    def variable_at(self, node: Node | None) -> str | None:
        """The variable whose ``grad_fn`` is this node."""
        for tensor in self.trace.tensors:
            if node is not None and tensor.node == node.id and tensor.name is not None:
                return tensor.name
        return None


def called(call: ast.Call) -> str:
    """The last name of what is called: ``backward`` for ``y.backward()``; empty for anything without a name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def receiver(call: ast.Call) -> ast.expr | None:
    """``y`` for ``y.backward()``."""
    return call.func.value if isinstance(call.func, ast.Attribute) else None


def argument(call: ast.Call, place: int, keyword: str | None = None) -> ast.expr | None:
    """An argument by its place or its keyword."""
    for given in call.keywords:
        if keyword is not None and given.arg == keyword:
            return given.value
    if any(isinstance(given, ast.Starred) for given in call.args[: place + 1]):
        return None
    return call.args[place] if place < len(call.args) else None


def shape(tensor: Tensor) -> str:
    """A shape as Python writes it: ``(3,)``, and in words for a single number."""
    sizes = ", ".join(str(size) for size in tensor.shape)
    return f"shape ({sizes}{',' * (len(tensor.shape) == 1)})" if tensor.shape else "no dimensions"


def elements(tensor: Tensor) -> int:
    """How many numbers a tensor holds."""
    count = 1
    for size in tensor.shape:
        count *= size
    return count
