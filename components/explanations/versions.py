"""The version counter: a tensor that backward needs was changed after a node had saved it, and where that happened."""

from __future__ import annotations

import ast
import re

from ..trace import Node, Step, Tensor
from .edits import without_keyword
from .hints import insert_before
from .inplace import out_of_place
from .rule import Advice, Rules
from .situation import Situation
from .source import Statement, shown

rules = Rules()


@rules.on(r"modified by an inplace operation: \[[^\]]*\[(?P<shape>[^\]]*)\]\]")
def _version(situation: Situation, match: re.Match[str]) -> Advice:
    found = _change(situation, match["shape"])
    node = situation.node
    if found is None:
        saved = f" `{node.name}`, made on line {node.line}, had saved it." if node is not None and node.line else ""
        return Advice(
            "A tensor that backward needs was changed in place after it had been saved."
            f"{saved} Look for `+=`, `x[...] = ...` or a method that ends in `_`, and make a new tensor instead."
        )
    step, name = found
    statement = situation.source.at(step.line)
    needed = f"`{node.name}`" + (f" of line {node.line}" if node.line else "") if node is not None else "backward"
    hint = _kept(situation, statement, name)
    ending = (
        "Run backward before the change, or compute the result again after it."
        if hint is None
        else "Make a new tensor there, so that the old value stays."
    )
    code = f", {shown(statement.code)}," if statement is not None else ""
    return Advice(
        f"Line {step.line}{code} changed {shown(name)} in place, but {needed} had saved the old value of "
        f"{shown(name)} for its derivative. {ending}",
        hint,
    )


def _kept(situation: Situation, statement: Statement | None, name: str) -> str | None:
    """The hint that leaves the old value alone; ``None`` where a leaf is updated, which is meant to be in place."""
    tensor = situation.variables.get(name)
    if statement is None or (isinstance(tensor, Tensor) and tensor.is_leaf and tensor.requires_grad):
        return None
    for node in statement.nodes:
        if isinstance(node, ast.Call) and any(given.arg == "inplace" for given in node.keywords):
            return situation.hint_at(statement, without_keyword(statement, node, "inplace"))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            owner = node.targets[0].value
            copied = isinstance(owner, ast.Name) and statement.nodes[1] is node
            return insert_before(statement.first, f"{owner.id} = {owner.id}.clone()") if copied else None  # type: ignore[attr-defined]
    return out_of_place(statement)


def _change(situation: Situation, wanted: str) -> tuple[Step, str] | None:
    """Return the step that changed a saved tensor, and its name; ``None`` unless the trace shows just one tensor."""
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
                    return step, name
    return None


def _saved_by(node: Node | None, records: dict[str, Tensor]) -> list[Tensor]:
    kept = [records.get(saved.tensor or "") for saved in node.saved] if node is not None else []
    return [tensor for tensor in kept if tensor is not None]
