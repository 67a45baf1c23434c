"""Names that mean nothing: misspelt, not imported, bound later or elsewhere."""

from __future__ import annotations

import ast
import re

from ..source import names
from ..source.names import did_you_mean
from .hints import insert_before
from .situation import Advice, Rules, Situation, called, of_kind, receiver, shown

rules = Rules()

_OTHER_LANGUAGES = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None"}


@rules.on(r"NameError: (?:free variable|name) '(\w+)' (?:is not defined|referenced before assignment)")
def _unknown_name(situation: Situation, match: re.Match[str]) -> Advice:
    name = match[1]
    uses = [node for node in situation.find(ast.Name) if node.id == name]
    if name in _OTHER_LANGUAGES:
        return Advice(
            f"In Python it is written `{_OTHER_LANGUAGES[name]}`.", _renamed(situation, uses, _OTHER_LANGUAGES[name])
        )
    if name in names.IMPORTS and name not in situation.program.bound:
        first = situation.program.statements[0].first if situation.program.statements else 1
        return Advice(f"{shown(name)} has to be imported first.", insert_before(first, names.IMPORTS[name]))
    later = situation.program.bound.get(name)
    if later is not None and situation.failure.line is not None and later >= situation.failure.line:
        return Advice(
            f"{shown(name)} gets its value on line {later}, and line {situation.failure.line} is run before that is done."
        )
    near = did_you_mean(name, situation.program.bound)
    if near is not None:
        bound = situation.program.bound[near]
        return Advice(
            f"Nothing is called {shown(name)}. Did you mean {shown(near)} of line {bound}?",
            _renamed(situation, uses, near),
        )
    if name in names.OF_MODULE["torch"] and uses:
        whole = f"{situation.torch}.{name}"
        return Advice(f"{shown(name)} belongs to `torch`.", _renamed(situation, uses, whole))
    near = did_you_mean(name, names.BUILT_IN)
    if near is not None:
        return Advice(f"Nothing is called {shown(name)}. Did you mean {shown(near)}?", _renamed(situation, uses, near))
    inside = (
        f" (line {later} binds it inside of a function or class, which is not seen from here)"
        if later is not None
        else ""
    )
    return Advice(f"No line before this one gives {shown(name)} a value{inside}.")


def _renamed(situation: Situation, uses: list[ast.Name], name: str) -> str | None:
    return situation.hint(*((use, name) for use in uses))


@rules.on(r"UnboundLocalError: cannot access local variable '(\w+)'")
def _unbound_local(situation: Situation, match: re.Match[str]) -> Advice:
    name = match[1]
    function = situation.program.enclosing(situation.statement, "def")
    where = f"`{function.words[1]}`" if function is not None else "the function"
    text = (
        f"{where} assigns {shown(name)} somewhere, so inside of it {shown(name)} is a variable of its own, which has no value "
        "yet on this line."
    )
    body = next(situation.program.block(function), None)
    outside = [
        statement
        for statement in situation.program.statements
        if not statement.indent
        and any(
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
            for node in statement.nodes
        )
    ]
    if body is None or not outside:
        return Advice(text)
    return Advice(
        f"{text} To change the one of line {outside[0].first}, say so with `global`; better is to pass it in and return it.",
        insert_before(body.first, f"global {name}"),
    )


@rules.on(r"AttributeError: module '([\w.]+)' has no attribute '(\w+)'")
def _not_in_module(situation: Situation, match: re.Match[str]) -> Advice:
    module, name = match[1], match[2]
    uses = [node for node in situation.find(ast.Attribute) if node.attr == name]
    near = did_you_mean(name, names.OF_MODULE.get(module, names.OF_MODULE["torch"]))
    if near is None:
        return Advice(f"`{module}` has nothing called {shown(name)}.")
    return Advice(
        f"`{module}` has nothing called {shown(name)}. Did you mean {shown(near)}?", _attribute(situation, uses, near)
    )


def _attribute(situation: Situation, uses: list[ast.Attribute], name: str) -> str | None:
    if len(uses) != 1:
        return None
    return situation.hint((uses[0], situation.text(uses[0])[: -len(uses[0].attr)] + name))


@rules.on(r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def _no_attribute(situation: Situation, match: re.Match[str]) -> Advice | None:
    kind, name = match[1], match[2]
    uses = [node for node in situation.find(ast.Attribute) if node.attr == name]
    special = _special(situation, kind, name, uses)
    if special is not None or kind == "NoneType":
        return special
    owner = situation.shown(uses[0].value) if len(uses) == 1 else "This value"
    near = did_you_mean(name, _attributes_of(situation, kind))
    text = f"{owner} is {of_kind(kind)} and has no `{name}`."
    return Advice(
        f"{text} Did you mean {shown(near)}?" if near else text, _attribute(situation, uses, near) if near else None
    )


def _special(situation: Situation, kind: str, name: str, uses: list[ast.Attribute]) -> Advice | None:
    owner = uses[0].value if len(uses) == 1 else None
    if owner is None:
        return None
    if kind in ("builtin_function_or_method", "method", "function") and name in names.TENSOR:
        text = f"{situation.shown(owner)} is a function that was not called: its parentheses are missing."
        complete = isinstance(owner, ast.Attribute)
        return Advice(text, situation.hint((owner, f"{situation.text(owner)}()")) if complete else None)
    if kind in ("float", "int") and name in names.TENSOR:
        bound = situation.assignment(owner.id) if isinstance(owner, ast.Name) else None
        where = f" since line {bound.first}, {shown(bound.code)}" if bound is not None else ""
        hint = None
        for node in bound.nodes if bound is not None else ():
            target = receiver(node) if isinstance(node, ast.Call) and called(node) == "item" else None
            if target is not None and bound is not None:
                hint = situation.hint_at(bound, (node, bound.text(node.func)[: -len(".item")]))  # type: ignore[attr-defined]
        return Advice(
            f"{situation.shown(owner)} is a plain Python number{where}, and not a tensor: it has no `{name}`.", hint
        )
    if kind in ("tuple", "list") and name in names.TENSOR:
        return result_of_grad(situation, owner)
    return None


def result_of_grad(situation: Situation, owner: ast.expr | None) -> Advice | None:
    """Say that ``grad`` returns a tuple, where that is what the variable came from."""
    bound = situation.assignment(owner.id) if isinstance(owner, ast.Name) else None
    for node in bound.nodes if bound is not None else ():
        if (
            bound is not None
            and isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and called(node.value) == "grad"
        ):
            return Advice(
                f"`grad()` returns a tuple with one gradient for each input, also for a single one. {situation.shown(owner)} "
                f"of line {bound.first} is that tuple; its first entry is the gradient."
                if owner is not None
                else "",
                situation.hint_at(bound, (node.value, f"{bound.text(node.value)}[0]")),
            )
    return None


def _attributes_of(situation: Situation, kind: str) -> frozenset[str]:
    if kind in ("Tensor", "Parameter"):
        return names.TENSOR
    header = situation.program.class_named(kind)
    if header is None:
        return _of_pytorch(kind)
    found = set(names.MODULE)
    for statement in situation.program.block(header):
        if statement.words[:1] == ("def",):
            found.add(statement.words[1])
        for node in statement.nodes:
            own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
            if own and isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
    return frozenset(found)


def _of_pytorch(kind: str) -> frozenset[str]:
    """The attributes of what is no class of the program, by the name of its class."""
    if kind in names.OPTIM:
        return names.OPTIMIZER
    if kind.endswith(("LR", "LROnPlateau", "WarmRestarts")):
        return names.SCHEDULER
    if kind == "str":
        return names.STR
    if re.search(r"Backward\d*$", kind):
        return names.NODE
    return names.MODULE if kind[:1].isupper() else frozenset()


@rules.on(r"ImportError: cannot import name '(\w+)' from '([\w.]+)'")
def _not_importable(situation: Situation, match: re.Match[str]) -> Advice:
    name, module = match[1], match[2]
    near = did_you_mean(name, names.OF_MODULE.get(module, names.OF_MODULE["torch"]))
    words = [node for node in situation.find(ast.alias) if node.name == name]
    hint = (
        situation.hint((words[0], situation.text(words[0]).replace(name, near, 1)))
        if near and len(words) == 1
        else None
    )
    return Advice(
        f"`{module}` has nothing called {shown(name)}.{f' Did you mean {shown(near)}?' if near else ''}", hint
    )


@rules.on(r"KeyError: (?P<key>'(?:[^'\\]|\\.)*')")
def _key(situation: Situation, match: re.Match[str]) -> Advice:
    wanted = match["key"][1:-1]
    near = did_you_mean(wanted, situation.other_texts)
    uses = [node for node in situation.find(ast.Constant) if node.value == wanted]
    text = f"The dictionary has no entry {shown(match['key'])}."
    if near is None or len(uses) != 1:
        return Advice(text)
    return Advice(f"{text} Did you mean {shown(repr(near))}?", situation.hint((uses[0], repr(near))))
