"""A tensor that backward needs was changed in place after it had been saved: which line did it, and what to do instead.

Parameters change by design, in ``optimizer.step()``: then what backward starts from has to be made anew, or made apart.
"""

from __future__ import annotations

import ast
import re

from ..source.edits import keyword
from ..source.statements import Statement
from ..trace import Node, Step, Tensor
from .again import detached_use, for_a_closure, made_once, run_again, statements_of
from .carried import state_between, told
from .hints import insert_before, replace_line
from .inplace import as_meant, changed_by, out_of_place, without_inplace
from .situation import Advice, Rules, Situation, called, listed, shown
from .updates import changed_leaf, optimizer_of, steps_between

rules = Rules()

# Operations that layers with ``inplace=True`` do.
_LAYERS = ("Relu", "LeakyRelu", "Elu", "Hardtanh", "Hardsigmoid", "Hardswish", "Silu", "Threshold", "Mul", "Mish")


@rules.on(r"modified by an inplace operation: \[[^\]]*\[(?P<shape>[^\]]*)\]\]")
def _version(situation: Situation, match: re.Match[str]) -> Advice:
    return (
        _of_an_earlier_graph(situation)
        or _of_a_tensor(situation, match["shape"])
        or _of_a_parameter(situation, match["shape"])
        or _of_a_layer(situation)
        or _only_one_since(situation)
        or _unknown(situation)
    )


def _only_one_since(situation: Situation) -> Advice | None:
    """The trace does not know the tensor, but just one line since the node was made changes anything in place."""
    node, failed = situation.node, situation.backward
    if node is None or failed is None or node.step is None:
        return None
    since = [statement for _, statement in steps_between(situation, node.step - 1, failed.step)]
    found = {statement.first: statement for statement in since if changed_by(statement) is not None}
    statement = found[min(found)] if len(found) == 1 else None
    changed = changed_by(statement)
    if statement is None or changed is None:
        return None
    hint = _kept(situation, statement, statement.text(changed))
    return Advice(
        f"`{node.name}`{f' of line {node.line}' if node.line else ''} had saved a tensor that was changed in place afterwards. "
        f"Line {statement.first}, {shown(statement.code)}, is the only one since that changes something in place. {_ending(hint)}",
        hint,
    )


def _ending(hint: str | None) -> str:
    if hint is None:
        return "Run backward before the change, or compute the result again after it."
    return "Make a new tensor there, so that the old value stays."


def _unknown(situation: Situation) -> Advice:
    node = situation.node
    saved = f" `{node.name}`, made on line {node.line}, had saved it." if node is not None and node.line else ""
    return Advice(
        "A tensor that backward needs was changed in place after it had been saved."
        f"{saved} Look for `+=`, `x[...] = ...` or a method that ends in `_`, and make a new tensor instead."
    )


def _of_an_earlier_graph(situation: Situation) -> Advice | None:
    """Backward came into a graph that an earlier run had kept: that graph is what should not be there."""
    failed, node = situation.backward, situation.node
    if failed is None or node is None:
        return None
    kept = [run for run in situation.trace.backwards if run.failure is None and run.retain_graph and run is not failed]
    for earlier in reversed(kept):
        if node.id in situation.ancestry.reached(earlier.outputs):
            state = state_between(situation, failed, earlier)
            if state is not None:
                return told(situation, state, failed, earlier)
            return made_once(situation, failed, earlier) or detached_use(situation, failed, earlier)
    return None


def _of_a_tensor(situation: Situation, wanted: str) -> Advice | None:
    found = _change(situation, wanted)
    if found is None:
        return None
    step, name, own = found
    statement = situation.program.at(step.line)
    tensor = situation.variables.get(name)
    by_layer = statement is not None and changed_by(statement) is None and "inplace" not in statement.words
    if statement is not None and by_layer and optimizer_of(situation, statement) is None:
        return _of_a_layer(situation)
    if isinstance(tensor, Tensor) and tensor.is_leaf and by_layer:
        return None
    node = situation.node
    needed = f"`{node.name}`" + (f" of line {node.line}" if node.line else "") if node is not None else "backward"
    hint = _kept(situation, statement, name)
    code = f", {shown(statement.code)}," if statement is not None else ""
    passing = name.isidentifier() and not own.isidentifier()  # a loop's or a function's name for a parameter
    return Advice(
        f"Line {step.line}{code} changed {shown(own if passing else name)} in place, but {needed} had saved the old value of "
        f"{shown(own if passing else name)} for its derivative. {_ending(hint)}",
        hint,
    )


# --- parameters


def _of_a_parameter(situation: Situation, wanted: str) -> Advice | None:
    node, failed = situation.node, situation.backward
    if node is None or failed is None:
        return None
    leaves = _saved_leaves(situation, node, wanted)
    found = [(leaf, changed_leaf(situation, leaf, node.step, failed.step)) for leaf in leaves]
    known = [(leaf, change) for leaf, change in found if change is not None]
    if not known or len({change[0].first for _, change in known}) != 1:
        return None
    leaf, (statement, certain) = known[0]
    names = [shown(leaf.leaf) for leaf in leaves if leaf.leaf]
    what = names[0] if len(names) == 1 else "a parameter"
    did = "changed" if certain else "is the only line since that can have changed"
    text = (
        f"Line {statement.first}, {shown(statement.code)}, {did} {what} in place, and `{node.name}`"
        f"{f' of line {node.line}' if node.line else ''} had saved the old value for its derivative."
    )
    run = situation.program.at(failed.line)
    if run is not None and _too_early(situation, statement, run):
        return Advice(
            f"{text} A step belongs behind the `backward()` that gives it its gradients.", _swapped(statement, run)
        )
    above = situation.ancestry.above(failed.outputs, leaf.id)
    by_step = optimizer_of(situation, statement) is not None
    statements = statements_of(situation, above, run) if by_step else None
    if by_step and statements is None:
        statements = for_a_closure(situation, above, run)
    return Advice(
        f"{text} Compute what line {failed.line} starts from again after the change, or call its `backward()` before it.",
        run_again(statements, run),
    )


def _saved_leaves(situation: Situation, node: Node, wanted: str) -> list[Node]:
    """The leaves that a node took, of the shape that PyTorch's message tells where one has it."""
    sizes = [int(size) for size in wanted.split(",") if size.strip().isdigit()]
    leaves = situation.ancestry.inputs(node.id)
    shapes = {tensor.name: tensor.shape for tensor in situation.trace.tensors if tensor.is_leaf}
    fitting = [leaf for leaf in leaves if shapes.get(leaf.leaf) in (sizes, sizes[::-1])]
    changed = [leaf for leaf in fitting or leaves if leaf.leaf in situation.ancestry.versions]
    return changed or fitting or leaves


def _too_early(situation: Situation, step: Statement, run: Statement) -> bool:
    """Whether an optimizer steps before the one ``backward()`` of its loop instead of behind it."""
    header = situation.program.header(run)
    if optimizer_of(situation, step) is None or header is None or situation.program.header(step) is not header:
        return False
    block = list(situation.program.block(header))
    runs = [other for other in block if any(called(call) == "backward" for call in other.calls)]
    steps = [other for other in block if optimizer_of(situation, other) is not None]
    return len(runs) == len(steps) == 1 and step.first < run.first


def _swapped(one: Statement, other: Statement) -> str | None:
    if "\n" in one.code + other.code:
        return None
    return f"{replace_line(one.first, other.code)}\n{replace_line(other.first, one.code)}"


# --- layers that work in place


def _of_a_layer(situation: Situation) -> Advice | None:
    node = situation.node
    above = {edge.source for edge in situation.trace.edges if node is not None and edge.target == node.id}
    names = [found.name for name in above if (found := situation.ancestry.nodes.get(name)) is not None]
    if node is None or not any(name.startswith(_LAYERS) for name in names):
        return None
    hint, lines = without_inplace(situation)
    if not lines:
        return None
    return Advice(
        f"`{node.name}`{f' of line {node.line}' if node.line else ''} had saved its result, and the layer behind it writes into "
        f"it: `inplace=True` on {listed(lines)}. Without it the layer makes a new tensor, with the same numbers.",
        hint,
    )


# --- tensors of the program


def _kept(situation: Situation, statement: Statement | None, name: str) -> str | None:
    """The hint that leaves the old value alone; ``None`` where a leaf is updated, which is meant to be in place."""
    tensor = situation.variables.get(name)
    if statement is None or (isinstance(tensor, Tensor) and tensor.is_leaf and tensor.requires_grad):
        return None
    for node in statement.nodes:
        if isinstance(node, ast.Call) and keyword(node, "inplace") is not None:
            return situation.hint_at(statement, statement.without_keyword(node, "inplace"))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            owner = node.targets[0].value
            parts = [part for part in ast.walk(node.value) if isinstance(part, ast.Subscript)]
            read = [part for part in parts if ast.dump(part.value) == ast.dump(owner)]
            if read:
                return situation.hint_at(statement, *((part, f"{statement.text(part)}.clone()") for part in read))
            if not isinstance(owner, ast.Name) or statement.nodes[1] is not node:
                return None
            return as_meant(situation, insert_before(statement.first, f"{owner.id} = {owner.id}.clone()"), statement)
    return as_meant(situation, out_of_place(statement), statement)


def _change(situation: Situation, wanted: str) -> tuple[Step, str, str] | None:
    """Return the step that changed a saved tensor, its name there and its own; ``None`` unless the trace shows just one."""
    records = {tensor.id: tensor for tensor in situation.trace.tensors}
    saved = _saved_by(situation.node, records)
    if not saved:
        sizes = [int(size) for size in wanted.split(",") if size.strip().isdigit()]
        changed = {
            tensor.origin
            for tensor in records.values()
            if tensor.shape == sizes and (tensor.version or 0) > (records[tensor.origin].version or 0)
        }
        saved = [records[origin] for origin in changed] if len(changed) == 1 else []
    for before in saved:
        for step in situation.trace.steps:
            for name, value in step.variables.items():
                after = records.get(value)
                if after is not None and after.origin == before.origin and (after.version or 0) > (before.version or 0):
                    return step, name, after.name or name
    return None


def _saved_by(node: Node | None, records: dict[str, Tensor]) -> list[Tensor]:
    kept = [records.get(saved.tensor or "") for saved in node.saved] if node is not None else []
    return [tensor for tensor in kept if tensor is not None]
