"""Parameters that no gradient reaches: a loss that begins at a leaf, a part of the model that is cut off or unused."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...source.names import NN
from ...source.statements import Statement
from ...source.tree import dotted
from ..situation import called, receiver, shown
from .cuts import MAKERS, cut_name, cutting, find_cut, inside
from .run import Optimizer, Remark, Run

# With these a layer may be used though no line names it.
_BY_OTHER_WAYS = frozenset(
    {"children", "modules", "named_children", "named_modules", "getattr", "__dict__", "vars", "_modules"}
)
_WITH_PARAMETERS = frozenset(
    {
        "Linear",
        "Bilinear",
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose2d",
        "Embedding",
        "LSTM",
        "GRU",
        "RNN",
        "LayerNorm",
    }
)


def _from_a_leaf(run: Run) -> Iterator[Remark]:
    """``loss = torch.tensor(loss.item(), requires_grad=True)``: backward begins, and ends, at a leaf."""
    for backward in run.trace.backwards:
        starts = [run.nodes[node] for node in backward.outputs if node in run.nodes]
        step = run.step(backward.step)
        if backward.call != "backward" or backward.internal or step is None or len(starts) != 1:
            continue
        name = starts[0].leaf
        if not name or not name.isidentifier() or backward.line is None:
            continue
        found = find_cut(run, name, step)
        if found is not None:
            yield Remark(
                found.statement.first,
                f"Line {backward.line} runs backward from `{name}`, and no operation lies behind it: {found.why}. So `{name}` "
                "itself gets the gradient, and nothing that it was computed from does.",
                found.hint,
            )


def _cut_parameters(run: Run) -> Iterator[Remark]:
    """``self.enc(x).detach()`` where the optimizer has the parameters of ``enc``, and none ever got a gradient."""
    reached = _reached(run)
    if not reached:
        return
    for statement in run.statements("detach", "data"):
        makers = any(called(call) in MAKERS for call in statement.calls)
        for node in statement.nodes if run.visits(statement) and not makers else ():
            call = _module_call(run, inside(node)) if cutting(node) in ("detach", "data") else None
            owner = _owner(run, call, reached) if call is not None else None
            inner = inside(node)
            if call is None or owner is None or inner is None:
                continue
            arrays = not {"numpy", "tolist", "item"}.isdisjoint(statement.words)  # a graph gives none of these
            code = statement.edited((node, statement.text(inner))) if not arrays else None
            yield Remark(
                statement.first,
                f"`{cut_name(statement, node)}` cuts {shown(statement.text(inner))} off from the graph, so no parameter of "
                f"`{dotted(call.func)}` got a gradient, and `{owner.name}.step()`, which has them, left them as they were.",
                f"Line {statement.first}: {code}" if code else None,
            )
    yield from _unrecorded(run, reached)


def _unrecorded(run: Run, reached: set[str]) -> Iterator[Remark]:
    """The same, cut by ``with torch.no_grad():``."""
    for header in run.statements("no_grad", "inference_mode"):
        for statement in run.program.block(header) if header.words[:1] == ("with",) else ():
            for call in statement.calls if run.visits(statement) else ():
                owner = _owner(run, call, reached)
                if owner is not None:
                    yield Remark(
                        statement.first,
                        f"Line {header.first} switches recording off around {shown(statement.text(call))}, so no parameter of "
                        f"`{dotted(call.func)}` got a gradient, and `{owner.name}.step()`, which has them, left them as they "
                        "were.",
                    )


def _reached(run: Run) -> set[str]:
    """The parts of the names of all leaves that got gradients; empty where one has no name, or the trace is cut."""
    if not run.whole or not run.optimizers or any(leaf.name is None for leaf in run.leaves.values()):
        return set()
    return {part for leaf in run.leaves.values() for part in (leaf.name or "").split(".")}


def _owner(run: Run, call: ast.Call, reached: set[str]) -> Optimizer | None:
    """The optimizer that has the parameters of the module that is called, if none of them got a gradient."""
    path = dotted(call.func)
    if not path or path.rpartition(".")[2] in reached or not _is_layer(run, path):
        return None
    return next((one for one in run.optimizers if one.steps and _covers(run, one.call, path)), None)


def _is_layer(run: Run, path: str) -> bool:
    """Whether a path is a variable that stands for a module, or a layer that the class of one gives itself."""
    first, _, attribute = path.partition(".")
    if not attribute:
        kinds = {value for step in run.trace.steps for name, value in step.variables.items() if name == path}
        return len(kinds) == 1 and (kinds <= NN or run.program.class_named(next(iter(kinds))) is not None)
    roots = {root for optimizer in run.optimizers for root in _roots(optimizer.call)} if first == "self" else {first}
    return any(is_layer_of(run, root, attribute) for root in roots)


def _module_call(run: Run, inner: ast.expr | None) -> ast.Call | None:
    """``enc(x)`` for itself, and for the variable that one statement binds to it."""
    if isinstance(inner, ast.Name):
        made = [assign for s in run.statements(inner.id) if (assign := s.assigned()) is not None]
        made = [assign for assign in made if dotted(assign.targets[0]) == inner.id]
        inner = made[0].value if len(made) == 1 else None
    return inner if isinstance(inner, ast.Call) else None


def _covers(run: Run, call: ast.Call, path: str) -> bool:
    """Whether an optimizer was given ``net.parameters()`` and the path is ``net.enc``, or ``self.enc`` of its class."""
    first, _, rest = path.partition(".")
    for root in _roots(call):
        if path == root or (rest and first == root):
            return True
        if first == "self" and rest and "." not in rest and is_layer_of(run, root, rest):
            return True
    return False


def _roots(call: ast.Call) -> set[str]:
    """The modules whose parameters an optimizer was given: ``net`` and ``head`` of ``list(net.parameters()) + ...``."""
    given = call.args[0] if call.args else ast.Pass()
    calls = [node for node in ast.walk(given) if isinstance(node, ast.Call) and called(node) == "parameters"]
    return {dotted(owner) for call in calls if (owner := receiver(call)) is not None} - {""}


def is_layer_of(run: Run, root: str, attribute: str) -> bool:
    """Whether the class of a variable gives itself this attribute, a layer, in one line."""
    return any(name == attribute for _, name in _layers(run, root))


def _layers(run: Run, root: str) -> Iterator[tuple[Statement, str]]:
    """The statements ``self.enc = nn.Linear(...)`` of the class of a variable, with the attribute."""
    kinds = {value for step in run.trace.steps for name, value in step.variables.items() if name == root}
    header = run.program.class_named(kinds.pop()) if len(kinds) == 1 else None
    for statement in run.program.block(header):
        for assign in statement.find(ast.Assign):
            first, _, attribute = dotted(assign.targets[0]).partition(".")
            made = run.full_name(assign.value.func) if isinstance(assign.value, ast.Call) else ""
            if first == "self" and made.startswith("torch.nn.") and attribute.isidentifier():
                yield statement, attribute


def _unused(run: Run) -> Iterator[Remark]:
    """A layer with parameters that a model has, an optimizer was given, and no line mentions again."""
    reached = _reached(run)
    if not reached or not run.words.isdisjoint(_BY_OTHER_WAYS):
        return
    words = [word for statement in run.program.statements for word in statement.words]
    for optimizer in (one for one in run.optimizers if one.steps):
        for root in sorted(_roots(optimizer.call) & reached):
            for statement, attribute in _layers(run, root):
                kind = called(next(statement.find(ast.Call)))
                alone = words.count(attribute) == 1 and attribute not in reached and run.visits(statement)
                if alone and kind in _WITH_PARAMETERS:
                    yield Remark(
                        statement.first,
                        f"`self.{attribute}` is made here and no other line uses it: its parameters got no gradient, and "
                        f"`{optimizer.name}.step()`, which has them, left them as they were.",
                    )


kinds = (_from_a_leaf, _cut_parameters, _unused)
