"""In-place operations: on a leaf, on a view, on tensors of inference mode, and on what backward had saved."""

from __future__ import annotations

import ast
import re

from ..source.edits import keyword
from ..source.statements import Statement
from ..trace import Tensor
from .dataflow import reads, writes
from .hints import replace_line
from .situation import Advice, Rules, Situation, called, listed, receiver, shown

rules = Rules()

# Methods ending in an underscore that have no twin without it, or whose twin means something else.
_NO_TWIN = frozenset({"zero_", "fill_", "copy_", "normal_", "uniform_", "random_", "requires_grad_", "detach_", "set_"})
_FULL_HOOKS = ("register_full_backward_hook", "register_full_backward_pre_hook", "register_module_full_backward_hook")
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
            return node.args[0] if is_function(node) and node.args else receiver(node)
    return None


def _whole(node: ast.expr | None) -> ast.expr | None:
    """``x`` for ``x[0]`` and ``x[:, 0][1]``."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def is_function(call: ast.Call) -> bool:
    """Return whether ``torch.relu_(x)`` is called, a function of PyTorch's, and not a method of a tensor."""
    return ast.unparse(call.func).partition(".")[0] in ("torch", "nn", "F", "init")


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
    target = changed_by(statement)
    name, function = called(call), statement.text(call.func)
    if not isinstance(target, ast.Name) or not function.endswith(name) or name.startswith("_"):
        return None
    if not is_function(call) and function != f"{target.id}.{name}":
        return None
    variable = statement.assigned()
    left = statement.text(variable.targets[0]) if variable is not None else target.id
    return replace_line(statement.first, f"{left} = {function[:-1]}{statement.text(call)[len(function) :]}")


def as_meant(situation: Situation, hint: str | None, statement: Statement | None) -> str | None:
    """Return the hint that makes a new tensor in a statement, where the name alone is used afterwards.

    The change of a view, of a function's argument or of an entry of a list may be meant for others with the same memory.
    """
    changed = changed_by(statement)
    if hint is None or statement is None or not isinstance(changed, ast.Name):
        return hint
    owner = situation.program.enclosing(statement, "def")
    loop = situation.loop(statement)
    around = situation.program.block(owner) if owner is not None else situation.program.statements
    again = set(situation.program.block(loop)) if loop is not None else set()
    later = [other for other in around if other.first > statement.last or (other in again and other is not statement)]
    read = [other for other in later if changed.id in reads(other)]
    if owner is not None and changed.id in owner.parameters and not _handed_back(situation, owner, read):
        return None
    if loop is not None and loop.words[0] == "for" and changed.id in writes(loop):
        return None
    assign = statement.assigned()
    if assign is not None and ast.unparse(assign.targets[0]) != changed.id:
        return hint if not read else None
    tensor = situation.tensor(changed)
    if tensor is None or tensor.view_of is None:
        return hint
    base = _base(situation, tensor)
    return hint if read and not any(base in reads(other) for other in later) else None


def _handed_back(situation: Situation, owner: Statement, read: list[Statement]) -> bool:
    """Whether a function returns what it was given, and its callers go on with that."""
    for statement, call in situation.calls_anywhere(owner.words[1]):
        if isinstance(statement.nodes[1], ast.Expr) and statement.nodes[1].value is call:
            return False
    return any(other.words[0] == "return" for other in read)


def without_inplace(situation: Situation) -> tuple[str | None, list[int]]:
    """Return the hint that makes all layers of the program make new tensors, and the lines that it changes."""
    hints: list[str] = []
    lines: list[int] = []
    for statement in situation.program.statements:
        calls = [call for call in statement.calls if _works_in_place(call)]
        if calls:
            lines.append(statement.first)
            edits = [
                (call.args[0], "False")
                if keyword(call, "inplace") is None
                else statement.without_keyword(call, "inplace")
                for call in calls
            ]
            hints.append(situation.hint_at(statement, *(edit for edit in edits if edit is not None)) or "")
    return ("\n".join(hints) if hints and all(hints) else None), lines


def _works_in_place(call: ast.Call) -> bool:
    given = keyword(call, "inplace")
    if given is not None:
        return isinstance(given.value, ast.Constant) and given.value.value is True
    first = call.args[0] if called(call) in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish") and call.args else None
    return isinstance(first, ast.Constant) and first.value is True


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
    filled = _filled(situation, changed)
    if filled is not None:
        return filled
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


def _argument(situation: Situation, changed: ast.expr | None) -> Advice | None:
    """A function that changes what it was given, for its own use and not as an update."""
    statement = situation.statement
    owner = situation.program.enclosing(statement, "def")
    hint = out_of_place(statement)
    updates = statement is not None and any(node.attr == "grad" for node in statement.find(ast.Attribute))
    if (
        owner is None
        or hint is None
        or updates
        or not isinstance(changed, ast.Name)
        or changed.id not in owner.parameters
    ):
        return None
    return Advice(
        f"{situation.here} changes {situation.shown(changed)} in place, which {shown(owner.words[1])} was given, and which is a leaf that "
        "requires grad: its gradient belongs to the value it has. Make a new tensor of that name instead.",
        hint,
    )


def _filled(situation: Situation, changed: ast.expr | None) -> Advice | None:
    """A leaf into which results are written: they have a graph, and the leaf itself has nothing to learn."""
    statement = situation.statement
    name = changed.id if isinstance(changed, ast.Name) else None
    assign = next((node for node in situation.nodes if isinstance(node, ast.Assign | ast.AugAssign)), None)
    if statement is None or name is None or assign is None:
        return None
    given = [
        tensor for found, tensor in situation.tensors_in(assign.value) if found.id != name and tensor.requires_grad
    ]
    gradients = any(node.attr in ("grad", "data", "detach") for node in statement.find(ast.Attribute))
    bound = situation.assignment(name)
    calls = [call for call in bound.calls if keyword(call, "requires_grad") is not None] if bound is not None else []
    if not given or gradients or bound is None or len(calls) != 1:
        return None
    return Advice(
        f"{situation.here} writes something with a graph into {shown(name)}, which line {bound.first} made a leaf. What is only filled needs "
        "no `requires_grad=True`: it gets the graph of what is written into it.",
        situation.hint_at(bound, bound.without_keyword(calls[0], "requires_grad")),
    )


def _base(situation: Situation, tensor: Tensor | None) -> str | None:
    if tensor is None or tensor.view_of is None:
        return None
    base = situation.newest.get(tensor.view_of)
    return base.name if base is not None else None


@rules.on(r"a leaf Variable that requires grad is being used in an in-place operation")
def _leaf(situation: Situation, match: re.Match[str]) -> Advice:
    changed = changed_by(situation.statement)
    filled = _filled(situation, changed)
    if filled is not None:
        return filled
    argument = _argument(situation, changed)
    if argument is not None:
        return argument
    hint, lines = without_inplace(situation)
    if changed is None and situation.statement is not None and situation.statement.first in lines:
        return Advice(
            f"{situation.here} writes into a leaf that requires grad, because of `inplace=True`, and its gradient belongs to the value it "
            "has now. Without that word it makes a new tensor, with the same numbers.",
            hint,
        )
    name = situation.shown(changed) if changed is not None else "a leaf"
    instead = out_of_place(situation.statement)
    if instead is not None and situation.statement is not None and situation.statement.assigned() is not None:
        return Advice(
            f"{situation.here} changes {name} in place and goes on with the result. {name} is a leaf that requires grad, and its gradient "
            "belongs to the value it has now. Make a new tensor instead.",
            instead,
        )
    other = (
        f" {shown(instead.partition(': ')[2])} would make a new tensor that is part of the graph." if instead else ""
    )
    return Advice(
        f"{situation.here} changes {name} in place. It is a leaf that requires grad, and its gradient belongs to the value "
        f"it has now. To update it, as an optimizer does, do it under `torch.no_grad()`.{other}",
        _under_no_grad(situation),
    )


@rules.on(r"Output \d+ of BackwardHookFunction is a view and is being modified inplace")
def _behind_a_hook(situation: Situation, match: re.Match[str]) -> Advice:
    hooks = [statement.first for statement, _ in situation.calls_anywhere(*_FULL_HOOKS)]
    where = f" ({listed(hooks)})" if hooks else ""
    text = (
        f"A module with a full backward hook{where} gives its inputs and results out as views, so that it sees their gradients, and "
        "a view of that kind must not be changed in place."
    )
    hint, lines = without_inplace(situation)
    changed = _whole(changed_by(situation.statement))
    if changed is not None:
        name = situation.text(changed)
        copied = isinstance(changed, ast.Name) and any(situation.find(ast.Subscript))
        instead = situation.before(f"{name} = {name}.clone()") if copied else out_of_place(situation.statement)
        return Advice(
            f"{text} {situation.here} changes {shown(name)}: make a new tensor instead.",
            as_meant(situation, instead, situation.statement),
        )
    if not lines:
        return Advice(f"{text} Look for a layer or a function with `inplace=True` next to that module.")
    return Advice(
        f"{text} A layer with `inplace=True` ({listed(lines)}) does it. Without that word it computes the same numbers.",
        hint,
    )


@rules.on(r"Output \d+ of (?P<name>\w+) is a view and is being modified inplace.*inside a custom Function")
def _view_of_a_function(situation: Situation, match: re.Match[str]) -> Advice | None:
    changed = changed_by(situation.statement)
    tensor = situation.tensor(_whole(changed))
    node = situation.graph.get(tensor.node or "") if tensor is not None else None
    if node is not None and node.name.startswith("BackwardHookFunction"):  # a part of what a module gave out
        return _behind_a_hook(situation, match)
    names = [match["name"], node.name.removesuffix("Backward") if node is not None else ""]
    made = next((name for name in names if situation.program.functions_named(f"{name}.forward")), None)
    forward = next(iter(situation.program.functions_named(f"{made}.forward")), None)
    ends = [other for other in situation.program.block(forward) if other.words[0] == "return"]
    if changed is None or made is None or len(ends) != 1:
        return None
    copied = isinstance(changed, ast.Name) and out_of_place(situation.statement) is None
    hint = situation.before(f"{situation.text(changed)} = {situation.text(changed)}.clone()") if copied else None
    return Advice(
        f"`{made}.forward` returns its input, or a view of it, on line {ends[0].first}, and autograd cannot follow a change in place through a "
        f"Function of one's own. {situation.here} changes {situation.shown(changed)}: make a new tensor there, or let "
        "`forward` return a copy, with `.clone()`.",
        hint or as_meant(situation, out_of_place(situation.statement), situation.statement),
    )


@rules.on(r"(Output \d+ of \w+|A view was created in no_grad mode).*(view)?.* (modified|being modified) inplace")
def _forbidden_view(situation: Situation, match: re.Match[str]) -> Advice:
    changed = changed_by(situation.statement)
    name = situation.shown(changed) if changed is not None else "This tensor"
    several = "this view is the output of a function that returns multiple views" in situation.failure.message.lower()
    why = (
        ", and it was made under `no_grad`, so autograd does not know what it is a view of"
        if "no_grad" in match[1]
        else ", and it is one of several views that one call returned"
        if several
        else " in a way that autograd cannot follow through a change"
    )
    return Advice(
        f"{name} shares its memory with another tensor{why}. Make a new tensor instead of changing it in place.",
        as_meant(situation, out_of_place(situation.statement), situation.statement),
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


@rules.on(r"functions with out=\.\.\. arguments don't support automatic differentiation")
def _out_argument(situation: Situation, match: re.Match[str]) -> Advice:
    text = "`out=` writes into a tensor that is there already, past autograd. What requires grad needs a new tensor as its result."
    statement = situation.statement
    for call in situation.calls:
        given = keyword(call, "out")
        alone = statement is not None and isinstance(statement.nodes[1], ast.Expr) and statement.nodes[1].value is call
        if statement is None or given is None or not isinstance(given.value, ast.Name) or not alone:
            continue
        edit = statement.without_keyword(call, "out")
        front, _ = statement.around(call, f"{given.value.id} = ", "")
        return Advice(text, situation.hint(front, edit))
    return Advice(text)


@rules.on(r"cannot resize variables that require grad")
def _resized(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "A tensor that requires grad keeps its size: the gradient has the same. `.reshape(...)` gives the same numbers in another shape, as "
        "a part of the graph."
    )
