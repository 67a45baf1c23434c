"""Tensors that were meant to be leaves: where they were made, and how to make a leaf of their numbers there.

``w = torch.randn(3, requires_grad=True) * 0.01`` is not a leaf; the leaf is inside, and has no name. Nothing that is done
to ``w`` later on mends that, so the line that made it is the one to change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..source.edits import keyword, needs_parentheses
from ..source.statements import Replacement, Statement
from .dataflow import place
from .hints import replace_line
from .situation import Situation, called, receiver
from .updates import owns


def leaf_inside(situation: Situation, statement: Statement | None) -> str | None:
    """Return the hint that makes a leaf of what a statement computes from an unnamed one.

    ``None`` where the statement computes from other tensors that require grad: then it is not certain what is meant.
    """
    whole = (
        next((node for node in statement.nodes if isinstance(node, ast.Assign | ast.Return)), None)
        if statement
        else None
    )
    if statement is None or whole is None or whole.value is None or statement.nodes[1] is not whole:
        return None
    name = place(whole.targets[0]) if isinstance(whole, ast.Assign) else None
    edits: list[Replacement] = []
    for value in _values(whole.value):
        made = _leaf_of(situation, statement, value, name or "")
        if made is None:
            return None
        edits += made
    return situation.hint_at(statement, *edits) if edits else None


def _values(value: ast.expr) -> Iterator[ast.expr]:
    """What becomes tensors: the value, or the entries of a list."""
    if isinstance(value, ast.ListComp):
        yield value.elt
    elif isinstance(value, ast.List | ast.Tuple):
        yield from value.elts
    elif isinstance(value, ast.Dict):
        yield from value.values
    else:
        yield value


def _leaf_of(situation: Situation, statement: Statement, value: ast.expr, name: str) -> list[Replacement] | None:
    found = [node for node in ast.walk(value) if isinstance(node, ast.Name) and node.id not in situation.imports]
    others = [node for node in found if (tensor := situation.tensor(node)) is not None and tensor.requires_grad]
    inner, parameter = _made_inside(statement, value)
    if value in [node for node, _ in inner] or (not inner and not others):
        return []
    if inner and all(node.id == name for node in others):
        return _made_outside(statement, value, [edit for _, edit in inner], parameter)
    if others and all(node.id == name for node in others) and not inner:
        text = ").detach().requires_grad_()" if needs_parentheses(value) else ".detach().requires_grad_()"
        return list(statement.around(value, "(" * needs_parentheses(value), text))
    return None


def _made_inside(statement: Statement, value: ast.expr) -> tuple[list[tuple[ast.AST, Replacement]], str]:
    """What makes leaves in an expression, each with the edit that takes it out; and what ``nn.Parameter`` is called."""
    edits: list[tuple[ast.AST, Replacement]] = []
    parameter = ""
    for node in ast.walk(value):
        if not isinstance(node, ast.Call):
            continue
        owner = receiver(node)
        if called(node) == "requires_grad_" and owner is not None and not node.args and not node.keywords:
            edits.append((node, (node, statement.owner(node))))
        elif called(node) == "Parameter" and len(node.args) == 1 and not node.keywords:
            parameter = statement.text(node.func)
            edits.append((node, (node, statement.operand(node.args[0]))))
        elif (given := keyword(node, "requires_grad")) is not None and _is_true(given.value):
            edits.append((node, statement.without_keyword(node, "requires_grad")))
    return edits, parameter


def _is_true(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _made_outside(statement: Statement, value: ast.expr, inner: list[Replacement], parameter: str) -> list[Replacement]:
    if parameter:
        return [*statement.around(value, f"{parameter}(", ")"), *inner]
    brackets = needs_parentheses(value)
    return [*statement.around(value, "(" * brackets, ")" * brackets + ".requires_grad_()"), *inner]


# --- updates by hand


def updates_itself(statement: Statement | None, name: str) -> bool:
    """Return whether a statement changes a variable by its own gradient: ``w -= 0.1 * w.grad``, also anew."""
    if statement is None or not any(
        node.attr == "grad" and place(node.value) == name for node in statement.find(ast.Attribute)
    ):
        return False
    targets = [target for node in statement.find(ast.Assign) for target in node.targets]
    targets += [node.target for node in statement.find(ast.AugAssign)]
    targets += [node for call in statement.calls if called(call) in ("sub_", "add_") and (node := receiver(call))]
    return any(place(target) in (name, f"{name}.data") for target in targets)


def kept_leaf(situation: Situation, statement: Statement | None) -> str | None:
    """Return the hint that keeps variables leaves where ``w = w - 0.1 * w.grad`` makes new tensors.

    In place, if the program clears ``w.grad`` afterwards; else as a new leaf, which begins without a gradient.
    """
    header = situation.program.header(statement)
    block = situation.program.block(header) if header is not None else situation.program.statements
    hints = []
    for other in list(block):
        assign = other.assigned()
        name = place(assign.targets[0]) if assign is not None else None
        if assign is None or name is None or "." in name or not updates_itself(other, name):
            continue
        if "\n" in other.code or other.nodes[1] is not assign:
            return None
        hints.append(_kept(situation, other, assign, name))
    return "\n".join(hints) if hints and all(hints) else None


def _kept(situation: Situation, statement: Statement, assign: ast.Assign, name: str) -> str:
    value = assign.value
    if not _clears(situation, name):
        text = statement.text(value)
        text = text if not needs_parentheses(value) else f"({text})"
        text = text.removesuffix(".detach()") if text.endswith(").detach()") else text
        return replace_line(statement.first, f"{name} = {text}.detach().requires_grad_()")
    sign = {ast.Sub: "-", ast.Add: "+"}.get(type(value.op)) if isinstance(value, ast.BinOp) else None
    if isinstance(value, ast.BinOp) and sign is not None and place(value.left) == name:
        code = f"{name} {sign}= {statement.text(value.right)}"
    else:
        code = f"{name}.copy_({statement.text(value)})"
    inside = _without_graph(situation, statement)
    return replace_line(statement.first, code if inside else f"with {situation.torch}.no_grad(): {code}")


def _clears(situation: Situation, name: str) -> bool:
    """Whether the program sets this gradient to zero or to ``None``."""
    for statement in situation.program.statements:
        for call in statement.calls:
            owner = receiver(call)
            if called(call) == "zero_" and owner is not None and ast.unparse(owner).startswith(f"{name}.grad"):
                return True
            if called(call) == "zero_grad" and owner is not None and owns(situation, place(owner) or "", name):
                return True
        if any(place(target) == f"{name}.grad" for node in statement.find(ast.Assign) for target in node.targets):
            return True
    return False


def _without_graph(situation: Situation, statement: Statement) -> bool:
    block = situation.program.enclosing(statement, "with")
    return block is not None and any(called(call) in ("no_grad", "inference_mode") for call in block.calls)
