"""Who changes parameters: optimizers and what they were given, copies of states, changes by hand under ``no_grad``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..source.statements import Statement
from ..trace import Backward, Node, Step
from .dataflow import place, writes
from .situation import Situation, called, receiver

OPTIMIZERS = frozenset(
    {"SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "LBFGS", "Rprop", "ASGD"}
    | {"SparseAdam", "Adafactor", "Muon"}
)
_NO_CHANGE = frozenset({"requires_grad_", "retain_grad_", "zero_grad_"})
_COPIES = frozenset({"load_state_dict", "vector_to_parameters", "reset_parameters", "apply"})


def optimizer_of(situation: Situation, statement: Statement) -> str | None:
    """Return what the program calls the optimizer whose ``step()`` a statement calls."""
    for call in statement.calls:
        owner = receiver(call)
        name = place(owner) if owner is not None and called(call) == "step" else None
        if called(call) == "step" and owner is not None and call.args and "scaler" in ast.unparse(owner).lower():
            name = place(call.args[0])
        if name is not None and (_made(situation, name) is not None or _is_called_one(situation, name)):
            return name
    return None


def _is_called_one(situation: Situation, name: str) -> bool:
    """Whether a name stood for an optimizer, or, where the trace does not tell, is called one."""
    value = situation.variables.get(name)
    return value in OPTIMIZERS if name.isidentifier() and value is not None else "opt" in name.lower()


def _made(situation: Situation, name: str) -> ast.Call | None:
    """The call that made an optimizer."""
    for statement in situation.program.statements:
        for node in statement.find(ast.Assign):
            for target, value in _pairs(node):
                if place(target) == name and isinstance(value, ast.Call) and called(value) in OPTIMIZERS:
                    return value
    return None


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each target with its value; ``a`` with ``1`` and ``b`` with ``2`` for ``a, b = 1, 2``."""
    for target in node.targets:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
        ):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def is_trained(situation: Situation, leaf: Node) -> bool:
    """Return whether anything in the program may update a leaf."""
    if leaf.leaf in situation.ancestry.versions:
        return True
    for statement in situation.program.statements:
        for node in statement.find(ast.Assign):
            for target, value in _pairs(node):
                name = place(target) if isinstance(value, ast.Call) and called(value) in OPTIMIZERS else None
                if name is not None and owns(situation, name, leaf.leaf) is not False:
                    return True
        if changes_by_hand(statement) and leaf.leaf is not None and leaf.leaf in statement.words:
            return True
    return False


def owns(situation: Situation, optimizer: str, leaf: str | None) -> bool | None:
    """Return whether an optimizer was given a leaf; ``None`` where the program's text does not tell."""
    call = _made(situation, optimizer)
    if call is None or leaf is None:
        return None
    given = call.args[0] if call.args else next((given.value for given in call.keywords if given.arg == "params"), None)
    owners = list(_given(situation, given)) if given is not None else []
    if not owners or "self" in owners:
        return None
    return any(_belongs(leaf, owner) for owner in owners)


def _given(situation: Situation, given: ast.expr, depth: int = 0) -> Iterator[str]:
    """The modules and tensors in what an optimizer is given."""
    for node in ast.walk(given):
        if isinstance(node, ast.Call) and called(node) in ("parameters", "named_parameters"):
            owner = receiver(node)
            if owner is not None and place(owner) is not None:
                yield place(owner) or ""
    called_on = {id(inner) for node in ast.walk(given) if isinstance(node, ast.Call) for inner in ast.walk(node.func)}
    for node in ast.walk(given):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in called_on and isinstance(node.ctx, ast.Load):
            name = place(node)
            bound = situation.assignment(name) if name is not None and depth < 2 else None
            values = [inner.value for inner in bound.find(ast.Assign)] if bound is not None else []
            if values and isinstance(values[0], ast.List | ast.Call | ast.BinOp) and situation.tensor(node) is None:
                yield from _given(situation, values[0], depth + 1)
            elif name is not None:
                yield name


def _belongs(leaf: str, owner: str) -> bool:
    """``net.0.weight`` belongs to ``net`` and to ``net[0]``, ``agent.net.0.weight`` to ``self.net``."""
    if leaf == owner or leaf.startswith((f"{owner}.", f"{owner}[")):
        return True
    named = _as_named(owner) or owner
    tail = named.removeprefix("self.")
    return leaf == named or leaf.startswith(f"{named}.") or (tail != named and f".{tail}." in f".{leaf}.")


def updates_in(situation: Situation, header: Statement | None) -> bool:
    """Return whether a block takes steps of training: by an optimizer, or by hand."""
    return any(
        optimizer_of(situation, statement) is not None or changes_by_hand(statement)
        for statement in situation.program.block(header)
    )


def changes_by_hand(statement: Statement) -> bool:
    """Return whether a statement changes a tensor by a gradient: ``w -= 0.1 * w.grad``, ``w = w - 0.1 * w.grad``."""
    read = [node for node in statement.find(ast.Attribute) if node.attr == "grad" and isinstance(node.ctx, ast.Load)]
    if not read:
        return False
    owners = {place(node.value) for node in read}
    targets = [target for node in statement.find(ast.Assign) for target in node.targets]
    if any((place(target) or "").removesuffix(".data") in owners for target in targets):
        return True
    changed: list[ast.expr] = [node.target for node in statement.find(ast.AugAssign)]
    changed += [node for call in statement.calls if called(call).endswith("_") and (node := receiver(call)) is not None]
    return any(not ast.unparse(target).removesuffix(".data").endswith(".grad") for target in changed)


def steps_between(situation: Situation, first: int | None, last: int | None) -> list[tuple[Step, Statement]]:
    """Return the steps after one and before another, with their statements."""
    steps = situation.trace.steps
    low, high = (first if first is not None else len(steps)) + 1, last if last is not None else len(steps)
    found = ((step, situation.program.at(step.line)) for step in steps[max(low, 0) : max(high, 0)])
    return [(step, statement) for step, statement in found if statement is not None]


def updated_between(situation: Situation, earlier: Backward, failed: Backward) -> Statement | None:
    """Return the first statement between two engine runs that takes a step of training."""
    stepped = stepped_between(situation, earlier, failed)
    by_hand = [other for _, other in steps_between(situation, earlier.step, failed.step) if changes_by_hand(other)]
    return stepped[0][0] if stepped else by_hand[0] if by_hand else None


def stepped_between(situation: Situation, earlier: Backward, failed: Backward) -> list[tuple[Statement, str]]:
    """Return the statements that call an optimizer's ``step()`` between two engine runs, with its name.

    The line of the earlier run may do so itself, and a step may be what calls the later one, by its closure.
    """
    own = situation.program.at(earlier.line)
    statements = [own] if own is not None else []
    statements += [statement for _, statement in steps_between(situation, earlier.step, failed.step)]
    statements += [statement for _, statement in situation.during(failed.step)[:-1]]
    named = ((statement, optimizer_of(situation, statement)) for statement in statements)
    return [(statement, name) for statement, name in named if name is not None]


def changed_leaf(
    situation: Situation, leaf: Node, first: int | None, last: int | None
) -> tuple[Statement, bool] | None:
    """Return the first statement between two steps that changed a leaf, and whether that is certain.

    Not certain is the only one that could have.
    """
    records = {tensor.id: tensor for tensor in situation.trace.tensors}
    origins = {tensor.origin for tensor in records.values() if tensor.name is not None and tensor.name == leaf.leaf}
    version = max((records[origin].version or 0 for origin in origins if origin in records), default=0)
    possible: list[Statement] = []
    after = first if first is not None else len(situation.trace.steps)
    for step, statement in steps_between(situation, -1, last):
        seen = [
            records[value] for name, value in step.variables.items() if value in records and not _binds(statement, name)
        ]
        newer = [tensor.version or 0 for tensor in seen if tensor.origin in origins]
        if step.index > after and max(newer, default=0) > version:
            return statement, True
        version = max([version, *newer])
        verdict = _changes(situation, statement, leaf) if step.index > after else False
        if verdict:
            return statement, True
        if verdict is None and statement not in possible:
            possible.append(statement)
    return (possible[0], False) if len(possible) == 1 else None


def _binds(statement: Statement, name: str) -> bool:
    """Whether the statement gives the name another tensor, which says nothing of the tensor."""
    changed = any(place(node.target) == name for node in statement.find(ast.AugAssign))
    return not changed and name in writes(statement)


def _changes(situation: Situation, statement: Statement, leaf: Node) -> bool | None:
    optimizer = optimizer_of(situation, statement)
    if optimizer is not None:
        return owns(situation, optimizer, leaf.leaf)
    if _goes_through(statement, leaf) or _renormalises(situation, statement, leaf):
        return True
    for call in statement.calls:
        owner = receiver(call)
        name = place(owner) if owner is not None else None
        if called(call) in _COPIES:
            return name is None or leaf.leaf is None or _belongs(leaf.leaf, name) or None
        if _writes(call):
            targets = [name, place(call.args[0]) if call.args else None]
            if leaf.leaf in [_as_named(target) for target in targets]:
                return True
    return any(_as_named(place(node.target)) == leaf.leaf for node in statement.find(ast.AugAssign))


def _goes_through(statement: Statement, leaf: Node) -> bool:
    """``for p in net.parameters(): p.clamp_(-1, 1)`` on one line, and the like."""
    changes = any(_writes(call) or called(call).startswith("_foreach_") for call in statement.calls)
    whole = [receiver(call) for call in statement.calls if called(call) in ("parameters", "named_parameters")]
    owners = [name for owner in whole if owner is not None and (name := place(owner)) is not None]
    return changes and leaf.leaf is not None and any(_belongs(leaf.leaf, owner) for owner in owners[:1])


def _writes(call: ast.Call) -> bool:
    """Whether a call changes numbers of a tensor in place: by its name, and not those of a gradient alone."""
    name, owner = called(call), receiver(call)
    if not name.endswith("_") or name.endswith("__") or name in _NO_CHANGE or name.startswith("clip_grad"):
        return False
    return owner is None or not ast.unparse(owner).removesuffix(".data").endswith(".grad")


def _renormalises(situation: Situation, statement: Statement, leaf: Node) -> bool:
    """``nn.Embedding(..., max_norm=1)`` changes its weight in each call."""
    for maker, call in situation.calls_anywhere("Embedding", "EmbeddingBag"):
        assign = next(maker.find(ast.Assign), None)
        name = place(assign.targets[0]) if assign is not None else None
        if name is not None and any(given.arg == "max_norm" for given in call.keywords):
            used = any(place(other.func) == name for other in statement.calls)
            if used and leaf.leaf is not None and _belongs(leaf.leaf, name):
                return True
    return False


def _as_named(target: str | None) -> str | None:
    """``net.2.weight`` for ``net[2].weight``, as the trace names parameters."""
    return re.sub(r"\[['\"]?(\w+)['\"]?\]", r".\1", target) if target is not None else None
