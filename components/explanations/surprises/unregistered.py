"""Parameters that a model uses and does not know: layers in a plain list or dict, tensors that are no ``Parameter``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ...source.statements import Statement
from ...source.tree import dotted
from ..situation import called, receiver
from .run import Optimizer, Remark, Run
from .training import pulls


class Kept(NamedTuple):
    """An attribute that holds parameters where no module finds them, and the text that makes it one that is found."""

    statement: Statement
    attribute: str
    what: str
    hint: str | None


def _unregistered(run: Run) -> Iterator[Remark]:
    """Tensors that get gradients, and that ``step()`` leaves, beside others that it moves."""
    if not run.whole:
        return
    for optimizer in run.optimizers:
        given = optimizer.call.args[0] if optimizer.call.args else None
        root = dotted(receiver(given) or ast.Pass()) if isinstance(given, ast.Call) else ""
        if not isinstance(given, ast.Call) or called(given) != "parameters" or not root.isidentifier():
            continue
        left = _left(run, optimizer)
        kept = list(_kept(run, _class_of(run, root))) if left else []
        if len({one.attribute for one in kept}) == 1:
            one = kept[0]
            yield Remark(
                one.statement.first,
                f"`{root}.parameters()` does not find what `{one.attribute}` holds, because this line keeps {one.what}. "
                f"`backward()` gave gradients to {left} {'tensor' if left == 1 else 'tensors'} that "
                f"`{optimizer.name}.step()` never changed.",
                one.hint,
            )


def _left(run: Run, optimizer: Optimizer) -> int:
    """How many leaves of no known name had a gradient at a ``step()`` and never changed, beside some that did."""
    met = pulls(run, optimizer)
    if met is None or not met.present & run.moved:
        return 0
    return sum(origin in run.leaves and not _named(run, origin) for origin in met.present & met.seen - run.moved)


def _named(run: Run, origin: str) -> bool:
    """Whether a leaf belongs to a module, or to a variable of the program's top level."""
    name = run.leaves[origin].name
    return name is not None and "." in name


def _class_of(run: Run, name: str) -> Statement | None:
    kinds = {value for step in run.trace.steps for other, value in step.variables.items() if other == name}
    return run.program.class_named(kinds.pop()) if len(kinds) == 1 else None


def _kept(run: Run, header: Statement | None) -> Iterator[Kept]:
    body = list(run.program.block(header))
    for statement in body:
        assign = next(statement.find(ast.Assign), None)
        if assign is None or len(assign.targets) != 1 or not run.visits(statement):
            continue
        attribute = dotted(assign.targets[0])
        if not attribute.startswith("self.") or attribute.count(".") != 1:
            continue
        found = _container(run, body, attribute, assign.value) or _tensor(run, assign.value)
        if found is not None:
            what, maker = found
            inner = "" if isinstance(assign.value, ast.List) and not assign.value.elts else statement.text(assign.value)
            code = statement.edited((assign.value, f"{maker}({inner})")) if maker else None
            yield Kept(statement, attribute, what, f"Line {statement.first}: {code}" if code else None)


def _container(run: Run, body: list[Statement], attribute: str, value: ast.expr) -> tuple[str, str] | None:
    """For a plain list or dict of layers or parameters: what it is, and the class of ``torch.nn`` that takes its place."""
    elements: list[ast.expr] = []
    if isinstance(value, ast.List):
        elements = value.elts or list(_appended(body, attribute))
    elif isinstance(value, ast.ListComp):
        elements = [value.elt]
    elif isinstance(value, ast.Dict):
        elements = value.values
    if not elements:
        return None
    nn = next((name for name, path in run.imports.items() if path == "torch.nn"), f"{run.torch}.nn")
    layers = all(_is_layer(run, element) for element in elements)
    parameters = all(isinstance(e, ast.Call) and run.full_name(e.func) == "torch.nn.Parameter" for e in elements)
    if isinstance(value, ast.Dict):
        texts = all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in value.keys)
        return ("them in a plain dict", f"{nn}.ModuleDict" if texts else "") if layers else None
    if layers or parameters:
        return "them in a plain list", f"{nn}.{'ModuleList' if layers else 'ParameterList'}"
    return None


def _appended(body: list[Statement], attribute: str) -> Iterator[ast.expr]:
    for statement in body:
        for call in statement.calls:
            if called(call) == "append" and dotted(call.func) == f"{attribute}.append" and len(call.args) == 1:
                yield call.args[0]


def _is_layer(run: Run, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    path = run.full_name(node.func)
    layer = path.startswith("torch.nn.") and path not in ("torch.nn.Parameter", "torch.nn.parameter.Parameter")
    return layer or (isinstance(node.func, ast.Name) and run.program.class_named(node.func.id) is not None)


def _tensor(run: Run, value: ast.expr) -> tuple[str, str] | None:
    """For a tensor with ``requires_grad=True``: that it is no parameter, and the class that makes it one."""
    if not isinstance(value, ast.Call):
        return None
    wants = any(given.arg == "requires_grad" and getattr(given.value, "value", False) for given in value.keywords)
    path = run.full_name(value.func)
    if not (wants and path.startswith("torch.") and path.count(".") == 1) and called(value) != "requires_grad_":
        return None
    nn = next((name for name, path in run.imports.items() if path == "torch.nn"), f"{run.torch}.nn")
    return f"a tensor that is no `{nn}.Parameter`", f"{nn}.Parameter"


kinds = (_unregistered,)
