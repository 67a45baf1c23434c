"""Lays the expressions of one executed statement over the nodes that it made."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ...source.tree import ProgramTree
from ...trace import Node
from ..index import TraceIndex
from .executed import Executed, Run, headed
from .operations import VIEWS, Operation, Slots, Way, base, element_nodes, operation, updated

# More nodes than that in one statement are those of a large model called at once.
_MOST_NODES = 300
# What Python cannot evaluate in order once: parts of these are not looked into.
_CLOSED = (
    ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.IfExp | ast.BoolOp | ast.JoinedStr
)


@dataclass(frozen=True)
class Match:
    """A node with the expression whose value it gives, and the expressions in its slots; ``None`` where not known.

    ``sure`` says that it was found by more than that nothing speaks against it.
    """

    node: str
    expression: ast.expr | None
    slots: Slots = ()
    sure: bool = False


# What a part of a statement comes to, ``None`` where it cannot be.
_Found = tuple[Match, ...] | None


class Matching:
    """One execution of a statement."""

    def __init__(self, index: TraceIndex, tree: ProgramTree, executed: Executed, run: Run) -> None:
        self._index, self._tree, self._executed, self._run = index, tree, executed, run
        self._nodes = {node.id: node for node in run.nodes}
        self._edges = {id: {edge.slot: edge.target for edge in index.edges_from.get(id, ())} for id in self._nodes}
        self._known: dict[tuple[ast.expr, str | None], _Found] = {}
        self._stored = {
            node.id
            for part in headed(run.statement)
            for node in ast.walk(part)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        self._matches: dict[str, Match] = {}

    def found(self) -> dict[str, Match]:
        """Return the matches by node."""
        if len(self._nodes) > _MOST_NODES:
            return {}
        statement = self._run.statement
        loose: list[ast.expr] = []
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            self._assigned(targets[0], statement.value)
            loose.append(statement.value)
        elif isinstance(statement, ast.AugAssign):
            self._updated(statement)
            loose.append(statement.value)
        else:
            loose += [part for part in headed(statement) if not isinstance(getattr(part, "ctx", None), ast.Store)]
            self._started(statement)
        for expression in loose:
            self._loose(expression, returned=isinstance(statement, ast.Return))
        return self._matches

    # --- where something is certain

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, given in zip(target.elts, value.elts, strict=True):
                self._assigned(one, given)
        elif isinstance(target, ast.Tuple):
            made = {self._executed.result(self._run, one.id) for one in target.elts if isinstance(one, ast.Name)}
            if len(made - {None}) == 1:
                (node,) = made - {None}
                found = self._match(value, node)
                parts = [replace(one, expression=None) if one.expression is value else one for one in found or ()]
                self._take(tuple(parts))
        elif isinstance(target, ast.Name) and (node := self._executed.result(self._run, target.id)) is not None:
            self._take(self._match(value, node))

    def _updated(self, statement: ast.AugAssign) -> None:
        made = updated(statement)
        node = self._executed.result(self._run, statement.target.id) if isinstance(statement.target, ast.Name) else None
        if made is None or node not in self._nodes:
            return
        self._take(next((found for way in made.ways if (found := self._by(way, None, node)) is not None), None))

    def _started(self, statement: ast.stmt) -> None:
        """``backward`` of an expression, and a method that changes a variable."""
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return
        owner = call.func.value
        if call.func.attr == "backward":
            runs = [run for run in self._index.trace.backwards if run.step in self._run.steps and run.inside is None]
            if len(runs) == 1 and len(runs[0].outputs) == 1 and not self._tree.full_name(call.func):
                self._take(self._match(owner, runs[0].outputs[0]))
        elif call.func.attr.endswith("_") and isinstance(owner, ast.Name):
            node = self._executed.result(self._run, owner.id)
            if node in self._nodes:
                self._stored.add(owner.id)
                self._take(self._match(call, node))

    def _loose(self, expression: ast.expr, *, returned: bool) -> None:
        """Match what hangs on nothing that is known, where one expression and one node fit each other and no others."""
        found: dict[ast.expr, list[tuple[str, tuple[Match, ...]]]] = {}
        done = {match.expression for match in self._matches.values()}
        for part in _open_parts(expression):
            made = self._operation(part) if part not in done else None
            fits = self._fitting(part, made) if made is not None and made.kind != "cut" else []
            if part is expression and returned and fits and fits[-1][0] == self._run.nodes[-1].id:
                fits = fits[-1:]
            if fits:
                found[part] = fits
        uses = Counter(node for fits in found.values() for node, _ in fits)
        for part, fits in found.items():
            if len(fits) == 1 and (uses[fits[0][0]] == 1 or (returned and part is expression)):
                self._take(fits[0][1])

    def _fitting(self, expression: ast.expr, made: Operation) -> list[tuple[str, tuple[Match, ...]]]:
        """The nodes that an expression may have made, of those that belong to none yet."""
        if isinstance(expression, ast.Subscript) and not self._is_tensor(expression.value):
            return []
        free = (
            node for node in self._run.nodes if node.id not in self._matches and base(node.name) not in self._hidden
        )
        nodes = [node.id for node in free if self._is_by(made, node)]
        found = ((node, self._match(expression, node)) for node in nodes)
        return [(node, parts) for node, parts in found if parts and self._is_sure(parts, expression, node)]

    @cached_property
    def _hidden(self) -> set[str]:
        """The names of nodes that parts may have made which are not looked into."""
        parts = (part for whole in headed(self._run.statement) for part in ast.walk(whole) if isinstance(part, _CLOSED))
        inside = (self._operation(one) for part in parts for one in ast.walk(part) if isinstance(one, ast.expr))
        return {name for made in inside if made is not None for name in made.results}

    def _is_tensor(self, expression: ast.expr) -> bool:
        """Whether what stands before brackets is known to be no list."""
        if not isinstance(expression, ast.Name):
            return self._operation(expression) is not None
        return self._executed.meaning(self._run, expression.id, changed=expression.id in self._stored) is not None

    def _take(self, found: _Found) -> None:
        for match in found or ():
            self._matches.setdefault(match.node, match)

    # --- an expression and the node that gives its value

    def _match(self, expression: ast.expr, target: str | None) -> _Found:
        """Return the matches of an expression and its parts if ``target`` gives its value, else ``None``."""
        asked = expression, target
        if asked not in self._known:
            self._known[asked] = None  # an expression is no part of itself
            self._known[asked] = self._matched(expression, target)
        return self._known[asked]

    def _matched(self, expression: ast.expr, target: str | None) -> _Found:
        if isinstance(expression, ast.NamedExpr):
            return self._match(expression.value, target)
        made = self._operation(expression)
        if made is None:
            return () if self._may_be(expression, target) else None
        if target is None or made.kind == "cut":
            return () if target is None else None
        if target not in self._nodes:
            return self._through(expression, made, target)
        if isinstance(expression, ast.Subscript):
            return self._element(expression, target)
        named = [way for way in made.ways if base(self._nodes[target].name) in way.names]
        for way in named:
            if (found := self._by(way, expression, target)) is not None:
                return found
        product = isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.MatMult) and not named
        return self._composed(expression, made, target) if product or isinstance(expression, ast.Call) else None

    def _may_be(self, expression: ast.expr, target: str | None) -> bool:
        """Whether something that computes nothing may be what a node gave; a statement's own nodes have no name yet."""
        if isinstance(expression, ast.Constant):
            return target is None
        if isinstance(expression, ast.Attribute):
            return target not in self._nodes
        if not isinstance(expression, ast.Name):
            return True
        meaning = self._executed.meaning(self._run, expression.id, changed=expression.id in self._stored)
        if meaning is None:
            return target not in self._nodes or expression.id in self._stored
        return target in meaning

    def _by(self, way: Way, expression: ast.expr | None, target: str) -> _Found:
        """Match by a way in which one node gives the value."""
        edges = self._edges[target]
        if base(self._nodes[target].name) not in way.names or any(slot >= len(way.slots) for slot in edges):
            return None
        slots = way.slots
        if way.alone and any(edges):
            return None
        if way.inner:
            below = edges.get(0)
            if below not in self._nodes or base(self._nodes[below].name) != way.inner:
                return None
            inside = self._by(Way((way.inner,), slots), None, below)
            return None if inside is None else (Match(target, expression, sure=inside[0].sure), *inside)
        found, all_sure = list[Match](), True
        for slot, given in enumerate(slots):
            if given is None or (slot > 0 and way.alone):
                all_sure = all_sure and slot not in edges
                continue
            parts = self._match(given, below := edges.get(slot))
            if parts is None:
                return None
            # A function may have made more nodes in between, as where it broadcasts.
            sure = below not in self._nodes or self._is_sure(parts, given, below)
            named = sure or (not isinstance(expression, ast.Call) and self._is_named(given, below))
            found += [part for part in parts if named or part.node != below]
            all_sure = all_sure and sure
        return (Match(target, expression, slots, all_sure), *found)

    def _through(self, expression: ast.expr, made: Operation, target: str) -> _Found:
        """What another statement made: the value of a call, of a list, or what goes through an operation unchanged."""
        if isinstance(expression, ast.Subscript):
            return None if self._is_tensor(expression.value) else ()
        handed_on = any(
            self._match(given, target) is not None for given in made.arguments[: 1 if made.passes else None]
        )
        made_inside = made.kind == "call" and self._index.nodes[target].leaf is None
        return () if made_inside or (handed_on and (made.passes or made.kind == "call")) else None

    def _element(self, expression: ast.Subscript, target: str) -> _Found:
        """``x[...]``: from its last node down to what it is an element of."""
        if self._operation(expression.value) is None and not isinstance(expression.value, ast.Name | ast.Attribute):
            return ()
        below = self._match(expression.value, target)
        if below and self._is_sure(below, expression.value, target) and base(self._nodes[target].name) not in VIEWS:
            # One of several outputs.
            return tuple(replace(one, expression=expression) if one.node == target else one for one in below)
        made, node = element_nodes(expression), target
        if made is None:
            return (Match(target, expression),) if base(self._nodes[target].name) in VIEWS else None
        for names in made:
            if node not in self._nodes or base(self._nodes[node].name) not in names or 0 not in self._edges[node]:
                return None
            node = self._edges[node][0]
        parts = self._match(expression.value, node)
        if parts is None:
            return None
        sure = node not in self._nodes or self._is_sure(parts, expression.value, node)
        return (Match(target, expression, (expression.value,) if len(made) == 1 else (), sure), *parts)

    def _composed(self, expression: ast.expr, made: Operation, target: str) -> _Found:
        """A function that made several nodes, of which this is the last; or one that handed on what it was given."""
        inner = [(given, part) for given in made.arguments if (part := self._operation(given)) is not None]
        own = self._is_by(made, self._nodes[target])
        for given, part in inner:
            found = self._match(given, target) if self._is_by(part, self._nodes[target]) else None
            if found and (found[0].sure or not own):
                return found
        matches, below = [Match(target, expression, self._of_layer(made, target))], self._below(target)
        for given, part in reversed(inner):
            nodes = [node.id for node in below if node.id != target and self._is_by(part, node)]
            tried = ((node, self._match(given, node)) for node in nodes)
            fits = [parts for node, parts in tried if parts and self._is_sure(parts, given, node)]
            if len(fits) == 1 or (fits and self._is_only(given)):
                matches += fits[-1]
        return tuple(matches)

    def _of_layer(self, made: Operation, target: str) -> Slots:
        """What went into the product of a linear layer that was called itself."""
        node = self._nodes[target]
        own = made.kind == "call" and made.callee and (node.module or "").rpartition(".")[2] == made.callee
        return (
            (None, made.arguments[0], None) if own and base(node.name) == "Addmm" and len(made.arguments) == 1 else ()
        )

    def _is_named(self, expression: ast.expr, node: str | None) -> bool:
        made = self._operation(expression)
        return made is not None and node in self._nodes and self._is_by(made, self._nodes[node])

    def _is_sure(self, parts: tuple[Match, ...], expression: ast.expr, node: str | None) -> bool:
        """Whether a node was found for an expression itself, by more than that it may be anything."""
        made = self._operation(expression)
        if made is None or node not in self._nodes:
            return False
        last = made.last if isinstance(expression, ast.Call) else ()
        named = base(self._nodes[node].name) in last or (made.kind == "call" and self._is_by(made, self._nodes[node]))
        return any(one.node == node and one.expression is expression and (one.sure or named) for one in parts)

    def _is_by(self, made: Operation, node: Node) -> bool:
        """Whether a node may be the result of an operation by its name, or by the module that was called."""
        if made.kind == "torch":
            return base(node.name) in made.results
        if not made.callee or node.module is None or made.callee not in node.module.split("."):
            return False
        above = (self._nodes.get(edge.source) for edge in self._index.edges_to.get(node.id, ()))
        return not any(one is not None and made.callee in (one.module or "").split(".") for one in above)

    def _below(self, target: str) -> list[Node]:
        """The nodes of this statement that a node's gradient can reach, oldest first."""
        found, pending = dict[str, Node](), [target]
        while pending:
            node = pending.pop()
            if node in self._nodes and node not in found:
                found[node] = self._nodes[node]
                pending.extend(self._edges[node].values())
        return sorted(found.values(), key=lambda one: one.number or 0)

    def _is_only(self, expression: ast.expr) -> bool:
        """Whether a call is the statement's only one of a module, of whose nodes the last is then the result."""
        made = self._operation(expression)
        if not isinstance(expression, ast.Call) or made is None or made.kind != "call":
            return False
        parts = (node for part in headed(self._run.statement) for node in ast.walk(part) if isinstance(node, ast.Call))
        return sum(ast.dump(call.func) == ast.dump(expression.func) for call in parts) == 1

    def _operation(self, expression: ast.expr) -> Operation | None:
        return operation(expression, self._tree.full_name)


def _open_parts(expression: ast.expr) -> Iterator[ast.expr]:
    """An expression and the parts of it that are evaluated once, outermost first."""
    pending = [expression]
    while pending:
        part = pending.pop()
        if not isinstance(part, _CLOSED):
            yield part
            pending += reversed(_children(part))


def _children(expression: ast.expr) -> list[ast.expr]:
    inner = [node.value if isinstance(node, ast.keyword) else node for node in ast.iter_child_nodes(expression)]
    return [node for node in inner if isinstance(node, ast.expr)]
