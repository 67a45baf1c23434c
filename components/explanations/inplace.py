"""In-place operations: on a leaf, on a view, on tensors of inference mode, and on what backward had saved."""

from __future__ import annotations

import ast
import re

from ..source.statements import Statement
from ..trace import Tensor
from .hints import replace_line
from .situation import Advice, Rules, Situation, called, receiver, shown

rules = Rules()

# Methods ending in an underscore that have no twin without it, or whose twin means something else.
_NO_TWIN = frozenset({"zero_", "fill_", "copy_", "normal_", "uniform_", "random_", "requires_grad_", "detach_", "set_"})
_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@", ast.Mod: "%"
}  # fmt: skip


def changed_by(statement: Statement | None) -> ast.expr | None:
    """Return what a statement changes in place: ``x`` for ``x += 1``, ``x.add_(1)`` and ``x[0] = 1``."""
    for node in statement.nodes if statement is not None else ():
        if isinstance(node, ast.AugAssign):
            return node.target.value if isinstance(node.target, ast.Subscript) else node.target
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            return node.targets[0].value
        if isinstance(node, ast.Call) and called(node).endswith("_") and not called(node).endswith("__"):
            return receiver(node)
    return None


def out_of_place(statement: Statement | None) -> str | None:
    """Return the hint that makes a new tensor instead: ``x = x + 1`` for ``x += 1``."""
    if statement is None or len(statement.nodes) < 2 or len(statement.nodes[0].body) != 1:  # type: ignore[attr-defined]
        return None
    node = statement.nodes[1]
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and type(node.op) in _SIGNS:
        value = statement.text(node.value)
        right = value if isinstance(node.value, ast.Name | ast.Constant | ast.Call | ast.Attribute) else f"({value})"
        return replace_line(statement.first, f"{node.target.id} = {node.target.id} {_SIGNS[type(node.op)]} {right}")
    call = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if not isinstance(call, ast.Call) or called(call) in _NO_TWIN or not called(call).endswith("_"):
        return None
    target = receiver(call)
    text = statement.text(call)
    name = called(call)
    if not isinstance(target, ast.Name) or not text.startswith(f"{target.id}.{name}"):
        return None
    variable = statement.assigned()
    left = statement.text(variable.targets[0]) if variable is not None else target.id
    return replace_line(statement.first, f"{left} = {target.id}.{name[:-1]}{text[len(target.id) + 1 + len(name) :]}")


def _under_no_grad(situation: Situation) -> str | None:
    """The failing statement behind ``with torch.no_grad():``, if it can stand there on one line."""
    statement = situation.statement
    if statement is None or len(statement.nodes) < 2 or "\n" in statement.code:
        return None
    if not isinstance(statement.nodes[1], ast.Assign | ast.AugAssign | ast.Expr):
        return None
    return replace_line(statement.first, f"with {situation.torch}.no_grad(): {statement.code}")


@rules.on(r"a view of a leaf Variable that requires grad is being used in an in-place operation")
def _view_of_leaf(situation: Situation, match: re.Match[str]) -> Advice:
    changed = changed_by(situation.statement)
    name = situation.shown(changed) if changed is not None else "this view"
    tensor = situation.tensor(changed)
    base = _base(situation, tensor)
    whole = f"{name}, which shares its memory with the leaf {shown(base)}," if base else f"a part of the leaf {name}"
    if changed is None or (base is None and tensor is not None and not tensor.is_leaf):
        whole = f"{name}, which shares its memory with a leaf,"
    return Advice(
        f"{situation.here} changes {whole} in place. The leaf requires grad, and after the change its "
        "old value, to which the gradient belongs, would be gone. To change its numbers, as an optimizer does, do it under "
        "`torch.no_grad()`; to compute with changed numbers, work on a `.clone()`.",
        _under_no_grad(situation),
    )


def _base(situation: Situation, tensor: Tensor | None) -> str | None:
    if tensor is None or tensor.view_of is None:
        return None
    base = situation.newest.get(tensor.view_of)
    return base.name if base is not None else None


@rules.on(r"a leaf Variable that requires grad is being used in an in-place operation")
def _leaf(situation: Situation, match: re.Match[str]) -> Advice:
    changed = changed_by(situation.statement)
    name = situation.shown(changed) if changed is not None else "a leaf"
    instead = out_of_place(situation.statement)
    other = (
        f" {shown(instead.partition(': ')[2])} would make a new tensor that is part of the graph." if instead else ""
    )
    return Advice(
        f"{situation.here} changes {name} in place. It is a leaf that requires grad, and its gradient belongs to the value "
        f"it has now. To update it, as an optimizer does, do it under `torch.no_grad()`.{other}",
        _under_no_grad(situation),
    )


@rules.on(r"(Output \d+ of \w+|A view was created in no_grad mode).*(view)?.* (modified|being modified) inplace")
def _forbidden_view(situation: Situation, match: re.Match[str]) -> Advice:
    changed = changed_by(situation.statement)
    name = situation.shown(changed) if changed is not None else "This tensor"
    why = (
        "it was made under `no_grad`, so autograd does not know what it is a view of"
        if "no_grad" in match[1]
        else "it is one of several views that one call returned"
    )
    return Advice(
        f"{name} shares its memory with another tensor, and {why}. Make a new tensor instead of changing it in place.",
        out_of_place(situation.statement),
    )


@rules.on(
    r"Inference tensors cannot be saved for backward|(on inference tensor|to inference tensor) outside InferenceMode"
)
def _inference_tensor(situation: Situation, match: re.Match[str]) -> Advice:
    words = situation.statement.words if situation.statement is not None else ()
    for statement, call in situation.calls_anywhere("inference_mode"):
        inside = (name for inner in situation.program.block(statement) for name in inner.words if name in words)
        made = [name for name in inside if isinstance(situation.variables.get(name), Tensor)]
        which = shown(made[0]) if made else "A tensor here"
        no_grad = f"{statement.text(call.func)[: -len('inference_mode')]}no_grad"
        return Advice(
            f"{which} was made inside `inference_mode()` on line {statement.first}. Such tensors keep no version "
            "counter and can never take part in autograd. `no_grad()` is the milder choice.",
            situation.hint_at(statement, (call.func, no_grad)),
        )
    return Advice("A tensor that was made in inference mode can never take part in autograd; `.clone()` it first.")


@rules.on(r"you can only change requires_grad flags of leaf variables")
def _flag_of_non_leaf(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.nodes:
        target: ast.expr | None = None
        hint = None
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            target = node.targets[0].value
            name = situation.text(target)
            hint = situation.hint((node, f"{name} = {name}.detach()"))
        elif isinstance(node, ast.Call) and called(node) == "requires_grad_":
            target = receiver(node)
            name = situation.text(target) if target is not None else ""
            hint = situation.hint((node, f"{name} = {name}.detach()")) if situation.text(node) == situation.text(
                situation.nodes[1]
            ) else None  # fmt: skip
        if target is not None:
            tensor = situation.tensor(target)
            made = situation.made_on(tensor) if tensor is not None else None
            line = f" on line {made}" if made is not None else ""
            return Advice(
                f"{situation.shown(target)} was computed{line} from a tensor that requires grad, so it requires grad too: "
                "it is not a leaf, and its flag follows from its inputs. `.detach()` gives its value without the history.",
                hint,
            )
    return Advice("Only a leaf's `requires_grad` can be set; a computed tensor's follows from its inputs.")


@rules.on(r"Only Tensors created explicitly by the user \(graph leaves\) support the deepcopy protocol")
def _deepcopy(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of("deepcopy", "copy"):
        if call.args:
            name = situation.text(call.args[0])
            return Advice(
                f"{shown(name)} is not a leaf: a copy would need a copy of the graph behind it. "
                "`.detach().clone()` copies the numbers alone, `.clone()` makes a copy that stays part of the graph.",
                situation.hint((call, f"{name}.detach().clone()")),
            )
    return Advice("A tensor that is not a leaf cannot be deep-copied; use `.detach().clone()` for its numbers.")
