"""Where in its line each node was made, and what the program's own words are for what went into it.

Static: the syntax tree of an executed statement is laid over the nodes that its steps made. It begins where something
is certain (the variable that is assigned, the tensor that ``backward`` starts from, the one node that fits) and goes
down along the edges; an expression and a node belong together when the names and all that is known of what goes in
agree. Where that is not certain there is no answer.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ...source.names import words
from ...source.tree import ProgramTree
from ...trace import Node
from ..index import TraceIndex
from .executed import Executed, read
from .matching import Match, Matching
from .operations import base

__all__ = ["Expression", "Words"]

# The functions that these belong to give several tensors: an element of that is an expression for one of them.
_OF_SEVERAL = words(
    """
    CummaxBackward0 CumminBackward0 KthvalueBackward0 LinalgEighBackward0 LinalgInvExBackward0 LinalgSvdBackward0
    MaxBackward0 MedianBackward1 MinBackward0 ModeBackward0 NanmedianBackward1 SortBackward0 SplitBackward0
    SplitWithSizesBackward0 StdMeanBackward0 TopkBackward0 UnbindBackward0 UnsafeSplitBackward0 VarMeanBackward0
    """
)


@dataclass(frozen=True)
class Expression:
    """A part of the program. Lines count from 1, columns from 0, in characters; the end is behind the last one.

    ``text`` is on one line.
    """

    text: str
    line: int
    column: int
    end_line: int
    end_column: int


class Words:
    """Answers for one trace; each executed statement is looked at when it is first asked about."""

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self._tree = read(index.trace.program.source)
        self._executed = Executed(index, self._tree) if self._tree is not None else None
        self._matches: dict[tuple[int, ...], dict[str, Match]] = {}

    def expression(self, node_id: str) -> Expression | None:
        """Return the expression whose value is the output of a node."""
        match = self._match(node_id)
        if match is None or match.expression is None or self._tree is None:
            return None
        if isinstance(match.expression, ast.Call) and self._index.nodes[node_id].name in _OF_SEVERAL:
            return None
        return _placed(self._tree, match.expression)

    def argument(self, node_id: str, slot: int) -> str | None:
        """Return the program's words for what went into a slot of a node, on one line."""
        match = self._match(node_id)
        if match is not None and self._tree is not None and slot < len(match.slots):
            given = match.slots[slot]
            if given is not None:
                return _text(self._tree, given)
        target = next((edge.target for edge in self._index.edges_from.get(node_id, ()) if edge.slot == slot), None)
        return self._output(target) if target is not None else None

    def _output(self, node_id: str) -> str | None:
        """What the output of a node is called: the leaf, the one variable, the expression; or the transpose of that."""
        node = self._index.nodes.get(node_id)
        if node is None:
            return None
        if node.leaf is not None:
            return node.leaf
        made = {tensor.origin: tensor.name for tensor in self._index.made.get(node_id, ())}
        if len(made) == 1:
            return next(iter(made.values()))
        if (found := self.expression(node_id)) is not None and not made:
            return found.text
        return self._transposed(node) if not made else None

    def _transposed(self, node: Node) -> str | None:
        edges = self._index.edges_from.get(node.id, ())
        if base(node.name) != "T" or len(edges) != 1:
            return None
        target = self._index.nodes.get(edges[0].target)
        return f"{target.leaf}.T" if target is not None and target.leaf is not None else None

    def _match(self, node_id: str) -> Match | None:
        node = self._index.nodes.get(node_id)
        if node is None or self._executed is None or self._tree is None:
            return None
        run = self._executed.run(node.step)
        if run is None:
            return None
        if run.steps not in self._matches:
            self._matches[run.steps] = Matching(self._index, self._tree, self._executed, run).found()
        return self._matches[run.steps].get(node_id)


def _text(tree: ProgramTree, expression: ast.expr) -> str:
    text = tree.text(expression)
    return ast.unparse(expression) if "\n" in text else text


def _placed(tree: ProgramTree, expression: ast.expr) -> Expression:
    (line, column), (end_line, end_column) = (
        (at_line, offset - tree.starts[at_line - 1])
        for at_line, offset in (
            (expression.lineno, tree.start(expression)),
            (expression.end_lineno or expression.lineno, tree.end(expression)),
        )
    )
    return Expression(_text(tree, expression), line, column, end_line, end_column)
