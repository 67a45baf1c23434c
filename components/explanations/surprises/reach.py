"""Where the way back ends: a loss cut off from what it was computed from, frozen parameters, gradients nobody keeps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ...source.statements import Statement
from ...source.tree import dotted
from ...trace import Step
from ..situation import called, receiver, shown
from .run import Remark, Run, listed

_NO_RECORDING = frozenset({"no_grad", "inference_mode"})
_MAKERS = frozenset({"tensor", "as_tensor", "Variable", "FloatTensor", "Parameter"})
_NO_HISTORY = "gives the same numbers without their history"
_PLAIN = "gives plain numbers, which have no history"
_PLACES = "gives indices, which have no derivative"
_WHOLE = "gives whole numbers or truth values, which have no derivative"
# What a call does that leaves the graph; the last two cannot be left away.
_LEAVING = {
    "detach": _NO_HISTORY, "data": _NO_HISTORY, "item": _PLAIN, "tolist": _PLAIN, "numpy": _PLAIN,
    **dict.fromkeys(("argmax", "argmin", "argsort"), _PLACES), **dict.fromkeys(("long", "int", "bool"), _WHOLE),
    **dict.fromkeys(_MAKERS, "makes a new tensor, without the history of what it is given"),
}  # fmt: skip
_DEEPEST = 5


class Cut(NamedTuple):
    """The statement at which the history ends, why, and the hint that takes the cut away."""

    statement: Statement
    why: str
    hint: str | None


def _block(run: Run, statement: Statement) -> Statement | None:
    """The ``with torch.no_grad():`` around a statement."""
    block: Statement | None = statement
    while block is not None:
        if block.words[:1] == ("with",) and any(called(call) in _NO_RECORDING for call in block.calls):
            return block
        block = run.program.enclosing(block, "with")
    return None


def find_cut(run: Run, name: str, step: Step, depth: int = 0) -> Cut | None:
    """Return where the value that a name has at a step lost its history, by the lines that made it."""
    for earlier in reversed(run.trace.steps[: step.index + 1]):
        statement = run.program.at(earlier.line) if name in earlier.variables else None
        if statement is not None and earlier.function in (step.function, None) and _binds(statement, name):
            break
    else:
        return None
    if depth > _DEEPEST:
        return None
    block = _block(run, statement)
    bound = run.before(earlier)
    if block is not None and _has_history(run, statement.nodes, bound):
        return Cut(
            statement,
            f"line {statement.first} is inside `{_recording(block)}()` (line {block.first})",
            _enabled(run, block),
        )
    for node in statement.nodes:
        word = _cutting(node)
        inner = _inside(node)
        if word and inner is not None and _has_history(run, tuple(ast.walk(inner)), bound):
            return Cut(
                statement,
                f"`{_name(statement, node)}` on line {statement.first} {_LEAVING[word]}",
                _uncut(run, statement),
            )
    for other in dict.fromkeys(node.id for node in statement.find(ast.Name)):
        tensor = run.tensors.get(bound.get(other, ""))
        if tensor is not None and other != name and tensor.node is None and (not tensor.requires_grad or depth == 0):
            found = find_cut(run, other, _just_before(run, earlier), depth + 1)
            if found is not None:
                return found
    return None


def _binds(statement: Statement, name: str) -> bool:
    return any(node.id == name and isinstance(node.ctx, ast.Store) for node in statement.find(ast.Name))


def _just_before(run: Run, step: Step) -> Step:
    return run.trace.steps[max(step.index - 1, 0)]


def _recording(block: Statement) -> str:
    return next(called(call) for call in block.calls if called(call) in _NO_RECORDING)


def _enabled(run: Run, block: Statement) -> str | None:
    calls = [call for call in block.calls if called(call) in _NO_RECORDING]
    # `loss.requires_grad = True` fails on what has a graph
    if (
        any(_flags(s) for s in run.statements("requires_grad"))
        or len(calls) != 1
        or calls[0].args
        or not isinstance(calls[0].func, ast.Attribute)
    ):
        return None
    code = block.edited((calls[0].func, f"{run.torch}.enable_grad"))
    return f"Line {block.first}: {code}" if code else None


def _flags(statement: Statement) -> bool:
    targets = [target for assign in statement.find(ast.Assign) for target in assign.targets]
    return any(isinstance(target, ast.Attribute) and target.attr == "requires_grad" for target in targets)


def _cutting(node: ast.AST) -> str:
    """The name of what in a piece of a statement leaves the graph; empty where nothing does."""
    if isinstance(node, ast.Attribute) and node.attr == "data" and isinstance(node.ctx, ast.Load):
        return "data"
    if not isinstance(node, ast.Call) or called(node) not in _LEAVING:
        return ""
    return called(node) if _inside(node) is not None else ""


def _name(statement: Statement, node: ast.AST) -> str:
    """How a sentence names what cuts: ``torch.tensor(...)``, ``.detach()``, ``.data``."""
    if not isinstance(node, ast.Call):
        return ".data"
    return f"{statement.text(node.func)}(...)" if called(node) in _MAKERS else f".{called(node)}()"


def _inside(node: ast.AST) -> ast.expr | None:
    """What is cut off: ``y`` in ``y.detach()``, ``torch.tensor(y)`` and ``torch.argmax(y, 1)``."""
    if isinstance(node, ast.Attribute):
        return node.value
    if not isinstance(node, ast.Call):
        return None
    owner = receiver(node)
    if called(node) in _MAKERS or owner is None or dotted(owner) == "torch":
        return node.args[0] if node.args else None
    return owner


def _has_history(run: Run, nodes: tuple[ast.AST, ...], bound: dict[str, str]) -> bool:
    """Whether something with a graph, or a module of the program, is used here."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            tensor = run.tensors.get(bound.get(node.id, ""))
            if tensor is not None and tensor.requires_grad:
                return True
        if isinstance(node, ast.Call) and run.is_module(dotted(node.func), bound):
            return True
    return False


def _uncut(run: Run, statement: Statement) -> str | None:
    """The hint that gives a name the value itself: ``loss = f(x)`` for ``loss = torch.tensor(f(x).item())``."""
    assign = statement.assigned()
    if assign is None or any(_flags(s) for s in run.statements("requires_grad")):
        return None
    value: ast.expr = assign.value
    while (inner := _peeled(value)) is not None:
        value = inner
    same = isinstance(value, ast.Name) and value.id == statement.text(assign.targets[0])
    if value is assign.value or same or any(_cutting(node) for node in ast.walk(value)):
        return None
    code = statement.edited((assign.value, statement.text(value)))
    return f"Line {statement.first}: {code}" if code else None


def _peeled(value: ast.expr) -> ast.expr | None:
    """What an expression cuts off, where the values stay the same without the cut."""
    if _LEAVING.get(_cutting(value)) not in (None, _PLACES, _WHOLE):
        return _inside(value)
    if isinstance(value, ast.Call) and called(value) in ("float", "requires_grad_"):
        return receiver(value) or (value.args[0] if value.args else None)
    return None


def _from_a_leaf(run: Run) -> Iterator[Remark]:
    """``loss = torch.tensor(loss.item(), requires_grad=True)``: backward begins, and ends, at a leaf."""
    for backward in run.trace.backwards:
        starts = [run.nodes[node] for node in backward.outputs if node in run.nodes]
        if backward.call != "backward" or backward.internal or backward.step is None or len(starts) != 1:
            continue
        name = starts[0].leaf
        if not name or not name.isidentifier() or backward.line is None:
            continue
        found = find_cut(run, name, run.trace.steps[backward.step])
        if found is not None:
            yield Remark(
                found.statement.first,
                f"Line {backward.line} runs backward from `{name}`, and no operation lies behind it: {found.why}. So `{name}` "
                "itself gets the gradient, and nothing that it was computed from does.",
                found.hint,
            )


def _cut_parameters(run: Run) -> Iterator[Remark]:
    """``self.enc(x).detach()`` where the optimizer has the parameters of ``enc``, and none ever got a gradient."""
    reached = {part for leaf in run.leaves.values() for part in (leaf.name or "").split(".")}
    if not run.whole or not run.optimizers or not reached:
        return
    for statement in run.statements("detach", "data"):
        for node in statement.nodes:
            word, inner = _cutting(node), _inside(node)
            if word not in ("detach", "data") or not isinstance(inner, ast.Call) or not run.visits(statement):
                continue
            path = dotted(inner.func)
            owner = next((o for o in run.optimizers if _covers(run, o.call, path)), None)
            if (
                owner is None
                or path.rpartition(".")[2] in reached
                or any(called(c) in _MAKERS for c in statement.calls)
            ):
                continue
            code = statement.edited((node, statement.text(inner)))
            yield Remark(
                statement.first,
                f"`{_name(statement, node)}` cuts {shown(statement.text(inner))} off from the graph, so no parameter of "
                f"`{path}` got a gradient, and `{owner.name}.step()`, which has them, left them as they were.",
                f"Line {statement.first}: {code}" if code else None,
            )


def _covers(run: Run, call: ast.Call, path: str) -> bool:
    """Whether an optimizer was given ``net.parameters()`` and the path is ``net.enc``, or ``self.enc`` of its class."""
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.Call) or called(given) != "parameters":
        return False
    root = dotted(receiver(given) or ast.Pass())
    first, _, rest = path.partition(".")
    if not root or not rest:
        return path == root != ""
    return first == root or (first == "self" and "." not in rest and _is_layer_of(run, root, rest))


def _is_layer_of(run: Run, root: str, attribute: str) -> bool:
    """Whether the class of a variable gives itself this attribute, a layer, in one line."""
    kinds = {value for step in run.trace.steps for name, value in step.variables.items() if name == root}
    header = run.program.class_named(kinds.pop()) if len(kinds) == 1 else None
    for statement in run.program.block(header):
        for assign in statement.find(ast.Assign):
            if dotted(assign.targets[0]) == f"self.{attribute}" and isinstance(assign.value, ast.Call):
                return run.full_name(assign.value.func).startswith("torch.nn.")
    return False


# --- frozen


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
        owner = next((o for o in run.optimizers if o.steps and root and _given(o.call) == root.partition(".")[0]), None)
        if owner is not None:
            yield Remark(
                statement.first,
                f"This line froze {what}: `backward()` gives no gradient to a parameter with `requires_grad=False`, and "
                f"`{owner.name}.step()`, which has it (line {owner.statement.first}), leaves it as it is.",
            )


def _given(call: ast.Call) -> str:
    given = call.args[0] if call.args else None
    return (
        dotted(receiver(given) or ast.Pass()) if isinstance(given, ast.Call) and called(given) == "parameters" else ""
    )


def _sets(statement: Statement) -> bool:
    return _flags(statement) or any(called(call) == "requires_grad_" for call in statement.calls)


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
        return shown(path), path.partition(".")[0].partition("[")[0]
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


kinds = (_from_a_leaf, _cut_parameters, _frozen, _not_a_leaf)
