"""Errors of one's own ``autograd.Function``."""

from __future__ import annotations

import ast
import re

from .hints import insert_before, replace_line
from .rule import Advice, Rules
from .situation import Situation, argument, called, receiver
from .source import Statement, of_kind, shown

rules = Rules()


def method_of(situation: Situation, owner: str, name: str) -> Statement | None:
    """Return the ``def`` of a method of a class of the program."""
    for header in situation.source.statements:
        if header.words[:2] == ("class", owner):
            for statement in situation.source.block(header):
                if statement.words[:2] == ("def", name):
                    return statement
    return None


def parameters_of(statement: Statement | None) -> list[str]:
    """Return the names of a function's positional parameters."""
    for node in statement.nodes if statement is not None else ():
        if isinstance(node, ast.FunctionDef):
            return [given.arg for given in (*node.args.posonlyargs, *node.args.args)]
    return []


def returned(situation: Situation, method: Statement | None) -> tuple[Statement, ast.expr] | None:
    """Return a method's ``return`` statement and its value, if it has just one."""
    found = [
        (statement, node.value)
        for statement in (situation.source.block(method) if method is not None else ())
        for node in statement.nodes
        if isinstance(node, ast.Return) and node.value is not None
    ]
    return found[0] if len(found) == 1 else None


@rules.on(r"function (\w+)Backward returned an incorrect number of gradients \(expected (\d+), got (\d+)\)")
def _number_of_gradients(situation: Situation, match: re.Match[str]) -> Advice:
    name, wanted, got = match[1], int(match[2]), int(match[3])
    method = method_of(situation, name, "backward")
    inputs = parameters_of(method_of(situation, name, "forward"))[1:]
    listed = f" ({', '.join(shown(given) for given in inputs)})" if len(inputs) == wanted else ""
    result = returned(situation, method)
    where = f"line {result[0].first} returns {got}" if result is not None else f"it returned {got}"
    text = (
        f"`{name}.forward` takes {wanted} {'input' if wanted == 1 else 'inputs'} besides `ctx`{listed}, so "
        f"`{name}.backward` must return {wanted}, one for each in the same order: {where}. "
        "An input that needs no gradient gets `None`."
    )
    if result is None or got > wanted:
        return Advice(text)
    statement, value = result
    inside = statement.text(value)
    return Advice(text, situation.hint_at(statement, (value, inside + ", None" * (wanted - got))))


@rules.on(
    r"Function (\w+)Backward\d* returned an invalid gradient at index (\d+) - got \[(.*?)\] but expected shape compatible with \[(.*?)\]"
)
def _gradient_of_wrong_shape(situation: Situation, match: re.Match[str]) -> Advice:
    method = method_of(situation, match[1], "backward")
    inputs = parameters_of(method_of(situation, match[1], "forward"))[1:]
    place = int(match[2])
    name = shown(inputs[place]) if place < len(inputs) else f"input {place}"
    result = returned(situation, method)
    where = f" Line {result[0].first} returns it." if result is not None else ""
    return Advice(
        f"`{match[1]}.backward` gave a gradient of shape [{match[3]}] for {name}, which has shape [{match[4]}]. A gradient has "
        f"the shape of its input.{where}"
    )


@rules.on(
    r"Legacy autograd function with non-static forward method|(\w+)\.forward\(\) missing \d+ required positional argument"
)
def _not_applied(situation: Situation, match: re.Match[str]) -> Advice | None:
    for call in situation.calls:
        name, whole = _function_called(situation, call)
        if name is not None:
            text = (
                f"A Function is not made or called like a class: `{name}.apply(...)` runs its `forward`, gives it `ctx`, and "
                "puts its `backward` into the graph."
            )
            return Advice(text, situation.hint((whole, f"{name}.apply")))
    return None


def _function_called(situation: Situation, call: ast.Call) -> tuple[str | None, ast.expr]:
    """``Double`` for ``Double()(x)`` and ``Double.forward(x)``, with what to replace by ``Double.apply``."""
    made = call.func if isinstance(call.func, ast.Call) else receiver(call)
    name = made.func if isinstance(made, ast.Call) else made
    direct = called(call) in ("forward", "backward") or isinstance(call.func, ast.Call)
    known = isinstance(name, ast.Name) and method_of(situation, name.id, "forward") is not None
    return (name.id if direct and known and isinstance(name, ast.Name) else None), call.func


@rules.on(r"You must implement (either )?the (forward|backward)")
def _no_method(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"A custom `autograd.Function` needs a static `{match[2]}`, and the program's has none by that name: "
        "`forward(ctx, *inputs)` computes, `backward(ctx, *grad_outputs)` returns one gradient for each input."
    )


@rules.on(r"save_for_backward can only save variables, but argument (\d+) is of type (\w+)")
def _saved_something_else(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"`ctx.save_for_backward` keeps tensors; {of_kind(match[2])} is kept as an attribute of `ctx`."
    for statement in situation.source.statements:
        for call in statement.nodes:
            if isinstance(call, ast.Call) and called(call) == "save_for_backward":
                given = argument(call, int(match[1]))
                if given is None:
                    continue
                name = given.id if isinstance(given, ast.Name) else "number"
                kept = [statement.text(other) for other in call.args if other is not given]
                return Advice(
                    f"{text} Line {statement.first} passes {shown(statement.text(given))}.",
                    replace_line(
                        statement.first,
                        f"{statement.text(call.func)}({', '.join(kept)}); ctx.{name} = {statement.text(given)}",
                    ),
                )
    return Advice(text)


@rules.on(r"ValueError: not enough values to unpack \(expected (\d+), got (\d+)\)")
def _nothing_saved(situation: Situation, match: re.Match[str]) -> Advice | None:
    reads = any(isinstance(node, ast.Attribute) and node.attr == "saved_tensors" for node in situation.nodes)
    header = situation.source.enclosing(situation.statement, "class") if situation.statement is not None else None
    if not reads or header is None:
        return None
    name = header.words[1]
    text = f"`ctx.saved_tensors` holds what `{name}.forward` gave to `ctx.save_for_backward`: {match[2]} tensors, and {match[1]} are read here."
    forward = method_of(situation, name, "forward")
    result = returned(situation, forward)
    inputs = parameters_of(forward)[1:]
    if int(match[2]) == 0 and result is not None and len(inputs) == int(match[1]):
        return Advice(text, insert_before(result[0].first, f"ctx.save_for_backward({', '.join(inputs)})"))
    return Advice(text)
