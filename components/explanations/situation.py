"""What a rule may ask about a failed run, and what it answers.

A rule asks for the failing statement, what its names stood for and what backward did before. Every answer comes from
the trace. Where the trace does not know, the answer is ``None`` or empty, and the rule falls back to general words.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple, TypeVar

from ..source.edits import Edit
from ..source.statements import ProgramStatements, Replacement, Statement
from ..source.tree import full_name, imported
from ..trace import Backward, Failure, FailureKind, Node, Step, Tensor, Trace
from .ancestry import Ancestry
from .hints import insert_before, replace_line

Value = Tensor | str
_LONGEST_SHOWN = 60
_Node = TypeVar("_Node", bound=ast.AST)


class Situation:
    """One failed run, seen from its failing line."""

    def __init__(self, trace: Trace, failure: Failure) -> None:
        self.trace = trace
        self.failure = failure
        self.program = ProgramStatements(trace.program.source)
        self.statement = self.program.at(failure.line)

    # The failing statement ------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """The syntax tree of the failing statement, outermost first; empty where there is none."""
        return self.statement.nodes if self.statement is not None else ()

    def find(self, kind: type[_Node]) -> Iterator[_Node]:
        """The nodes of a kind in the failing statement."""
        return self.statement.find(kind) if self.statement is not None else iter(())

    @property
    def calls(self) -> tuple[ast.Call, ...]:
        """The calls in the failing statement."""
        return self.statement.calls if self.statement is not None else ()

    def calls_of(self, *names: str) -> list[ast.Call]:
        """The calls of a method or function with one of these names, whatever it is called on."""
        return [call for call in self.calls if called(call) in names]

    def text(self, node: ast.AST) -> str:
        """A node's source text."""
        return self.statement.text(node) if self.statement is not None else ""

    def operand(self, node: ast.expr) -> str:
        """A node's source text, in parentheses where a method can not be called on it as it stands."""
        return self.statement.operand(node) if self.statement is not None else ""

    def shown(self, node: ast.AST) -> str:
        """A node's source text for a sentence, between backticks."""
        return shown(self.text(node))

    @property
    def here(self) -> str:
        """The failing line, for the beginning of a sentence."""
        return f"Line {self.failure.line}" if self.failure.line is not None else "The program"

    def owner(self, call: ast.Call) -> str:
        """``(x * 2)`` for ``(x * 2).backward()``, with its parentheses."""
        return self.statement.owner(call) if self.statement is not None else ""

    def with_keyword(self, call: ast.Call, name: str, value: str) -> Edit | None:
        """The edit that gives a keyword argument of a call in the failing statement its value."""
        return self.statement.with_keyword(call, name, value) if self.statement is not None else None

    def hint(self, *replacements: Replacement) -> str | None:
        """The failing statement with edits made, as a hint."""
        return self.hint_at(self.statement, *replacements)

    @staticmethod
    def hint_at(statement: Statement | None, *replacements: Replacement) -> str | None:
        """A statement with edits made, as a hint."""
        code = statement.edited(*replacements) if statement is not None else None
        return replace_line(statement.first, code) if statement is not None and code is not None else None

    def before(self, code: str) -> str | None:
        """A statement in front of the failing one, as a hint."""
        return insert_before(self.statement.first, code) if self.statement is not None else None

    # The whole program ----------------------------------------------------------------------------------------------

    def calls_anywhere(self, *names: str) -> Iterator[tuple[Statement, ast.Call]]:
        """The calls in the whole program of a method or function with one of these names, whatever it is called on."""
        for statement in self.program.statements:
            yield from ((statement, call) for call in statement.calls if called(call) in names)

    @property
    def other_texts(self) -> set[str]:
        """The strings that the program writes down outside of the failing statement."""
        others = (statement for statement in self.program.statements if statement is not self.statement)
        constants = (node for other in others for node in other.find(ast.Constant))
        return {node.value for node in constants if isinstance(node.value, str)}

    @cached_property
    def imports(self) -> dict[str, str]:
        """What the names that the program imports stand for: ``{"mp": "torch.multiprocessing"}``."""
        return imported(node for statement in self.program.statements for node in statement.nodes)

    def full_name(self, node: ast.AST) -> str:
        """The dotted path of a name or attribute by the program's imports; empty for anything else."""
        return full_name(self.imports, node)

    def calls_below(self, *paths: str) -> Iterator[tuple[Statement, ast.Call]]:
        """The calls in the whole program of what lies at one of these dotted paths or below it."""
        for statement in self.program.statements:
            for call in statement.calls:
                if is_below(self.full_name(call.func), paths):
                    yield statement, call

    @cached_property
    def torch(self) -> str:
        """What the program calls ``torch``."""
        return next((name for name, path in self.imports.items() if path == "torch"), "torch")

    @property
    def used(self) -> list[str]:
        """The dotted paths that the failing statement uses, directly or through variables bound to calls."""
        found: list[str] = []
        for node in self.nodes:
            if isinstance(node, ast.Name | ast.Attribute):
                found.append(self.full_name(node))
            if isinstance(node, ast.Name) and node.id not in self.imports:
                bound = self.assignment(node.id)
                found += [self.full_name(call.func) for call in (bound.calls if bound is not None else ())]
        return [path for path in found if path]

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

    # Steps ----------------------------------------------------------------------------------------------------------

    def during(self, index: int | None) -> list[tuple[Step, Statement]]:
        """Return what was being run at a step: its own statement last, before it the calls that led there."""
        steps = self.trace.steps
        if index is None or not 0 <= index < len(steps):
            return []
        found = []
        for step in steps[: index + 1]:
            statement = self.program.at(step.line)
            if statement is not None and (step.index == index or (step.last or step.index) >= index):
                found.append((step, statement))
        return found

    def loop(self, statement: Statement | None) -> Statement | None:
        """Return the header of the innermost loop around a statement, in its own function."""
        while statement is not None:
            statement = self.program.header(statement)
            if statement is not None and statement.words[0] in ("def", "class", "async"):
                return None
            if statement is not None and statement.words[0] in ("for", "while"):
                return statement
        return None

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
        """What an expression stood for, if it is a variable, or a place (``net.h``, ``outs[0]``) of a known tensor."""
        if isinstance(node, ast.Name):
            return self.variables.get(node.id)
        if isinstance(node, ast.Attribute | ast.Subscript):
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
                return self.program.at(step.line)
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

    @cached_property
    def ancestry(self) -> Ancestry:
        """The graph, to be walked."""
        return Ancestry(self.trace)

    @property
    def node(self) -> Node | None:
        """The node in which the engine stopped."""
        return self.graph.get(self.failure.node or "")

    @property
    def backward(self) -> Backward | None:
        """The engine run that failed."""
        return self.backwards.get(self.failure.backward or "")


class Advice(NamedTuple):
    """What an error means in this program, and the line that mends it where one line does."""

    explanation: str
    hint: str | None = None


Explain = Callable[[Situation, "re.Match[str]"], Advice | None]


class Rule(NamedTuple):
    """``pattern`` is searched for in ``ErrorType: message``; ``explain`` may still decline with ``None``."""

    kind: FailureKind
    pattern: re.Pattern[str]
    explain: Explain


class Rules(list[Rule]):
    """The rules of one theme, first match first."""

    def on(self, pattern: str, kind: FailureKind = "raised") -> Callable[[Explain], Explain]:
        """Register the decorated function for errors of this kind whose ``ErrorType: message`` matches."""

        def register(explain: Explain) -> Explain:
            self.append(Rule(kind, re.compile(pattern), explain))
            return explain

        return register


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
    return math.prod(tensor.shape)


def is_below(path: str, places: tuple[str, ...]) -> bool:
    """Whether a dotted path is one of these places or lies in one."""
    return any(path == place or path.startswith(f"{place}.") for place in places)


def shown(text: str) -> str:
    """Program text between backticks, on one line, and cut if it is long."""
    text = " ".join(text.split()).replace("`", "'")
    return f"`{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + '…'}`"


def listed(lines: list[int]) -> str:
    """Return ``line 4``, ``lines 4 and 5``."""
    numbers = [str(line) for line in lines]
    return f"line {numbers[0]}" if len(lines) == 1 else f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def of_kind(kind: str) -> str:
    """``an `int` `` for the name of a type."""
    return f"{'an' if kind[:1] in 'aeiouAEIO' else 'a'} `{kind}`"
