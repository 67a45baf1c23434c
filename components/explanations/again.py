"""What was computed once and is needed again: which statements made it, and the hint that runs them once more.

A graph belongs to the numbers that the weights had when it was made. Once they have been updated it is made anew, not
kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..source.statements import Statement
from ..trace import Backward, Edge, Node
from .dataflow import place, reads, writes
from .hints import insert_before
from .situation import Advice, Situation, called, listed, shown
from .updates import changes_by_hand, is_trained, optimizer_of, owns, stepped_between, updates_in

_MOST_REPEATED = 4
_FRESH = frozenset({"Parameter", "requires_grad_", "append", "backward", "step", "zero_grad", "next"})
_LOSSES = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy", "nll_loss", "kl_div"})
_LABELS = ("target", "label", "truth", "true", "real", "expected", "old", "teacher", "ref", "baseline")
_SUMS = ("Add", "Cat", "Stack")


def statements_of(situation: Situation, nodes: Iterable[str], beside: Statement | None) -> list[Statement] | None:
    """Return the statements that made some nodes, in the order they ran, at the level of calls of one of them.

    ``None`` where they are not plain assignments that can be run again as they stand.
    """
    made: dict[int, Statement] = {}
    function = situation.program.enclosing(beside, "def")
    for name in nodes:
        node = situation.ancestry.nodes.get(name)
        if node is None or situation.ancestry.is_leaf(name):
            continue
        level = [
            (step, statement)
            for step, statement in situation.during(node.step)
            if situation.program.enclosing(statement, "def") is function
        ]
        if not level:
            return None
        step, statement = level[-1]
        made[step.index] = statement
    found = [made[index] for index in sorted(made)]
    unique = list(dict.fromkeys(found))
    return unique if 0 < len(unique) <= _MOST_REPEATED and _repeatable(unique) else None


def _repeatable(statements: list[Statement]) -> bool:
    """Whether running the statements again computes the same from what they read."""
    written = {name for statement in statements for name in writes(statement)}
    done: set[str] = set()
    for statement in statements:
        body = statement.nodes[1] if len(statement.nodes) > 1 else None
        alone = len(getattr(statement.nodes[0], "body", ())) == 1 if statement.nodes else False
        if not isinstance(body, ast.Assign) or not alone or "\n" in statement.code:
            return False
        if any(called(call) in _FRESH or "rand" in called(call) for call in statement.calls):
            return False
        if any(given.arg == "requires_grad" for call in statement.calls for given in call.keywords):
            return False
        if (set(reads(statement)) & written) - done:
            return False
        done |= writes(statement)
    return True


def run_again(statements: list[Statement] | None, before: Statement | None) -> str | None:
    """Return the hint that runs some statements again before another one."""
    if not statements or before is None:
        return None
    return "\n".join(insert_before(before.first, statement.code) for statement in statements)


# --- made once before a loop, used in each round


def made_once(situation: Situation, failed: Backward, earlier: Backward) -> Advice | None:
    """Return what is said of a graph from before the loop that each round goes through; ``None`` if it is not that."""
    statement = situation.program.at(failed.line)
    loop = situation.loop(statement)
    if loop is None or statement is None:
        return None
    joins = situation.ancestry.joins(failed, earlier)
    entered = {edge.target for edge in joins} or set(failed.outputs)
    inside = set(situation.program.block(loop))
    old = [situation.ancestry.nodes[node] for node in sorted(entered) if node in situation.ancestry.nodes]
    if not old or any(statement in inside for node in old for _, statement in situation.during(node.step)):
        return None
    names = _names(situation, old)
    label = _label(situation, joins, old, failed, names)
    if label is not None:
        return label
    chain = situation.ancestry.reached(entered)
    if not _updated(situation, loop, chain):
        return None
    owner = _in_init(situation, old)
    if owner is not None:
        return owner
    statements = statements_of(situation, chain, loop)
    if _could_be_either(situation, joins, chain, failed):
        return Advice(
            f"{' and '.join(shown(name) for name in names) or 'A part of this graph'}, made before the loop on line {old[0].line}, has a graph, "
            f"and line {earlier.line} freed it. If it is a fixed number to compare with, end its graph there with `.detach()`; if it has to "
            "follow the weights, compute it again in each round."
        )
    body = next(situation.program.block(loop), None)
    what = " and ".join(shown(name) for name in names) or "A part of this graph"
    made = statements[-1] if statements else situation.program.at(old[0].line)
    where = (
        listed([statement.first for statement in statements])
        if statements
        else f"line {made.first}"
        if made is not None
        else "a line"
    )
    return Advice(
        f"{what} was computed once, before the loop, on {where}; line {earlier.line} then freed what its graph had saved. The "
        f"loop updates the weights{_where(situation, loop)}, so each round has to compute it again with the new ones. `retain_graph=True` would use "
        "the old ones or fail.",
        run_again(statements, body),
    )


def _where(situation: Situation, loop: Statement) -> str:
    """`` (line 9)`` for the first line of a loop that takes a step of training."""
    lines = [
        other.first
        for other in situation.program.block(loop)
        if optimizer_of(situation, other) is not None or changes_by_hand(other)
    ]
    return f" (line {lines[0]})" if lines else ""


def _could_be_either(situation: Situation, joins: list[Edge], chain: set[str], failed: Backward) -> bool:
    """Whether the loss compares something from before the loop with what the same weights make now."""
    entered = {edge.target for edge in joins}
    fresh = situation.ancestry.leaves(situation.ancestry.reached(failed.outputs, without=entered))
    same = {leaf.id for leaf in fresh} & {leaf.id for leaf in situation.ancestry.leaves(chain)}
    takers = [situation.ancestry.nodes[edge.source] for edge in joins if edge.source in situation.ancestry.nodes]
    return bool(same) and not all(node.name.startswith(_SUMS) for node in takers)


def _names(situation: Situation, nodes: list[Node]) -> list[str]:
    """The variables that stood for what some nodes made."""
    wanted = {node.id for node in nodes}
    found = [
        tensor.name
        for tensor in situation.trace.tensors
        if tensor.node in wanted and tensor.name and "." not in tensor.name
    ]
    return list(dict.fromkeys(found))


def _updated(situation: Situation, loop: Statement, nodes: set[str]) -> bool:
    leaves = situation.ancestry.leaves(nodes)
    changed = any(leaf.leaf in situation.ancestry.versions for leaf in leaves)
    by_data = any(
        isinstance(node, ast.Attribute) and node.attr == "data" and place(node.value) in {leaf.leaf for leaf in leaves}
        for statement in situation.program.block(loop)
        for node in statement.nodes
    )
    return updates_in(situation, loop) and (changed or by_data or not leaves)


def _label(
    situation: Situation, joins: list[Edge], old: list[Node], failed: Backward, names: list[str]
) -> Advice | None:
    """A target that has a graph: training goes on without it, by what else the loss is computed from."""
    if len(names) != 1 or not joins:
        return None
    entered = {node.id for node in old}
    fresh = {leaf.id for leaf in situation.ancestry.leaves(situation.ancestry.reached(failed.outputs, without=entered))}
    below = situation.ancestry.leaves(situation.ancestry.reached(entered))
    if not fresh:
        return None
    trained = [leaf for leaf in below if is_trained(situation, leaf)]
    compared = _called_a_label(situation, joins, names[0])
    if trained and not compared:
        return None
    statement = situation.program.at(old[0].line)
    assign = statement.assigned() if statement is not None else None
    if statement is None or assign is None or place(assign.targets[0]) != names[0]:
        return None
    leaf = next((leaf.leaf for leaf in below if leaf.leaf), "a tensor")
    why = "It is something to compare with" if compared else f"Nothing trains {shown(leaf)}"
    return Advice(
        f"{shown(names[0])} of line {statement.first} has a graph, since {shown(leaf)} requires grad. It was made once, and the first "
        f"`backward()` freed it. {why}, so no gradient needs to go through it: `.detach()` keeps the numbers alone.",
        situation.hint_at(statement, (assign.value, f"{statement.operand(assign.value)}.detach()")),
    )


def _called_a_label(situation: Situation, joins: list[Edge], name: str) -> bool:
    """Whether a name, or its place in the call of a loss, says that it is a target."""
    if any(word in name.lower() for word in _LABELS):
        return True
    for edge in joins:
        node = situation.ancestry.nodes.get(edge.source)
        statement = situation.program.at(node.line) if node is not None else None
        for call in statement.calls if statement is not None else ():
            if called(call) in _LOSSES and len(call.args) > 1 and place(call.args[1]) == name:
                return True
    return False


def _in_init(situation: Situation, old: list[Node]) -> Advice | None:
    """Something that ``__init__`` computes from parameters and ``forward`` uses each time."""
    for node in old:
        statement = situation.program.at(node.line)
        header = situation.program.enclosing(statement, "def")
        if statement is None or header is None or header.words[1] != "__init__":
            continue
        owner = situation.program.enclosing(header, "class")
        name = next((name for name in writes(statement) if name.startswith("self.")), None)
        forward = situation.program.functions_named(f"{owner.words[1]}.forward") if owner is not None else []
        body = [other for header in forward for other in situation.program.block(header)]
        user = next((other for other in body if name in reads(other)), None)
        if name is None or user is None:
            continue
        same = len(user.indent) == len(body[0].indent)
        return Advice(
            f"{shown(name)} is computed once, in `__init__` (line {statement.first}), from parameters that training updates; "
            "the first `backward()` freed its graph. Compute it in `forward`, so that each round has it with the "
            "parameters of that round.",
            run_again([statement] if _repeatable([statement]) else None, user if same else body[0]),
        )
    return None


# --- one part, two backward runs


def two_runs(situation: Situation, failed: Backward, earlier: Backward) -> Advice | None:
    """Return what is said of two runs on different lines through one part; ``None`` if keeping it is the answer."""
    joins = situation.ancestry.joins(failed, earlier)
    stepped = stepped_between(situation, earlier, failed)
    lost = _gradient_without_graph(situation, earlier)
    if lost is not None:
        return lost
    if not stepped:
        return None
    entered = {edge.target for edge in joins} or set(failed.outputs)
    below = situation.ancestry.leaves(situation.ancestry.reached(entered))
    cut = detached_use(situation, failed, earlier)
    if cut is not None:
        return cut
    owned = [owns(situation, name, leaf.leaf) for _, name in stepped for leaf in below]
    if True not in owned:
        return None
    statement = stepped[0][0]
    chain = set(situation.ancestry.reached(failed.outputs))
    run = situation.program.at(failed.line)
    statements = statements_of(situation, chain, run) if earlier.line != failed.line else None
    statements = statements or for_a_closure(situation, chain, run)
    if not statements and earlier.line == failed.line:
        return _of_an_earlier_round(situation, entered, earlier, statement)
    which = listed([statement.first for statement in statements]) if statements else "what it was computed from"
    return Advice(
        f"Line {earlier.line} ran backward through a part of this graph and freed what it had saved; after that line "
        f"{statement.first}, {shown(statement.code)}, updated the weights, so keeping it would lead to the next error. Compute it "
        f"again with the new weights ({which}), or call both `backward()` before the step.",
        run_again(statements, run),
    )


def _of_an_earlier_round(situation: Situation, entered: set[str], earlier: Backward, update: Statement) -> Advice:
    """One line runs backward again and again, and comes into what an earlier time made."""
    nodes = (situation.ancestry.nodes.get(name) for name in entered)
    lines = sorted({node.line for node in nodes if node is not None and node.line is not None})
    made = f" ({listed(lines)} made it)" if lines else ""
    return Advice(
        f"Line {earlier.line} ran before, and freed what the graph of that time had saved; this graph goes back into a part of "
        f"it{made}. Line {update.first}, {shown(update.code)}, has updated the weights since, so `retain_graph=True` is no cure. "
        "What is kept from one time to the next as numbers is kept with `.detach()`; what needs a gradient is computed again."
    )


def for_a_closure(situation: Situation, nodes: Iterable[str], run: Statement | None) -> list[Statement] | None:
    """Return the statements that made some nodes outside of the closure that goes backward through them.

    An optimizer may call a closure several times, each time after a change.
    """
    owner = situation.program.enclosing(run, "def")
    calls = [call for _, call in situation.calls_anywhere("step")]
    given = {place(part) for call in calls for part in call.args}
    if run is None or owner is None or owner.words[1] not in given or owner.parameters:
        return None
    found = statements_of(situation, nodes, None)
    written = {name for statement in found or () for name in writes(statement)}
    before = [other for other in situation.program.block(owner) if other.first < run.first]
    return None if any(written & set(reads(other)) for other in before) else found


def _gradient_without_graph(situation: Situation, earlier: Backward) -> Advice | None:
    """A loss that has a gradient in it, which was taken without ``create_graph=True``."""
    statement = situation.program.at(earlier.line)
    if statement is None or earlier.call != "grad" or earlier.create_graph:
        return None
    names = writes(statement)
    users = [
        other for other in situation.program.statements if other.first > statement.last and names & set(reads(other))
    ]
    target = situation.statement
    started = set(reads(target)) if target is not None else set()
    user = next((other for other in users if writes(other) & started), None)
    calls = [call for call in statement.calls if called(call) == "grad"]
    if user is None or len(calls) != 1 or not names:
        return None
    name = min(names & set(reads(user)))
    return Advice(
        f"Line {earlier.line} took the gradient {shown(name)} and freed the graph it went through. {shown(name)} is a part of "
        f"the loss (line {user.first}), and for its own gradient to count it needs a graph: `create_graph=True`, which keeps "
        "the one it went through, too.",
        situation.hint_at(statement, statement.with_keyword(calls[0], "create_graph", "True")),
    )


def detached_use(situation: Situation, failed: Backward, earlier: Backward) -> Advice | None:
    """Two networks with an optimizer each: a use through which no gradient is meant to go."""
    first = next((name for _, name in stepped_between(situation, earlier, failed)), None)
    entered = {edge.target for edge in situation.ancestry.joins(failed, earlier)}
    known = [situation.ancestry.nodes[node] for node in sorted(entered) if node in situation.ancestry.nodes]
    names = _names(situation, known)
    below = situation.ancestry.leaves(situation.ancestry.reached(entered))
    if first is None or len(names) != 1 or not below:
        return None
    if all(owns(situation, first, leaf.leaf) is False for leaf in below):
        return _detached_in(situation, names[0], (earlier, failed), entered, first)
    after = _next_optimizer(situation, failed)
    if after is not None and after != first and all(owns(situation, after, leaf.leaf) is False for leaf in below):
        return _detached_in(situation, names[0], (failed, earlier), entered, after)
    return None


def _next_optimizer(situation: Situation, failed: Backward) -> str | None:
    statement = situation.program.at(failed.line)
    following = [
        other for other in situation.program.statements if statement is not None and other.first >= statement.first
    ]
    return next((name for other in following if (name := optimizer_of(situation, other)) is not None), None)


def _detached_in(
    situation: Situation, name: str, runs: tuple[Backward, Backward], nodes: set[str], optimizer: str
) -> Advice | None:
    """Detach the name in the statement whose nodes take it; ``runs`` are the one that is spared that way, and the other."""
    run = runs[0]
    side = sorted(situation.ancestry.reached(run.outputs, without=nodes))
    takers = [node for node in side if any(edge.target in nodes for edge in situation.ancestry.below.get(node, ()))]
    found: list[Statement] = []
    for node in takers:
        known = situation.ancestry.nodes.get(node)
        for _, statement in situation.during(known.step if known is not None else None):
            if name in reads(statement) and statement not in found:
                found.append(statement)
    if len(found) != 1:
        return None
    statement = found[0]
    uses = [
        node
        for node in statement.nodes
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    rounds = run.line == runs[1].line
    how = (
        f"{shown(name)} is made once and used in several rounds, so `backward()` goes through its graph in each"
        if rounds
        else f"{shown(name)} is used for two losses, so both `backward()` go through its graph"
    )
    return Advice(
        f"{how}. Line {statement.first} uses it for "
        f"the loss that {shown(optimizer)} minimises, and {shown(optimizer)} has none of the parameters that {shown(name)} was "
        "computed from: no gradient needs to go that way. `.detach()` hands on its numbers alone.",
        situation.hint_at(statement, *((use, f"{name}.detach()") for use in uses)),
    )
