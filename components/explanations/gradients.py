"""``.grad`` that is not there, and derivatives that are not numbers."""

from __future__ import annotations

import ast
import re

from ..source.statements import Statement
from ..trace import Backward, Tensor
from .dataflow import place, reads, writes
from .hints import insert_before, replace_line
from .leaves import kept_leaf, leaf_inside, updates_itself
from .situation import Advice, Rules, Situation, called, listed, of_kind, receiver, shown

rules = Rules()

_ENTRY = re.compile(r"[.\[]")
_NONE = r"'NoneType' object|and 'NoneType'|'NoneType' and|must be Tensor, not NoneType|NoneType"


@rules.on(rf"(AttributeError|TypeError): .*({_NONE})")
def _no_gradient_yet(situation: Situation, match: re.Match[str]) -> Advice | None:
    for node in situation.find(ast.Attribute):
        if node.attr == "grad" and isinstance(node.ctx, ast.Load):
            advice = _grad_is_none(situation, node)
            if advice is not None:
                return advice
    return None


def _grad_is_none(situation: Situation, grad: ast.Attribute) -> Advice | None:
    owner = grad.value
    name, tensor = situation.shown(owner), situation.tensor(owner)
    if tensor is not None and not _may_be_none(situation, tensor):
        return None
    text = f"`{situation.text(grad)}` is `None` here:"
    ran = [run for run in situation.trace.backwards if run.call == "backward" and run.failure is None]
    hint = _only_if_there(situation, grad)
    rebound = _made_anew(situation, owner, text)
    if rebound is not None:
        return rebound
    if tensor is not None and not tensor.is_leaf:
        return _not_a_leaf(situation, owner, tensor, ran, text)
    if tensor is not None and not tensor.requires_grad:
        return Advice(f"{text} {name} does not have `requires_grad=True`, so no gradient is kept for it.", hint)
    if not ran and not situation.trace.truncations:
        return Advice(
            f"{text} no `backward()` has run before line {situation.failure.line}.", hint or _first_backward(situation)
        )
    cleared = _cleared_on(situation, tensor)
    if cleared is not None:
        return Advice(f"{text} line {cleared} cleared it, and no `backward()` has filled it since.", hint)
    return Advice(f"{text} no `backward()` so far has reached {name}.", hint)


def _may_be_none(situation: Situation, tensor: Tensor) -> bool:
    """Whether the trace does not show a gradient on this tensor."""
    changes = [change for change in situation.trace.gradients if change.tensor == tensor.origin]
    return not changes or changes[-1].total is None


def _cleared_on(situation: Situation, tensor: Tensor | None) -> int | None:
    changes = [change for change in situation.trace.gradients if tensor is not None and change.tensor == tensor.origin]
    return changes[-1].line if changes and changes[-1].cause == "none" else None


def _made_anew(situation: Situation, owner: ast.expr, text: str) -> Advice | None:
    """``w = w - 0.1 * w.grad``, which makes a new tensor of that name."""
    bound = situation.assignment(owner.id) if isinstance(owner, ast.Name) else None
    if bound is None or bound.assigned() is None or not updates_itself(bound, ast.unparse(owner)):
        return None
    hint = kept_leaf(situation, bound)
    code = bound.code.replace("\n", " ")
    return Advice(
        f"{text} {shown(code)} on line {bound.first} made a new tensor, which is not the leaf that the gradient belongs to. "
        "Gradients are kept for leaves: change the leaf in place under `torch.no_grad()`, or make the result a new leaf.",
        hint,
    )


def _not_a_leaf(situation: Situation, owner: ast.expr, tensor: Tensor, ran: list[Backward], text: str) -> Advice:
    name = situation.text(owner)
    bound = situation.assignment(name) if isinstance(owner, ast.Name) else None
    if bound is not None and bound.words[0] == "for" and tensor.name is not None:  # one of several, by its own name
        bound = situation.assignment(_ENTRY.split(tensor.name)[0]) or bound
    line = f" of line {bound.first}" if bound is not None else ""
    why = f"{text} {shown(name)}{line} is not a leaf, and `backward()` keeps gradients for leaves only"
    loop = situation.loop(situation.statement)
    once = loop is not None and bound is not None and bound not in list(situation.program.block(loop))
    if once or updates_itself(situation.statement, name):
        hints = [leaf_inside(situation, bound)]
        also = _read_as_leaves(situation, bound)
        if hints[0] is None and bound is not None and bound.words[0] == "for" and len(also) == 1:  # one of a dictionary
            hints.clear()
        hints += [leaf_inside(situation, statement) for statement in also]
        lines = [statement.first for statement in also]
        where = f"where it is made{f', on {listed(lines)}' if len(hints) == len(also) else ''}"
        more = f" The same is to be done on {listed(lines)}." if also and len(hints) > len(also) else ""
        return Advice(
            f"{why}. To train it, make a leaf of its numbers {where}. `retain_grad()` would keep a gradient of the first "
            f"round alone: the graph between it and the leaf is freed.{more}",
            "\n".join(hint for hint in hints if hint) if all(hints) else None,
        )
    first = next((run.line for run in ran if run.line is not None), None)
    return Advice(
        f"{why}, unless `retain_grad()` was called on it before.",
        insert_before(first, f"{name}.retain_grad()") if first is not None else None,
    )


def _read_as_leaves(situation: Situation, beside: Statement | None) -> list[Statement]:
    """The other statements, outside of loops, that compute from an unnamed leaf what the program reads a ``.grad`` of.

    By its own name, by that of a loop over some of these, or by that of a list that has them.
    """
    statements = situation.program.statements
    gradients = (node for statement in statements for node in statement.find(ast.Attribute) if node.attr == "grad")
    wanted = {place(node.value) for node in gradients}
    over = [other for other in statements if other.words[0] == "for" and writes(other) & wanted]
    wanted |= {name for other in over for name in reads(other)}
    listed_in = [other for other in statements if writes(other) & wanted and any(other.find(ast.List))]
    wanted |= {name for other in listed_in for name in reads(other)}
    return [
        statement
        for statement in statements
        if statement is not beside and writes(statement) & wanted and situation.loop(statement) is None
        if leaf_inside(situation, statement) is not None
    ]


def _only_if_there(situation: Situation, grad: ast.Attribute) -> str | None:
    """``if x.grad is not None:`` before a statement that only clears it."""
    statement = situation.statement
    calls = situation.calls_of("zero_")
    if statement is None or len(calls) != 1 or statement.text(calls[0]) != statement.code:
        return None
    owner = receiver(calls[0])
    if owner is not grad and not (isinstance(owner, ast.Attribute) and owner.attr == "data" and owner.value is grad):
        return None
    return replace_line(statement.first, f"if {statement.text(grad)} is not None: {statement.code}")


def _first_backward(situation: Situation) -> str | None:
    """``y.backward()``, if just one variable can be meant: a single number with a graph, made last."""
    ends = [
        name
        for name, value in situation.variables.items()
        if isinstance(value, Tensor) and value.node is not None and not value.shape and name.isidentifier()
    ]
    if any(statement.first >= (situation.failure.line or 0) for statement, _ in situation.calls_anywhere("backward")):
        return None
    block = situation.program.enclosing(situation.statement, "with")
    line = block.first if block is not None else situation.failure.line
    return insert_before(line, f"{ends[0]}.backward()") if len(ends) == 1 and line is not None else None


_NAN_REASONS = {
    "Sqrt": "The derivative of a square root is infinite at 0, and infinite times 0 is not a number; below 0 there is no root.",
    "Log": "The derivative of a logarithm is infinite at 0, and infinite times 0 is not a number; below 0 there is none.",
    "Pow": "The derivative of a power with an exponent below 1 is infinite at 0, and infinite times 0 is not a number.",
    "Div": "It divided by 0, or by something infinite.",
    "LinalgVectorNorm": "A norm has no derivative where all elements are 0.",
}


@rules.on(r"Function '(\w+?)Backward\d*' returned nan values in its (\d+)th output")
def _not_a_number(situation: Situation, match: re.Match[str]) -> Advice:
    node = situation.node
    if node is None:
        candidates = [node for node in situation.trace.nodes if node.name.startswith(f"{match[1]}Backward")]
        node = candidates[0] if len(candidates) == 1 else None
    statement = situation.program.at(node.line) if node is not None else None
    where = f", made by {shown(statement.code)} on line {statement.first}," if statement is not None else ""
    reason = _NAN_REASONS.get(
        match[1], "Look at its input and at the gradient that came in: one is infinite or not a number."
    )
    hint = _kept_positive(situation, statement, match[1].lower()) if statement is not None else None
    return Advice(
        f"Anomaly detection found the node where NaN appeared first: `{match[1]}Backward`{where} gave a NaN. {reason}",
        hint,
    )


def _kept_positive(situation: Situation, statement: Statement, name: str) -> str | None:
    """``torch.sqrt(x + 1e-12)`` for the one ``sqrt`` of the statement, ``log`` likewise."""
    calls = [call for call in statement.calls if called(call) == name]
    if len(calls) != 1 or name not in ("sqrt", "log"):
        return None
    call = calls[0]
    tensor = situation.tensor(call.args[0] if call.args else receiver(call))
    least = tensor.summary.min if tensor is not None and tensor.summary is not None else None
    if isinstance(least, int | float) and least < 0:
        return None
    if call.args:
        return situation.hint_at(statement, (call.args[0], f"{statement.text(call.args[0])} + 1e-12"))
    return situation.hint_at(statement, (call, f"({statement.owner(call)} + 1e-12).{name}()"))


@rules.on(r"attempting to assign a gradient of size '\[(.*?)\]' to a tensor of size '\[(.*?)\]'")
def _gradient_of_other_shape(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.find(ast.Assign):
        if isinstance(node.targets[0], ast.Attribute):
            owner = situation.text(node.targets[0].value)
            return Advice(
                f"A gradient has one number for each element of its tensor: {shown(owner)} has shape [{match[2]}], "
                f"what is assigned has [{match[1]}].",
                _like(situation, node.value, owner),
            )
    return Advice(f"A gradient has the shape of its tensor, [{match[2]}]; this one has [{match[1]}].")


def _like(situation: Situation, value: ast.expr, owner: str) -> str | None:
    """``torch.zeros_like(x)`` in place of ``torch.zeros(2)``."""
    name = called(value) if isinstance(value, ast.Call) else ""
    return situation.hint((value, f"{situation.torch}.{name}_like({owner})")) if name in ("zeros", "ones") else None


def _hook_line(situation: Situation) -> Statement | None:
    """The one line that registers a hook on a tensor."""
    found = [statement for statement, _ in situation.calls_anywhere("register_hook")]
    return found[0] if len(found) == 1 else None


@rules.on(r"expected Variable, but hook returned '(\w+)'")
def _hook_result(situation: Situation, match: re.Match[str]) -> Advice:
    line = _hook_line(situation)
    where = f"The hook of line {line.first}" if line is not None else "A hook here"
    return Advice(
        "A hook on a tensor receives the gradient and may return another tensor in its place, or nothing. "
        f"{where} returned {of_kind(match[1])}."
    )


@rules.on(r"TypeError: (?P<name>[\w.<>]+)\(\) (missing \d+ required positional|takes \d+ positional)")
def _arguments_of_a_hook(situation: Situation, match: re.Match[str]) -> Advice | None:
    line, runs = _hook_line(situation), situation.calls_of("backward", "grad")
    name = match["name"].rpartition(".")[2]
    if line is None or not runs or not (name == "<lambda>" or name in line.words):
        return None
    return Advice(
        f"A hook on a tensor is called with one argument, the gradient. Line {line.first} registers one that takes another number of them. "
        "(Hooks of modules get three: the module, the gradients of its inputs and those of its results.)"
    )


@rules.on(r"does not support the context manager protocol|AttributeError: __enter__")
def _not_entered(situation: Situation, match: re.Match[str]) -> Advice | None:
    for node in situation.find(ast.With):
        for item in node.items:
            given = item.context_expr
            if isinstance(given, ast.Attribute) and given.attr in (
                "no_grad",
                "enable_grad",
                "inference_mode",
                "detect_anomaly",
            ):
                text = situation.text(given)
                return Advice(
                    f"{shown(text)} has to be called: its parentheses are missing.",
                    situation.hint((given, f"{text}()")),
                )
    return None
