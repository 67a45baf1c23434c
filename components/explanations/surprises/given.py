"""Optimizers that were given other tensors than those that get the gradients: copies, or the parameters of others."""

from __future__ import annotations

import ast
from typing import NamedTuple

from ...source.statements import Statement
from ...source.tree import dotted
from ...trace import Tensor
from ..situation import called, receiver, shown
from .reach import Cut, find_cut
from .run import Optimizer, Remark, Run, listed

_COPIES = frozenset({"detach", "clone", "deepcopy", "data"})
_WRAPPING = frozenset({*_COPIES, "requires_grad_", "Parameter", "tensor"})
_OF_MODULES = frozenset({"torch", "copy", "nn", "torch.nn"})


class Given(NamedTuple):
    """What an optimizer was given, and the statement that says so."""

    statement: Statement
    value: ast.expr


def times(optimizer: Optimizer) -> str:
    """How often ``step()`` ran, for a sentence."""
    return "ran" if len(optimizer.steps) == 1 else f"ran {len(optimizer.steps)} times"


def moves_nothing(run: Run, optimizer: Optimizer, present: set[str]) -> Remark:
    """Of all leaves that had a gradient, ``step()`` changed none."""
    leaves = [run.leaves[origin] for origin in sorted(present) if origin in run.leaves]
    names = list(dict.fromkeys(leaf.name for leaf in leaves if leaf.name))
    which = listed(names) if names and all(leaf.name for leaf in leaves) else "tensors without a name"
    begin = f"`{optimizer.name}.step()` {times(optimizer)} and changed nothing"
    cut = _cut(run, names)
    if cut is not None:
        text = f"{begin}: `backward()` gave a gradient to {which} alone, because {cut.why}."
        return Remark(cut.statement.first, text, cut.hint)
    given = _given(run, optimizer)
    why, hint = _why(run, optimizer, given, leaves)
    text = f"{begin} that had a gradient: `backward()` gave one to {which}, and {why}"
    return Remark(given.statement.first, text, hint)


def _cut(run: Run, names: list[str]) -> Cut | None:
    """Where what got the gradients lost its history, if that is why nothing else got one."""
    for backward in run.trace.backwards:
        if backward.step is not None and len(names) == 1:
            return find_cut(run, names[0], run.trace.steps[backward.step])
    return None


def _given(run: Run, optimizer: Optimizer) -> Given:
    """For a variable, the list that the one statement which binds it makes."""
    value: ast.expr = optimizer.call.args[0] if optimizer.call.args else optimizer.call
    if isinstance(value, ast.Name):
        made = [(s, assign) for s in run.statements(value.id) if (assign := s.assigned()) is not None]
        made = [(s, assign) for s, assign in made if s.text(assign.targets[0]) == value.id]
        if len(made) == 1 and isinstance(made[0][1].value, ast.List | ast.ListComp | ast.GeneratorExp):
            return Given(made[0][0], made[0][1].value)
    return Given(optimizer.statement, value)


def _why(run: Run, optimizer: Optimizer, given: Given, leaves: list[Tensor]) -> tuple[str, str | None]:
    """Why nothing was changed, as the end of a sentence, and the hint that mends it."""
    statement, value = given
    copied = sorted(
        {f".{word}" if word == "data" else f"{word}()" for node in ast.walk(value) if (word := _copy_word(node))}
    )
    if copied:
        text = f"this line gives the optimizer other tensors, made with {listed(copied)}, whose `.grad` stays `None`."
        return text, _originals(run, given, leaves)
    root = (
        dotted(receiver(value) or ast.Pass()) if isinstance(value, ast.Call) and called(value) == "parameters" else ""
    )
    if root:
        found = _of_another(run, optimizer, given, (root, leaves))
        if found is not None:
            return found
    names = [element.id for element in getattr(value, "elts", ()) if isinstance(element, ast.Name)]
    for name in names:
        again = _bound_again(run, optimizer, name)
        if again is not None and any(leaf.name == name for leaf in leaves):
            return f"the optimizer has the `{name}` of before: line {again} makes another tensor of that name.", None
    return f"that is not what this line gives the optimizer: {shown(statement.text(value))}.", None


def _of_another(
    run: Run, optimizer: Optimizer, given: Given, who: tuple[str, list[Tensor]]
) -> tuple[str, str | None] | None:
    """Whether the optimizer has the parameters of another model, or of the one that its variable stood for before."""
    root, leaves = who
    owners = {(leaf.name or "").rpartition(".")[0] for leaf in leaves}
    again = _bound_again(run, optimizer, root.partition(".")[0])
    if again is not None and all(owner == root or owner.startswith(f"{root}.") for owner in owners):
        return f"the optimizer has the parameters of the `{root}` before line {again} made a new one.", None
    others = {owner.partition(".")[0] for owner in owners}
    if len(others) != 1 or "" in others or root.partition(".")[0] in others:
        return None
    other = others.pop()
    code = given.statement.edited((given.value, f"{other}.parameters()"))
    hint = f"Line {given.statement.first}: {code}" if code and _is_module(run, other) else None
    return f"the optimizer has the parameters of `{root}`.", hint


def _copy_word(node: ast.AST) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else called(node) if isinstance(node, ast.Call) else ""
    return name if name in _COPIES else ""


def _is_module(run: Run, name: str) -> bool:
    """Whether parameters are known by paths that begin with a variable."""
    return any((tensor.name or "").startswith(f"{name}.") for tensor in run.leaves.values())


def _bound_again(run: Run, optimizer: Optimizer, name: str) -> int | None:
    """The line that gave a name another value after the optimizer was made."""
    for statement in run.statements(name):
        targets = [target for assign in statement.find(ast.Assign) for target in assign.targets]
        again = any(step.index > optimizer.made and step.function is None for step in run.visits(statement))
        if again and any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return statement.first
    return None


def _originals(run: Run, given: Given, leaves: list[Tensor]) -> str | None:
    """The hint that gives the optimizer the tensors themselves: ``[w]`` for ``[w.detach().requires_grad_()]``."""
    statement, value = given
    text: str | None = None
    if isinstance(value, ast.List | ast.Tuple) and value.elts:
        bases = [_base(element) for element in value.elts]
        text = f"[{', '.join(map(str, bases))}]" if set(bases) == {leaf.name for leaf in leaves} else None
    elif isinstance(value, ast.ListComp | ast.GeneratorExp):
        text = _source(statement, value)
    elif isinstance(value, ast.Call) and called(value) == "parameters":
        inner = receiver(value)
        if isinstance(inner, ast.Call) and called(inner) == "deepcopy" and len(inner.args) == 1:
            model = statement.text(inner.args[0])
            text = f"{model}.parameters()" if _is_module(run, model) else None
    code = statement.edited((value, text)) if text is not None else None
    return f"Line {statement.first}: {code}" if code else None


def _source(statement: Statement, made: ast.ListComp | ast.GeneratorExp) -> str | None:
    """``net.parameters()`` for ``[p.detach().requires_grad_() for p in net.parameters()]``."""
    one = made.generators[0]
    plain = len(made.generators) == 1 and not one.ifs and isinstance(one.target, ast.Name)
    if not plain or not isinstance(one.target, ast.Name) or _base(made.elt) != one.target.id:
        return None
    if not isinstance(one.iter, ast.Call) or called(one.iter) != "parameters" or one.iter.args:
        return None
    text = statement.text(one.iter)
    assign = statement.assigned()
    return f"list({text})" if assign is not None and assign.value is made else text


def _base(node: ast.expr) -> str | None:
    """``w`` for ``w.detach().clone().requires_grad_(True)`` and ``torch.clone(w)``."""
    inner: ast.expr | None = node
    while inner is not None and not isinstance(inner, ast.Name):
        if isinstance(inner, ast.Attribute) and inner.attr == "data":
            inner = inner.value
        elif isinstance(inner, ast.Call) and called(inner) in _WRAPPING:
            owner = receiver(inner)
            own = owner is not None and dotted(owner) not in _OF_MODULES
            inner = owner if own else inner.args[0] if inner.args else None
        else:
            return None
    return inner.id if inner is not None else None
