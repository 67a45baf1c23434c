"""``element 0 of tensors does not require grad``: why what backward starts from has no history.

The reason lies on an earlier line, so the lines that made the value are followed back, variable by variable.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..source import parse
from ..source.statements import Statement
from ..trace import Tensor
from .backward import calls_in, differentiated
from .carried import after
from .checkpoints import checkpoint_in, is_reentrant, not_reentrant
from .dataflow import place, writes
from .dtypes import factory_call, is_floating, with_float_dtype
from .hints import replace_line
from .leaves import kept_leaf, updates_itself
from .situation import Advice, Rules, Situation, called, receiver, shown

rules = Rules()

_OF_TENSORS = re.compile(r"(list|tuple) of \d+ tensors")
_NO_RECORDING = ("no_grad", "inference_mode")
_TO_NUMBERS = frozenset({"item", "tolist", "numpy"})
_COPYING = ("torch.tensor", "torch.as_tensor", "torch.Tensor", "torch.FloatTensor")
_LEAVES_GRAPH = _TO_NUMBERS | {"detach", "data"}
_INDICES = frozenset({"argmax", "argmin", "argsort", "nonzero", "long", "int", "bool"})


@rules.on(r"element (\d+) of tensors does not require grad and does not have a grad_fn")
def _no_history(situation: Situation, match: re.Match[str]) -> Advice:
    target = differentiated(situation, int(match[1]))
    if target is None or situation.statement is None:
        return Advice(
            "What backward starts from was not computed from a tensor with `requires_grad=True`, so there is no graph."
        )
    subject = situation.shown(target)
    start = f"{subject} has no graph behind it, so there is nothing to run backward through."
    off = _switched_off(situation)
    if off is not None:
        return Advice(f"{start} {off.explanation}", off.hint)
    for name, statement in _origins(situation, target):
        advice = _reason(situation, statement, name)
        if advice is not None:
            return Advice(f"{start} {advice.explanation}", advice.hint)
    frozen = _freezing_lines(situation)
    for name, tensor in _plain_leaves(situation, target) if not frozen else ():
        integers = (
            "" if is_floating(tensor) else f" It holds integers ({tensor.dtype}), which cannot: make it float first."
        )
        return Advice(
            f"{start} It comes from {shown(name)}, which does not have `requires_grad=True`.{integers}",
            _requiring_grad(situation, name, tensor),
        )
    return Advice(f"{start} {_frozen(frozen)}")


def _switched_off(situation: Situation) -> Advice | None:
    """``torch.set_grad_enabled(False)`` as a statement, if it ran last of its kind."""
    found = None
    for step in situation.trace.steps:
        statement = situation.program.at(step.line)
        if statement is not None and statement.words[:1] != ("with",) and calls_in(statement, ("set_grad_enabled",)):
            found = statement
    call = calls_in(found, ("set_grad_enabled",))[0] if found is not None else None
    given = call.args[0] if call is not None and call.args else None
    if found is None or not isinstance(given, ast.Constant) or given.value is not False:
        return None
    return Advice(
        f"Line {found.first} switched autograd off, and nothing is recorded from there on.",
        situation.hint_at(found, (given, "True")),
    )


def _freezing_lines(situation: Situation) -> list[Statement]:
    """The statements that ran and switched off ``requires_grad``."""
    ran = {step.line for step in situation.trace.steps}
    return [
        statement
        for statement in situation.program.statements
        if statement.first in ran and any(_freezes(node) for node in statement.nodes)
    ]


def _frozen(lines: list[Statement]) -> str:
    """What is said where no tensor requires grad: the line that switched it off, if one did."""
    text = "None of the tensors it comes from requires grad"
    if not lines:
        return f"{text}, or autograd was switched off."
    first = f"{text}: line {lines[0].first}, {shown(lines[0].code)}, freezes parameters"
    more = f", and so does line {lines[1].first}" if len(lines) > 1 else ""
    return f"{first}{more}. What is to be trained must stay free."


def _freezes(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        off = isinstance(node.value, ast.Constant) and node.value.value is False
        return off and node.targets[0].attr == "requires_grad"
    given = node.args[0] if isinstance(node, ast.Call) and called(node) == "requires_grad_" and node.args else None
    return isinstance(given, ast.Constant) and given.value is False


def _origins(situation: Situation, target: ast.expr) -> Iterator[tuple[str, Statement]]:
    """Yield the failing statement, then the statements that made its variables without history, nearest first."""
    assert situation.statement is not None
    yield situation.shown(target), situation.statement
    seen: set[str] = set()
    level: list[ast.AST] = [target]
    while level:
        below: list[ast.AST] = []
        for name, tensor in (pair for root in level for pair in situation.tensors_in(root)):
            statement = situation.assignment(name.id)
            if name.id not in seen and not tensor.requires_grad and statement is not None:
                seen.add(name.id)
                yield shown(name.id), statement
                below.extend(node.value for node in statement.nodes if isinstance(node, ast.Assign | ast.AugAssign))
        for name_of, made in _containers(situation, level):
            if name_of not in seen:
                seen.add(name_of)
                yield shown(name_of), made
        level = below


def _containers(situation: Situation, level: list[ast.AST]) -> Iterator[tuple[str, Statement]]:
    """Yield the lists of tensors in some expressions of which none requires grad, with the statements that made them."""
    for node in (node for root in level for node in ast.walk(root) if isinstance(node, ast.Name)):
        value, made = situation.value(node), situation.assignment(node.id)
        if made is None or not isinstance(value, str) or _OF_TENSORS.fullmatch(value) is None:
            continue
        inside = [tensor for tensor in situation.trace.tensors if (tensor.name or "").startswith(f"{node.id}[")]
        listed = any(isinstance(assign.value, ast.ListComp) for assign in made.find(ast.Assign))
        if (inside or listed) and not any(tensor.requires_grad for tensor in inside):
            yield node.id, made


def _reason(situation: Situation, statement: Statement, name: str) -> Advice | None:
    if name.strip("`").isidentifier() and updates_itself(statement, name.strip("`")):
        return Advice(
            f"Line {statement.first}, {shown(statement.code)}, made a new tensor of that name without a graph, and not a leaf: change "
            "the leaf in place instead, or make the result a new leaf.",
            kept_leaf(situation, statement),
        )
    block = _without_recording(situation, statement)
    if block is not None:
        call = calls_in(block, _NO_RECORDING)[0]
        text = f"Line {statement.first} computed it inside `{called(call)}()` (line {block.first}), where autograd records nothing."
        recording = f"{situation.torch}.enable_grad" if isinstance(call.func, ast.Attribute) else None
        return Advice(text, situation.hint_at(block, (call.func, recording)) if recording else None)
    found = checkpoint_in(situation, (statement,))
    if found is not None and is_reentrant(found[1]):
        return Advice(
            f"Line {statement.first} checkpoints with `use_reentrant=True`, which records nothing where no argument requires grad, "
            "whatever parameters the function has. `use_reentrant=False` has no such limit.",
            not_reentrant(situation, *found),
        )
    for node in statement.nodes:
        advice = _decorated(situation, node) or _cut(situation, statement, node, name)
        if advice is not None and not _other_part_lost(situation, statement, node):
            return advice
    return None


def _other_part_lost(situation: Situation, statement: Statement, cut: ast.AST) -> bool:
    """Whether a part of the statement that does not go through this cut has lost its graph on a line of its own."""
    assign = statement.assigned()
    if assign is None or not isinstance(cut, ast.Call | ast.Attribute) or called_or_named(cut) not in _LEAVES_GRAPH:
        return False
    inside = {id(node) for node in ast.walk(cut)}
    for name in (node for node in ast.walk(assign.value) if isinstance(node, ast.Name) and id(node) not in inside):
        tensor, made = situation.tensor(name), situation.assignment(name.id)
        if tensor is None or made is None or made is statement or tensor.requires_grad:
            continue
        cuts = (_decorated(situation, node) or _cut(situation, made, node, shown(name.id)) for node in made.nodes)
        if _without_recording(situation, made) is not None or any(cuts):
            return True
    return False


def called_or_named(node: ast.Call | ast.Attribute) -> str:
    """The last name of a call or of an attribute."""
    return called(node) if isinstance(node, ast.Call) else node.attr


def _decorated(situation: Situation, node: ast.AST) -> Advice | None:
    """A function of the program that a decorator keeps from recording."""
    headers = situation.program.functions_named(called(node)) if isinstance(node, ast.Call) and called(node) else []
    for header in headers:
        place = situation.program.statements.index(header)
        above = situation.program.statements[place - 1] if place else None
        name = next((word for word in _NO_RECORDING if above is not None and word in above.words), None)
        if above is not None and name is not None and above.words[0] == "@":
            return Advice(
                f"{shown(header.words[1])} of line {header.first} records nothing, because of {shown(above.code)} on line {above.first}.",
                replace_line(above.first, above.code.replace(name, "enable_grad")) if above.words[-1] == ")" else None,
            )
    return None


def _without_recording(situation: Situation, statement: Statement) -> Statement | None:
    block: Statement | None = statement
    while block is not None:
        if block.words[:1] == ("with",) and calls_in(block, _NO_RECORDING):
            return block
        block = situation.program.enclosing(block, "with")
    return None


def _cut(situation: Situation, statement: Statement, node: ast.AST, name: str) -> Advice | None:
    """Say how this piece of the statement leaves the graph, if it does."""
    where = f"On line {statement.first}"
    if isinstance(node, ast.Attribute) and node.attr == "data" and isinstance(node.ctx, ast.Load):
        return Advice(
            f"{where}, `.data` gives the numbers of {shown(statement.text(node.value))} without their history.",
            _alone(statement, "data", situation.hint_at(statement, (node, statement.text(node.value)))),
        )
    if isinstance(node, ast.Attribute) and node.attr == "grad" and statement is not situation.statement:
        return _grad_without_graph(situation, statement, node)
    if isinstance(node, ast.Compare) and any(True for _ in situation.tensors_in(node)):
        return Advice(
            f"{where}, the comparison {shown(statement.text(node))} gives true or false, which has no derivative."
        )
    if not isinstance(node, ast.Call):
        return None
    inner, method = receiver(node), called(node)
    if method == "detach" and inner is not None:
        known = situation.tensor(inner)
        if known is not None and not known.requires_grad and place(inner) not in writes(statement):
            return None
        return Advice(
            f"{where}, `.detach()` cut {name} off from the graph.",
            _alone(statement, "detach", situation.hint_at(statement, (node, statement.owner(node)))),
        )
    if method in _TO_NUMBERS and inner is not None:
        text = f"{where}, `.{method}()` turns {shown(statement.text(inner))} into plain numbers, which have no history."
        numpy = any(situation.full_name(part).partition(".")[0] == "numpy" for part in statement.nodes)
        return Advice(text, None if numpy or "from_numpy" in statement.words else _kept_as_tensors(statement))
    if situation.full_name(node.func) in _COPYING and node.args:
        return _copied(situation, statement, node)
    if method in _INDICES and inner is not None:
        return Advice(f"{where}, `.{method}()` gives whole numbers or truth values, which have no derivative.")
    if method in ("grad", "backward") and statement is not situation.statement and _creates_graph(node):
        return Advice(
            f"Line {statement.first} asked for `create_graph=True`, but a function on the way cannot be differentiated twice: "
            "its `backward` is marked `once_differentiable`, or works outside of autograd."
        )
    if method in ("grad", "backward") and statement is not situation.statement:
        return Advice(
            f"Line {statement.first} computed it without `create_graph=True`, so the derivative itself has no graph.",
            situation.hint_at(statement, statement.with_keyword(node, "create_graph", "True")),
        )
    return None


def _grad_without_graph(situation: Situation, statement: Statement, grad: ast.Attribute) -> Advice | None:
    """``g = x.grad``, of a ``backward()`` that made no graph."""
    runs = [run for run in situation.trace.backwards if run.call == "backward" and run.failure is None]
    filled = situation.program.at(runs[-1].line) if runs else None
    calls = calls_in(filled, ("backward",))
    if filled is None or len(calls) != 1 or runs[-1].create_graph or not isinstance(grad.ctx, ast.Load):
        return None
    return Advice(
        f"{shown(statement.text(grad))} was filled by line {filled.first} without `create_graph=True`, so the derivative itself has no graph.",
        situation.hint_at(filled, filled.with_keyword(calls[0], "create_graph", "True")),
    )


def _copied(situation: Situation, statement: Statement, call: ast.Call) -> Advice | None:
    """``torch.tensor(losses)``: a new tensor of their numbers."""
    given = call.args[0]
    value = situation.value(given)
    of_tensors = isinstance(value, str) and _OF_TENSORS.fullmatch(value) is not None
    named = (
        isinstance(given, ast.List) and all(situation.tensor(part) is not None for part in given.elts) and given.elts
    )
    if not of_tensors and not named:
        return None
    return Advice(
        f"On line {statement.first}, `{statement.text(call.func)}()` copies the numbers of {shown(statement.text(given))} without their "
        "history. `torch.stack` joins the tensors themselves.",
        situation.hint_at(statement, (call.func, f"{situation.torch}.stack")),
    )


def _alone(statement: Statement, attribute: str, hint: str | None) -> str | None:
    """The hint, unless the statement leaves the graph at several places: which of them is meant to stay is not known."""
    return hint if sum(node.attr == attribute for node in statement.find(ast.Attribute)) == 1 else None


def _creates_graph(call: ast.Call) -> bool:
    given = [given.value for given in call.keywords if given.arg == "create_graph"]
    return bool(given) and isinstance(given[0], ast.Constant) and given[0].value is True


class _Tensors(ast.NodeTransformer):
    """Takes ``.item()`` away, and ``torch.tensor(...)`` around an expression."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        inner = receiver(node)
        if called(node) in _TO_NUMBERS and inner is not None:
            return inner
        return node.args[0] if called(node) in ("tensor", "as_tensor") and node.args else node


def _kept_as_tensors(statement: Statement) -> str | None:
    if statement.is_header or statement.words[0] == "elif":
        return None
    code = "; ".join(ast.unparse(_Tensors().visit(node)) for node in parse(statement.code, commands=False).tree.body)
    return replace_line(statement.first, code) if "\n" not in code else None


def _plain_leaves(situation: Situation, target: ast.expr) -> Iterator[tuple[str, Tensor]]:
    """Yield the leaves without ``requires_grad`` that the value comes from, those with a known line of birth first."""
    seen: set[str] = set()
    for _, statement in _origins(situation, target):
        for node in statement.nodes:
            tensor = situation.tensor(node) if isinstance(node, ast.Name) else None
            if isinstance(node, ast.Name) and tensor is not None and node.id not in seen and not tensor.requires_grad:
                seen.add(node.id)
                if _requiring_grad(situation, node.id, tensor) is not None:
                    yield node.id, tensor


def _requiring_grad(situation: Situation, name: str, tensor: Tensor) -> str | None:
    """Return the hint that makes a variable a leaf with ``requires_grad=True`` where it is made."""
    statement = situation.assignment(name)
    call = factory_call(statement)
    if statement is None or call is None:
        return None
    if is_floating(tensor):
        return situation.hint_at(statement, statement.with_keyword(call, "requires_grad", "True"))
    return situation.hint_at(statement, with_float_dtype(situation, statement, call, requires_grad=True))


@rules.on(r"One of the differentiated Tensors does not require grad")
def _input_without_grad(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of("grad", "backward"):
        for name, tensor in (pair for given in (*call.args, *call.keywords) for pair in situation.tensors_in(given)):
            if not tensor.requires_grad:
                hint = _requiring_grad(situation, name.id, tensor)
                later = _leaf_where_made(situation, name.id, tensor) if hint is None else None
                made = situation.assignment(name.id)
                where = f" of line {made.first}" if later is not None and made is not None else ""
                return Advice(
                    f"The derivative with respect to {shown(name.id)} was asked for, but {shown(name.id)}{where} does not have "
                    "`requires_grad=True`, so autograd treats it as a constant.",
                    hint or later,
                )
    return Advice("One of the inputs does not have `requires_grad=True`, so autograd treats it as a constant.")


def _leaf_where_made(situation: Situation, name: str, tensor: Tensor) -> str | None:
    """Return the hint that makes a leaf of computed numbers, right behind the line that computes them."""
    statement = situation.assignment(name)
    assign = statement.assigned() if statement is not None else None
    if statement is None or assign is None or not is_floating(tensor) or not tensor.is_leaf:
        return None
    made = situation.full_name(assign.value.func) if isinstance(assign.value, ast.Call) else ""
    own = isinstance(assign.targets[0], ast.Name) and (isinstance(assign.value, ast.BinOp) or made.startswith("torch."))
    same = situation.program.enclosing(statement, "def") is situation.program.enclosing(situation.statement, "def")
    return after(situation, statement, f"{name}.requires_grad_()") if own and same else None


@rules.on(
    r"can't retain_grad on Tensor that has requires_grad=False|cannot register a hook on a tensor that doesn't require gradient"
)
def _no_gradient_to_watch(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("retain_grad", "register_hook")
    target = receiver(calls[0]) if calls else None
    name = situation.shown(target) if target is not None else "This tensor"
    tensor = situation.tensor(target)
    hint = (
        _requiring_grad(situation, target.id, tensor) if isinstance(target, ast.Name) and tensor is not None else None
    )
    text = f"No gradient ever arrives at {name}: it does not require grad."
    if hint is None and target is not None and situation.statement is not None:
        for origin, leaf in _plain_leaves(situation, target):
            where = situation.made_on(leaf)
            return Advice(
                f"{text} It comes from {shown(origin)}{f' of line {where}' if where else ''}, which does not have `requires_grad=True`.",
                _requiring_grad(situation, origin, leaf),
            )
    return Advice(text, hint)
