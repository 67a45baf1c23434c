"""What a name stands for and what a statement stands in: imports, and blocks where no graph is recorded."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .reading import Code

Function = ast.FunctionDef | ast.AsyncFunctionDef
_OFF = frozenset({"no_grad", "inference_mode"})
_OF_AUTOGRAD = frozenset({"torch.autograd.Function", "torch.autograd.function.Function"})
_LASTING = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Surroundings:
    """Answers about the places of one program."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._imported = dict(_imports(code.tree))
        bound = {node.id for node in ast.walk(code.tree) if isinstance(node, ast.Name) and _binds(node)}
        at_top = [alias for one in code.tree.body if isinstance(one, ast.Import) for alias in one.names]
        named = any(alias.asname is None and alias.name.partition(".")[0] == "torch" for alias in at_top)
        self.has_torch = (named or any(alias.asname == alias.name == "torch" for alias in at_top)) and (
            "torch" not in bound
        )

    def full_name(self, node: ast.AST) -> str:
        """Return what an expression names: ``"torch.nn.functional.relu"`` for ``F.relu``; empty if not imported."""
        first, dot, rest = self._code.dotted(node).partition(".")
        module = self._imported.get(first)
        return "" if module is None else f"{module}{dot}{rest}"

    def imported_as(self, full_name: str) -> str | None:
        """Return the name that ``from ... import`` gave to a function."""
        return next((name for name, module in self._imported.items() if module == full_name), None)

    def is_free(self, name: str) -> bool:
        """Whether a program says a name nowhere."""
        nodes = ast.walk(self._code.tree)
        said = any(name in (getattr(node, "id", None), getattr(node, "name", None)) for node in nodes)
        return not said and name not in self._imported

    def records(self, node: ast.AST) -> bool:
        """Whether autograd records what is computed here, as far as the text around it says."""
        for one in self._code.above(node):
            if isinstance(one, ast.With | ast.AsyncWith):
                modes = [mode for item in one.items if (mode := self._mode(item.context_expr)) is not None]
            elif isinstance(one, Function):
                modes = [mode for item in one.decorator_list if (mode := self._mode(item)) is not None]
            elif isinstance(one, ast.ClassDef) and any(self.full_name(base) in _OF_AUTOGRAD for base in one.bases):
                return False
            else:
                continue
            if modes:
                return modes[-1]
        return True

    def _mode(self, node: ast.expr) -> bool | None:
        """Whether a context or decorator switches recording on or off; ``None`` if it is about something else."""
        called = node.func if isinstance(node, ast.Call) else node
        name = self.full_name(called)
        last = name.rpartition(".")[2]
        if not name.startswith("torch.") or last not in _OFF | {"enable_grad", "set_grad_enabled"}:
            return None
        if last == "set_grad_enabled" and isinstance(node, ast.Call) and node.args:
            return not (isinstance(node.args[0], ast.Constant) and node.args[0].value is False)
        return last not in _OFF

    def runs_in_place(self, node: ast.AST) -> bool:
        """Whether an expression is computed where it is written, once, and for more than to be printed."""
        for one in self._code.above(node):
            if isinstance(one, ast.stmt):
                return True
            if isinstance(one, _LASTING):
                return False
            if isinstance(one, ast.Call) and self._code.dotted(one.func) == "print":
                return False
        return True


def _binds(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
