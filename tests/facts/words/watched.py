"""Plain Python with a witness around every expression: which node PyTorch made for it, by PyTorch's own count.

Nothing of the app takes part: a program's tree is rewritten so that the value of each expression passes through a
function that looks at its ``grad_fn``, and run.
"""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import types
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import torch

# Lines from 1, columns from 0 in characters: the first and behind the last.
Place = tuple[int, int, int, int]


@dataclass
class Watched:
    """What was seen, by the node's number: the ``places`` and ``texts`` of expressions whose value it gave.

    ``into`` are the texts of what goes into each slot, as far as an expression had that value; ``loose`` those of all
    values that no node gave.
    """

    names: dict[int, str] = field(default_factory=dict)
    places: defaultdict[int, set[Place]] = field(default_factory=lambda: defaultdict(set))
    into: dict[int, list[set[str] | None]] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)


def watched(source: str) -> Watched:
    """Run a program, with the random numbers that the app gives it, and return what was seen."""
    seen, kept = Watched(), list[Any]()
    texts: defaultdict[object, set[str]] = defaultdict(set)
    rewriter = _Witnesses(source)
    first = _next_number()

    def key(node: Any) -> object:
        return id(node.variable) if hasattr(node, "variable") else node._sequence_nr() - first

    def witness(number: int, value: Any) -> Any:
        where, text = rewriter.expressions[number]
        kept.append(value)
        node = value.grad_fn if isinstance(value, torch.Tensor) else None
        if node is None:
            texts[id(value)].add(text)
            seen.loose.add(text)
            return value
        made = node._sequence_nr() - first
        kept.append(node)
        texts[made].add(text)
        seen.names[made] = node.name()
        seen.places[made].add(where)
        below = [None if other is None else key(other) for other, _ in node.next_functions]
        seen.into[made] = [None if other is None else texts[other] for other in below]
        return value

    module = types.ModuleType("__main__")
    module.__dict__["_witness_"] = witness
    before = sys.modules["__main__"]
    torch.manual_seed(0)
    sys.modules["__main__"] = module
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), contextlib.suppress(Exception):
            exec(compile(rewriter.tree, "<program>", "exec"), module.__dict__)
    finally:
        sys.modules["__main__"] = before
    return seen


def _next_number() -> int:
    made: Any = torch.zeros(1, requires_grad=True).clone().grad_fn
    return int(made._sequence_nr()) + 1


class _Witnesses(ast.NodeTransformer):
    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self.expressions: list[tuple[Place, str]] = []
        self.tree = ast.fix_missing_locations(self.visit(ast.parse(source)))

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.JoinedStr | ast.arguments | ast.match_case):
            return node
        text = ast.unparse(node) if isinstance(node, ast.expr) else ""
        visited = self.generic_visit(node)
        if not isinstance(node, ast.expr) or isinstance(node, ast.Starred | ast.Slice):
            return visited
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return visited
        first = self._column(node.lineno, node.col_offset)
        place = node.lineno, first, node.end_lineno or 0, self._column(node.end_lineno, node.end_col_offset)
        self.expressions.append((place, text))
        number = ast.Constant(len(self.expressions) - 1)
        call: list[Any] = [number, visited]
        return ast.copy_location(ast.Call(ast.Name("_witness_", ast.Load()), call, []), node)

    def _column(self, line: int | None, column: int | None) -> int:
        return len(self._lines[(line or 1) - 1].encode()[: column or 0].decode())
