"""Copies of what has a graph behind it: ``copy.deepcopy`` of tensors, of containers and of modules that hold some.

What is copied is seldom the tensor itself: it lies in a dictionary, or a module kept its last result. So the one inside is
named, and the line that put it there.
"""

from __future__ import annotations

import ast
import re

from ..source.statements import Replacement, Statement
from ..trace import Tensor
from .dataflow import grows, place, reads
from .situation import Advice, Rules, Situation, listed, shown

rules = Rules()

_OF = re.compile(r"(?P<kind>list|tuple|dict) of (?P<number>\d+) (?P<what>tensors|elements)")
_COMPUTED_WEIGHTS = ("torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm")
_ALLOWED = "a copy of a tensor that is no leaf would need a copy of the graph behind it."
_TENSOR = "`.detach().clone()` copies the numbers alone, `.clone()` makes a copy that stays part of the graph."


@rules.on(r"Only Tensors created explicitly by the user \(graph leaves\) support the deepcopy protocol")
def _deepcopy(situation: Situation, match: re.Match[str]) -> Advice:
    reparametrised = _by_weight_norm(situation)
    if reparametrised is not None:
        return reparametrised
    for call in situation.calls_of("deepcopy"):
        name = place(call.args[0]) if call.args else None
        value = situation.value(call.args[0]) if call.args else None
        if isinstance(value, Tensor):
            return Advice(
                f"{shown(name or '')} is not a leaf: a copy would need a copy of the graph behind it. {_TENSOR}",
                situation.hint((call, f"{situation.text(call.args[0])}.detach().clone()")),
            )
        if name is not None and isinstance(value, str):
            return _inside(situation, call, name, value)
    return Advice(f"{situation.here} copies something with a graph, and {_ALLOWED} {_TENSOR}")


def _by_weight_norm(situation: Situation) -> Advice | None:
    """A module whose weight is computed from others, by ``weight_norm`` or ``spectral_norm`` of the old kind."""
    found = list(situation.calls_below(*_COMPUTED_WEIGHTS))
    copied = [situation.value(call.args[0]) for call in situation.calls_of("deepcopy") if call.args]
    owners = [situation.program.class_named(value) for value in copied if isinstance(value, str)]
    inside = {statement for owner in owners if owner is not None for statement in situation.program.block(owner)}
    elsewhere = bool(inside) and not any(statement in inside for statement, _ in found)
    if not found or elsewhere or any(isinstance(value, Tensor) for value in copied):
        return None
    edits: dict[Statement, list[Replacement]] = {}
    for statement, call in found:
        path = situation.full_name(call.func).rpartition(".")[2]
        edits.setdefault(statement, []).append((call.func, f"{situation.torch}.nn.utils.parametrizations.{path}"))
    hints = [situation.hint_at(statement, *made) for statement, made in edits.items()]
    norm = shown(found[0][0].text(found[0][1].func))
    return Advice(
        f"{norm} ({listed([statement.first for statement in edits])}) keeps the weight of its module as a tensor that is computed from "
        f"parameters, and {_ALLOWED} The one of the same name in `torch.nn.utils.parametrizations` keeps the parameters alone.",
        "\n".join(hint for hint in hints if hint) if all(hints) and situation.torch in situation.imports else None,
    )


def _inside(situation: Situation, call: ast.Call, name: str, value: str) -> Advice:
    whole = _OF.fullmatch(value)
    found = [
        tensor for tensor in situation.trace.tensors if tensor.name and tensor.name.startswith((f"{name}[", f"{name}."))
    ]
    computed = [tensor for tensor in found if not tensor.is_leaf]
    if whole is None and (owner := situation.program.class_named(value)) is not None:
        return _in_an_object(situation, name, owner, computed)
    if not computed and (line := _given(situation, name)) is not None:
        return Advice(
            f"{situation.here} copies {shown(name)}, which holds a tensor with a graph since line {line.first}, {shown(line.code)}, and "
            f"{_ALLOWED} Keep `.detach()` of it there, if no gradient is to go through what is kept."
        )
    if not computed:
        return Advice(
            f"{situation.here} copies {shown(name)}, which holds a tensor with a graph, and {_ALLOWED} Copy the numbers of that one, with "
            "`.detach().clone()`, or keep a `.detach()` of it."
        )
    entries = {tensor.name for tensor in computed if re.fullmatch(r"\[[^\[\]]*\]", (tensor.name or "")[len(name) :])}
    certain = whole is not None and len(entries) == int(whole["number"])
    hint = situation.hint((call, _copied(name, whole["kind"]))) if whole is not None and certain else None
    return _of_one(situation, name, computed[0], hint)


def _of_one(situation: Situation, name: str, inner: Tensor, hint: str | None = None) -> Advice:
    node = situation.graph.get(inner.node or "")
    made = f" (line {node.line})" if node is not None and node.line is not None else ""
    return Advice(
        f"{situation.here} copies {shown(name)}. In it {shown(inner.name or '')}{made} is no leaf, and a copy of it would need a copy of "
        "the graph behind it. Copy the numbers of what is inside, with `.detach().clone()`.",
        hint,
    )


def _given(situation: Situation, name: str) -> Statement | None:
    """The one line outside of classes that gives the object, or one that it holds, an attribute."""
    found = [
        statement
        for statement in situation.program.statements
        for node in statement.find(ast.Assign)
        if (place(node.targets[0]) or "").startswith((f"{name}.", f"{name}["))
        and not isinstance(node.value, ast.Constant)
    ]
    return found[0] if len(found) == 1 else None


def _copied(name: str, kind: str) -> str:
    return {
        "list": f"[part.detach().clone() for part in {name}]",
        "tuple": f"tuple(part.detach().clone() for part in {name})",
        "dict": f"{{key: part.detach().clone() for key, part in {name}.items()}}",
    }[kind]


def _in_an_object(situation: Situation, name: str, owner: Statement, computed: list[Tensor]) -> Advice:
    """A module, or another object of a class of the program, that keeps something it computed."""
    kept: list[tuple[Statement, ast.Assign, str]] = []
    header = None
    for statement in situation.program.block(owner):
        header = statement if statement.words[:1] == ("def",) else header
        for node in statement.find(ast.Assign):
            target = place(node.targets[0])
            starting = header is not None and header.words[1] == "__init__" and not reads_a_parameter(header, node)
            if (
                target is not None
                and target.startswith("self.")
                and not starting
                and not isinstance(node.value, ast.Constant)
            ):
                kept.append((statement, node, target))
    filled = [(statement, target) for statement in situation.program.block(owner) for target, _ in grows(statement)]
    text = f"{situation.here} copies {shown(name)}, which holds a tensor with a graph, and {_ALLOWED}"
    if not kept and len(filled) == 1:
        line, target = filled[0]
        attribute = target.removeprefix("self.")
        return Advice(
            f"{text} Line {line.first} puts one into {shown(f'{name}.{attribute}')}. Keep `.detach()` of it there, if no gradient is to go "
            "through what is kept."
        )
    if not kept and computed:
        return _of_one(situation, name, computed[0])
    if len(kept) != 1:
        return Advice(f"{text} Look for an attribute that keeps something computed, and keep a `.detach()` of it.")
    statement, node, target = kept[0]
    attribute = target.removeprefix("self.")
    used = [
        other
        for other in situation.program.statements
        if any(read.endswith(f".{attribute}") or f".{attribute}." in read for read in reads(other))
    ]
    given = reads_a_parameter(situation.program.enclosing(statement, "def"), node)
    alone = statement.nodes[1] is node and not used and not given
    return Advice(
        f"{text} Line {statement.first} keeps {shown(f'{name}.{attribute}')} with its graph. Keep `.detach()` of it there, if "
        f"no gradient is to go through what is kept; of a module, `copy.deepcopy({name}.state_dict())` copies the parameters alone.",
        situation.hint_at(statement, (node.value, f"{statement.operand(node.value)}.detach()")) if alone else None,
    )


def reads_a_parameter(header: Statement | None, node: ast.Assign) -> bool:
    """Return whether what is assigned comes straight from a parameter of the function."""
    return header is not None and isinstance(node.value, ast.Name) and node.value.id in header.parameters
