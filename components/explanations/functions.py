"""Functions of one's own, ``autograd.Function``, and functions of functions, ``torch.func`` and ``autograd.functional``."""

from __future__ import annotations

import ast
import re

from ..source.statements import Statement
from .hints import insert_before, replace_line
from .situation import Advice, Rules, Situation, argument, called, of_kind, receiver, shown

rules = Rules()


def _method(situation: Situation, owner: str, name: str) -> Statement | None:
    """The ``def`` of a method of a class of the program."""
    return next(iter(situation.program.functions_named(f"{owner}.{name}")), None)


def _inputs(forward: Statement | None) -> list[str]:
    """The parameters of ``forward`` but for ``ctx``."""
    return forward.parameters[1:] if forward is not None else []


def _returned(situation: Situation, method: Statement | None) -> tuple[Statement, ast.expr] | None:
    """Return a method's ``return`` statement and its value, if it has just one."""
    found = [
        (statement, node.value)
        for statement in situation.program.block(method)
        for node in statement.nodes
        if isinstance(node, ast.Return) and node.value is not None
    ]
    return found[0] if len(found) == 1 else None


@rules.on(r"function (\w+)Backward returned an incorrect number of gradients \(expected (\d+), got (\d+)\)")
def _number_of_gradients(situation: Situation, match: re.Match[str]) -> Advice:
    name, wanted, got = match[1], int(match[2]), int(match[3])
    method = _method(situation, name, "backward")
    inputs = _inputs(_method(situation, name, "forward"))
    listed = f" ({', '.join(shown(given) for given in inputs)})" if len(inputs) == wanted else ""
    result = _returned(situation, method)
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
    method = _method(situation, match[1], "backward")
    inputs = _inputs(_method(situation, match[1], "forward"))
    place = int(match[2])
    name = shown(inputs[place]) if place < len(inputs) else f"input {place}"
    result = _returned(situation, method)
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


@rules.on(
    r"TypeError: (?P<owner>\w+)\.(?P<method>forward|backward)\(\) takes (\d+) positional arguments? but (?P<given>\d+) were given"
)
def _arguments_of_a_function(situation: Situation, match: re.Match[str]) -> Advice | None:
    name, given = match["owner"], int(match["given"])
    header, method = situation.program.class_named(name), _method(situation, name, match["method"])
    if header is None or method is None or "Function" not in header.words:
        return None
    parameters = method.parameters
    if match["method"] == "forward":
        if parameters[:1] == ["ctx"] or given != len(parameters) + 1:
            return None
        opened = method.code.replace("(", "(ctx, " if parameters else "(ctx", 1)
        return Advice(
            f"`forward` of a Function gets `ctx` first, in which it saves what `backward` needs. Line {method.first} has none.",
            replace_line(method.first, opened),
        )
    result = _returned(situation, _method(situation, name, "forward"))
    made = f" (line {result[0].first})" if result is not None else ""
    return Advice(
        f"`{name}.backward` gets `ctx` and one gradient for each result of `forward`{made}: {given - 1} here. "
        f"Line {method.first} takes {len(parameters) - 1}."
    )


def _function_called(situation: Situation, call: ast.Call) -> tuple[str | None, ast.expr]:
    """``Double`` for ``Double()(x)`` and ``Double.forward(x)``, with what to replace by ``Double.apply``."""
    made = call.func if isinstance(call.func, ast.Call) else receiver(call)
    name = made.func if isinstance(made, ast.Call) else made
    direct = called(call) in ("forward", "backward") or isinstance(call.func, ast.Call)
    known = isinstance(name, ast.Name) and _method(situation, name.id, "forward") is not None
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
    for statement, call in situation.calls_anywhere("save_for_backward"):
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
    reads = any(node.attr == "saved_tensors" for node in situation.find(ast.Attribute))
    header = situation.program.enclosing(situation.statement, "class")
    if not reads or header is None:
        return None
    name = header.words[1]
    text = f"`ctx.saved_tensors` holds what `{name}.forward` gave to `ctx.save_for_backward`: {match[2]} tensors, and {match[1]} are read here."
    forward = _method(situation, name, "forward")
    result = _returned(situation, forward)
    inputs = _inputs(forward)
    if int(match[2]) == 0 and result is not None and len(inputs) == int(match[1]):
        return Advice(text, insert_before(result[0].first, f"ctx.save_for_backward({', '.join(inputs)})"))
    return Advice(text)


@rules.on(r"Thing passed to transform API must be Tensor, got <class '(\w+)'>")
def _not_a_tensor(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        f"The function that is differentiated gets a plain `{match[1]}`; derivatives are taken with respect to tensors."
    )
    for call in situation.calls:
        numbers = [given for given in call.args if isinstance(given, ast.Constant) and isinstance(given.value, float)]
        if isinstance(call.func, ast.Call) and len(numbers) == 1:
            number = numbers[0]
            return Advice(text, situation.hint((number, f"{situation.torch}.tensor({situation.text(number)})")))
    return Advice(text)


@rules.on(r"vmap: called random operation while in randomness error mode")
def _random(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        "`vmap` cannot know whether each entry of the batch should get random numbers of its own. Say so: "
        '`randomness="different"`, or `"same"` for all.'
    )
    calls = situation.calls_of("vmap")
    edit = situation.with_keyword(calls[0], "randomness", '"different"') if len(calls) == 1 else None
    return Advice(text, situation.hint(edit))


@rules.on(r"RuntimeError: .*(call|calling) \.item\(\) on a Tensor|data-dependent control flow")
def _inside_vmap(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "Under `vmap` a tensor stands for a whole batch, so no single number can be taken out of it to decide something. "
        "`torch.where(condition, a, b)` decides for each entry of the batch."
    )


@rules.on(r"The vector v can only be None if the user-provided function returns a single Tensor with a single element")
def _no_vector(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "A vector-Jacobian product needs the vector: one number for each element of the function's output, as `v`. "
        "It may be left away only where the output is a single number."
    )


@rules.on(
    r"outputs of the user-provided function given to (\w+) must be either a Tensor or a tuple of Tensors .*<class '(\w+)'>"
)
def _wrong_outputs(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The function given to `{match[1]}` returns a {shown(match[2])}; it has to return a tensor or a tuple of tensors."
    )


@rules.on(r"Trying to create a dual Tensor for forward AD but no level exists")
def _no_level(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Dual numbers live inside a level: make, use and unpack them under `with fwAD.dual_level():`."
    calls = situation.calls_of("make_dual")
    if len(calls) == 1 and isinstance(calls[0].func, ast.Attribute):
        return Advice(text.replace("fwAD", situation.text(calls[0].func.value)))
    return Advice(text)


@rules.on(r"Thing passed to transform API must be Tensor, got <class '([\w.]*\.(\w+))'>")
def _not_a_module(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"Derivatives are taken with respect to tensors, and the function gets a `{match[2]}`. If that is a module, its parameters are "
        "given as a dict, `dict(module.named_parameters())`, and the function calls it with `torch.func.functional_call`."
    )


@rules.on(r"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts")
def _functional_call(situation: Situation, match: re.Match[str]) -> Advice:
    text = "`functional_call` takes the module, then the dict of its parameters, then the arguments of the call"
    for call in situation.calls_of("functional_call"):
        if len(call.args) == 3 and not call.keywords and situation.tensor(call.args[1]) is not None:
            given, last = call.args[1:]
            swapped = situation.hint((given, situation.text(last)), (last, situation.text(given)))
            known = situation.tensor(last) is None and isinstance(last, ast.Name)
            return Advice(f"{text}. {situation.shown(given)} is a tensor.", swapped if known else None)
    return Advice(f"{text}.")


@rules.on(r"in_dims is not compatible with the structure of `inputs`")
def _dims_of_arguments(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "`in_dims` has one entry for each argument of the function, in the same order: the dimension that counts its batch, or "
        "`None` for an argument that all entries of the batch share."
    )


@rules.on(
    r"TypeError: (unsupported operand type\(s\) for .*'tuple'|can't multiply sequence by non-int|.* must be Tensor, not tuple|'tuple' object has no)"
    r"|AttributeError: 'tuple' object has no attribute"
)
def _saved_is_a_tuple(situation: Situation, match: re.Match[str]) -> Advice | None:
    for name in dict.fromkeys(node.id for node in situation.find(ast.Name)):
        statement = situation.assignment(name)
        assign = statement.assigned() if statement is not None else None
        saved = assign.value if assign is not None else None
        if statement is None or assign is None or not isinstance(saved, ast.Attribute) or saved.attr != "saved_tensors":
            continue
        if not isinstance(assign.targets[0], ast.Name) or assign.targets[0].id != name:
            continue
        header = situation.program.enclosing(statement, "class")
        kept = [
            call
            for other in situation.program.block(header)
            for call in other.calls
            if called(call) == "save_for_backward"
        ]
        one = len(kept) == 1 and len(kept[0].args) == 1
        return Advice(
            f"`saved_tensors` is a tuple of all that was saved, also where it is one: {shown(name)} of line {statement.first} is that "
            f"tuple. {shown(f'{name}, = ' + statement.text(saved))} takes the one out.",
            situation.hint_at(statement, (assign.targets[0], f"{name},")) if one else None,
        )
    return None
