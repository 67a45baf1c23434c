"""Frozen parameters that an optimizer was given, and the ``.grad`` of tensors that are no leaves."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...source.statements import Statement
from ...source.tree import dotted
from ..situation import called, receiver, shown
from .reach import is_layer_of
from .run import Optimizer, Remark, Run, listed, sets_flag


def _frozen(run: Run) -> Iterator[Remark]:
    """``requires_grad = False`` on parameters that an optimizer was given."""
    if not run.optimizers or not run.trace.backwards:
        return
    flags = list(run.statements("requires_grad", "requires_grad_"))
    if any(_freezes(statement) is None and run.visits(statement) for statement in flags if _sets(statement)):
        return
    for statement in flags:
        target = _freezes(statement) if _sets(statement) else None
        if target is None or not run.visits(statement):
            continue
        what, root = _what(run, statement, target)
        owner = next((o for o in run.optimizers if o.steps and root and _has(run, o, root)), None)
        if owner is not None:
            yield Remark(
                statement.first,
                f"This line froze {what}: `backward()` gives no gradient to a parameter with `requires_grad=False`, and "
                f"`{owner.name}.step()`, which has it (line {owner.statement.first}), leaves it as it is.",
            )


def _has(run: Run, optimizer: Optimizer, root: str) -> bool:
    """Whether an optimizer was given the parameters of a variable, or of the class's own for ``self.backbone``."""
    given = _given(optimizer.call)
    first, _, attribute = root.partition(".")
    return bool(given) and (given == first or (first == "self" and is_layer_of(run, given, attribute)))


def _given(call: ast.Call) -> str:
    given = call.args[0] if call.args else None
    return (
        dotted(receiver(given) or ast.Pass()) if isinstance(given, ast.Call) and called(given) == "parameters" else ""
    )


def _sets(statement: Statement) -> bool:
    return sets_flag(statement) or any(called(call) == "requires_grad_" for call in statement.calls)


def _freezes(statement: Statement) -> ast.expr | None:
    """What a statement freezes: ``p`` in ``p.requires_grad = False`` and ``p.requires_grad_(False)``."""
    for assign in statement.find(ast.Assign):
        target, value = assign.targets[0], assign.value
        if isinstance(target, ast.Attribute) and target.attr == "requires_grad":
            return target.value if isinstance(value, ast.Constant) and value.value is False else None
    for call in statement.calls:
        values = [*call.args, *(given.value for given in call.keywords)]
        if called(call) == "requires_grad_" and len(values) == 1:
            return receiver(call) if isinstance(values[0], ast.Constant) and values[0].value is False else None
    return None


def _what(run: Run, statement: Statement, target: ast.expr) -> tuple[str, str]:
    """What was frozen, for a sentence, and the variable that it belongs to."""
    if not isinstance(target, ast.Name):
        path = statement.text(target)
        owner = ".".join(path.split(".")[:2]) if path.startswith("self.") else path.partition(".")[0]
        return shown(path), owner.partition("[")[0]
    frozen = [
        tensor.name
        for step in run.visits(statement)
        if (tensor := run.tensors.get(step.variables.get(target.id, ""))) is not None
        and not tensor.requires_grad
        and tensor.name is not None
    ]
    names = [name for name in dict.fromkeys(frozen) if "." in name]
    roots = {name.partition(".")[0] for name in names}
    if len(roots) != 1:
        return "", ""
    return listed(names), roots.pop()


# --- gradients that nobody keeps


def _not_a_leaf(run: Run) -> Iterator[Remark]:
    """``y.grad`` of a ``y`` that was computed: PyTorch warns, and gives ``None``."""
    for warned in run.trace.warnings:
        statement = run.program.at(warned.line)
        if statement is None or "that is not a leaf Tensor is being accessed" not in warned.message:
            continue
        visits = run.visits(statement)
        bound = run.tensors_before(visits[-1]) if visits else {}
        names = {
            node.value.id
            for node in statement.find(ast.Attribute)
            if node.attr == "grad" and isinstance(node.value, ast.Name) and _computed(bound.get(node.value.id))
        }
        if len(names) == 1:
            name = names.pop()
            made = run.bound_by(bound[name])
            where = f" (line {made[1].first} computed it)" if made is not None else ""
            yield Remark(
                statement.first,
                f"`{name}` is not a leaf{where}, and `backward()` keeps gradients only in the `.grad` of leaves: `{name}.grad` "
                f"is `None`. `{name}.retain_grad()` before `backward()` keeps this one, too.",
                _retaining(run, name, statement),
            )


def _computed(tensor: object) -> bool:
    return getattr(tensor, "node", None) is not None


def _retaining(run: Run, name: str, reading: Statement) -> str | None:
    """The hint that asks for the gradient before the one ``backward()`` above, where the name is only read."""
    calls = [s for s in run.statements("backward") if any(called(call) == "backward" for call in s.calls)]
    bindings = [
        s for s in run.statements(name) for n in s.find(ast.Name) if n.id == name and isinstance(n.ctx, ast.Store)
    ]
    if len(calls) != 1 or len(bindings) != 1 or not run.together(calls[0], reading):
        return None
    if not bindings[0].first < calls[0].first < reading.first or run.optimizers:
        return None
    return f"Before line {calls[0].first}: {name}.retain_grad()"


kinds = (_frozen, _not_a_leaf)
