"""The checks of an exercise, read from their text: plain Python in which every ``assert`` is one check.

An exercise's file passes its own checks when it is run with plain Python. An ``assert`` is taken apart here: what is
left of ``==``, or the first argument of ``torch.allclose``, came from the answer, what is right of it, or the second,
is expected. The two are worked out in different processes. Reading needs no torch, so that a broken file is named when
the server starts.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from .parsing import parse, parse_expression

CAME, EXPECTED = "what_came", "what_is_expected"
# Functions that compare their first two arguments.
_COMPARING = frozenset({"torch.allclose", "torch.equal", "math.isclose"})


class CheckCellError(ValueError):
    """The text is not what checks look like; ``line`` counts from 1 in it."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Preparation:
    """Statements between the checks: imports, functions and inputs that the answer did not see."""

    code: str


# How a check compares: for being equal, what an object is or whether it is true, in another way (``<``, ``in``).
Comparing = Literal["equal", "identity", "other"]


@dataclass(frozen=True)
class Assertion:
    """One check; ``verdict`` is an expression of ``CAME`` and ``EXPECTED``."""

    title: str
    came: str
    expected: str
    verdict: str
    look_at: str
    comparing: Comparing


def read_checks(text: str) -> list[Preparation | Assertion]:
    """Return the steps of the checks in order.

    Raises:
        CheckCellError: not Python, an ``assert`` without a title or a message, one inside a block, or none at all.
    """
    try:
        tree = parse(text, commands=False).tree
    except SyntaxError as error:
        raise CheckCellError(error.lineno or 1, f"this is not Python: {error.msg}") from None
    lines = text.split("\n")
    steps: list[Preparation | Assertion] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assert):
            steps.append(_assertion(statement, lines))
            continue
        inner = next((node for node in ast.walk(statement) if isinstance(node, ast.Assert)), None)
        if inner is not None:
            raise CheckCellError(inner.lineno, "an assert inside a block is no check; put each at the top level")
        steps.append(Preparation(ast.unparse(statement)))
    if not any(isinstance(step, Assertion) for step in steps):
        raise CheckCellError(1, "there is no assert, so there is no check")
    return steps


def _assertion(statement: ast.Assert, lines: list[str]) -> Assertion:
    line = statement.lineno
    above = lines[line - 2].strip() if line > 1 else ""
    title = above.lstrip("#").strip()
    if not above.startswith("#") or not title:
        raise CheckCellError(line, "a check needs a title: a comment on the line above its assert")
    if not isinstance(statement.msg, ast.Constant) or not isinstance(statement.msg.value, str):
        raise CheckCellError(line, "a check needs a message, a plain string: what to look at when it fails")
    came, expected, verdict, comparing = _parts(statement.test)
    return Assertion(title, came, expected, verdict, statement.msg.value, comparing)


def _parts(test: ast.expr) -> tuple[str, str, str, Comparing]:
    """What came, what is expected, the verdict from the two, and how it compares."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and not _compares_objects(test):
        operator = test.ops[0]
        verdict = ast.unparse(ast.Compare(ast.Name(CAME), test.ops, [ast.Name(EXPECTED)]))
        comparing: Comparing = "identity" if isinstance(operator, ast.Is | ast.IsNot) else "other"
        if isinstance(operator, ast.Eq | ast.NotEq):
            comparing = "equal"
        return ast.unparse(test.left), ast.unparse(test.comparators[0]), verdict, comparing
    if isinstance(test, ast.Call) and ast.unparse(test.func) in _COMPARING and len(test.args) >= 2:
        arguments = [ast.Name(CAME), ast.Name(EXPECTED), *test.args[2:]]
        verdict = ast.unparse(ast.Call(test.func, arguments, test.keywords))
        return ast.unparse(test.args[0]), ast.unparse(test.args[1]), verdict, "equal"
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand), "False", f"bool({CAME}) == {EXPECTED}", "identity"
    return ast.unparse(test), "True", f"bool({CAME}) == {EXPECTED}", "identity"


def _compares_objects(test: ast.Compare) -> bool:
    """Whether it asks if two things are one object, which only their own process can say."""
    return isinstance(test.ops[0], ast.Is | ast.IsNot) and not isinstance(test.comparators[0], ast.Constant)


def comparison_word(verdict: str) -> str:
    """Say how a verdict compares, before the expected value: ``less than 4``; ``==`` and ``is`` are silent."""
    tree = parse_expression(verdict)
    if not isinstance(tree, ast.Compare):
        return ""
    return _WORDS.get(type(tree.ops[0]), "")


_WORDS: dict[type[ast.cmpop], str] = {
    ast.NotEq: "anything but",
    ast.IsNot: "anything but",
    ast.Lt: "less than",
    ast.LtE: "at most",
    ast.Gt: "more than",
    ast.GtE: "at least",
    ast.In: "one of",
    ast.NotIn: "none of",
}
