"""Parameters that no gradient reaches: a loss that begins at a leaf, a part of the model that is cut off or unused."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...source.tree import dotted
from ..situation import called, receiver, shown
from .cuts import MAKERS, cut_name, cutting, find_cut, inside
from .run import Remark, Run


def _from_a_leaf(run: Run) -> Iterator[Remark]:
    """``loss = torch.tensor(loss.item(), requires_grad=True)``: backward begins, and ends, at a leaf."""
    for backward in run.trace.backwards:
        starts = [run.nodes[node] for node in backward.outputs if node in run.nodes]
        step = run.step(backward.step)
        if backward.call != "backward" or backward.internal or step is None or len(starts) != 1:
            continue
        name = starts[0].leaf
        if not name or not name.isidentifier() or backward.line is None:
            continue
        found = find_cut(run, name, step)
        if found is not None:
            yield Remark(
                found.statement.first,
                f"Line {backward.line} runs backward from `{name}`, and no operation lies behind it: {found.why}. So `{name}` "
                "itself gets the gradient, and nothing that it was computed from does.",
                found.hint,
            )


def _cut_parameters(run: Run) -> Iterator[Remark]:
    """``self.enc(x).detach()`` where the optimizer has the parameters of ``enc``, and none ever got a gradient."""
    reached = {part for leaf in run.leaves.values() for part in (leaf.name or "").split(".")}
    if not run.whole or not run.optimizers or not reached:
        return
    for statement in run.statements("detach", "data"):
        for node in statement.nodes:
            word, inner = cutting(node), inside(node)
            if word not in ("detach", "data") or not isinstance(inner, ast.Call) or not run.visits(statement):
                continue
            path = dotted(inner.func)
            owner = next((o for o in run.optimizers if _covers(run, o.call, path)), None)
            if owner is None or path.rpartition(".")[2] in reached or any(called(c) in MAKERS for c in statement.calls):
                continue
            code = statement.edited((node, statement.text(inner)))
            yield Remark(
                statement.first,
                f"`{cut_name(statement, node)}` cuts {shown(statement.text(inner))} off from the graph, so no parameter of "
                f"`{path}` got a gradient, and `{owner.name}.step()`, which has them, left them as they were.",
                f"Line {statement.first}: {code}" if code else None,
            )


def _covers(run: Run, call: ast.Call, path: str) -> bool:
    """Whether an optimizer was given ``net.parameters()`` and the path is ``net.enc``, or ``self.enc`` of its class."""
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.Call) or called(given) != "parameters":
        return False
    root = dotted(receiver(given) or ast.Pass())
    first, _, rest = path.partition(".")
    if not root or not rest:
        return path == root != ""
    return first == root or (first == "self" and "." not in rest and _is_layer_of(run, root, rest))


def _is_layer_of(run: Run, root: str, attribute: str) -> bool:
    """Whether the class of a variable gives itself this attribute, a layer, in one line."""
    kinds = {value for step in run.trace.steps for name, value in step.variables.items() if name == root}
    header = run.program.class_named(kinds.pop()) if len(kinds) == 1 else None
    for statement in run.program.block(header):
        for assign in statement.find(ast.Assign):
            if dotted(assign.targets[0]) == f"self.{attribute}" and isinstance(assign.value, ast.Call):
                return run.full_name(assign.value.func).startswith("torch.nn.")
    return False


kinds = (_from_a_leaf, _cut_parameters)
