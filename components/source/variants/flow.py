"""Which names may stand for tensors, and for tensors that autograd follows: a guess from the text alone.

Names are followed through assignments, loops and calls of the program's functions, everywhere alike: the order of the
statements and the scope of a name play no part.

Known limitations: a name that holds a number here and a tensor there counts as a tensor; what a name from elsewhere
gives is unknown and counts as none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from . import flow_names
from .flow_bindings import Binding, bindings
from .reading import Code
from .surroundings import Surroundings

_OPERATORS = ast.BinOp | ast.UnaryOp
_SEEN_THROUGH = ast.Lambda | ast.JoinedStr | ast.Constant


class Flow:
    """The names of a program that may stand for tensors; ``tracked`` are those whose tensors may require grad."""

    def __init__(self, code: Code, around: Surroundings) -> None:
        self._code = code
        self._around = around
        # Gradients have a graph only if one was asked for.
        self._untracked = flow_names.UNTRACKED | (frozenset() if "create_graph" in code.source else {"grad"})
        self._own = {node.name for node in code.nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        found = list(bindings(code))
        self.tensors = self._follow(found, tracked=False)
        self.tracked = self._follow(found, tracked=True)

    def holds(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether a tensor may come out of an expression, or be part of what comes out."""
        names = self.tracked if tracked else self.tensors
        parts = self._parts(value, tracked)
        return any(isinstance(node, ast.Name) and node.id in names for node, _ in parts) or self._is_source(
            value, tracked
        )

    def computes(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether an expression computes with tensors that the program made before."""
        names = self.tracked if tracked else self.tensors
        parts = self._parts(value, tracked)
        return any(inside and isinstance(node, ast.Name) and node.id in names for node, inside in parts)

    def gives_one_tensor(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether what comes out of an expression is the result of one computation, and one tensor."""
        if isinstance(value, ast.UnaryOp | ast.BinOp):
            sides = [value.operand] if isinstance(value, ast.UnaryOp) else [value.left, value.right]
            if any(isinstance(one, ast.List | ast.Tuple | ast.ListComp) for one in sides):
                return False
            return not isinstance(value.op, ast.Not) and self.computes(value, tracked=tracked)
        if not isinstance(value, ast.Call) or isinstance(value.func, ast.Call) or not self._computing_call(value):
            return False
        last = self._last(value.func)
        along = value.keywords or len(value.args) > (1 if self._around.full_name(value.func) else 0)
        if last in flow_names.SEVERAL or (last in flow_names.SEVERAL_ALONG and along):
            return False
        return self.computes(value, tracked=tracked)

    def _follow(self, found: list[Binding], *, tracked: bool) -> frozenset[str]:
        known: set[str] = set()
        leads_to: dict[str, set[str]] = {}
        for binding in found:
            if binding.value is None or self._is_source(binding.value, tracked):
                known |= binding.names
            else:
                for node, _ in self._parts(binding.value, tracked):
                    if isinstance(node, ast.Name):
                        leads_to.setdefault(node.id, set()).update(binding.names)
        pending = list(known)
        while pending:
            new = leads_to.get(pending.pop(), set()) - known
            known |= new
            pending.extend(new)
        return frozenset(known)

    def _is_source(self, value: ast.expr, tracked: bool) -> bool:
        """Whether a tensor comes out of an expression whatever goes in."""
        for node, _ in self._parts(value, tracked):
            if not isinstance(node, ast.Call):
                continue
            name = self._around.full_name(node.func)
            last = self._last(node.func)
            if not tracked and name.startswith("torch.") and not name.startswith(("torch.optim.", "torch.utils.")):
                return True
            wanted = next((one.value for one in node.keywords if one.arg == "requires_grad"), None)
            asked = wanted is not None and not (isinstance(wanted, ast.Constant) and wanted.value is False)
            if asked or last == "requires_grad_" or (name.startswith("torch.nn.") and last[:1].isupper()):
                return True
        return False

    def _parts(self, value: ast.expr, tracked: bool) -> Iterator[tuple[ast.AST, bool]]:
        """Yield what may hand on a tensor to what comes out, and whether a computation stands between the two."""
        pending: list[tuple[ast.AST, bool]] = [(value, False)]
        while pending:
            node, inside = pending.pop()
            if isinstance(node, _SEEN_THROUGH) or self._ends(node, tracked):
                continue
            yield node, inside
            operator = isinstance(node, _OPERATORS) and not isinstance(getattr(node, "op", None), ast.Not)
            inside = inside or operator or (isinstance(node, ast.Call) and self._computing_call(node))
            pending.extend((child, inside) for child in ast.iter_child_nodes(node))

    def _ends(self, node: ast.AST, tracked: bool) -> bool:
        if isinstance(node, ast.Compare):
            return tracked
        if isinstance(node, ast.Attribute):
            return node.attr in flow_names.FACTS or (tracked and node.attr in self._untracked)
        if not isinstance(node, ast.Call):
            return False
        last = self._last(node.func)
        if isinstance(node.func, ast.Name) and last in flow_names.PLAIN and last not in self._own:
            return True
        name = self._around.full_name(node.func)
        if name.partition(".")[0] in flow_names.PLAIN_MODULES or name.startswith("torch.optim."):
            return True
        return last in flow_names.FACTS or (tracked and last in flow_names.UNTRACKED)

    def _computing_call(self, call: ast.Call) -> bool:
        name = self._around.full_name(call.func)
        last = self._last(call.func)
        if name in flow_names.TRANSFORMS | flow_names.ENGINE or last in flow_names.NO_COMPUTATION:
            return False
        if isinstance(call.func, ast.Name) and last in flow_names.HANDING_ON and last not in self._own:
            return False
        # By custom, what begins with a capital letter is a class.
        return not last[:1].isupper()

    def _last(self, called: ast.expr) -> str:
        if isinstance(called, ast.Attribute):
            return called.attr
        name = self._around.full_name(called) or self._code.dotted(called)
        return name.rpartition(".")[2]
