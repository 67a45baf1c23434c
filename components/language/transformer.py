"""From the program's syntax tree to one that asks before it touches an attribute.

RestrictedPython refuses every construct that it does not know. This policy lets through what lessons use and turns
each attribute into a call: ``x.grad`` becomes ``_getattr_(x, "grad")``, ``x.grad = None`` becomes
``_write_(x).grad = None``, imports become calls too. Indexing, loops, calls and arithmetic stay as they are: they reach
nothing that the program did not already hold.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from RestrictedPython.transformer import INSPECT_ATTRIBUTES, RestrictingNodeTransformer, copy_locations

from components.language.errors import NotAllowed

MAGIC_METHODS = frozenset(
    [
        "__init__",
        "__call__",
        "__len__",
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__iter__",
        "__next__",
        "__contains__",
        "__repr__",
        "__str__",
        "__hash__",
        "__bool__",
        "__float__",
        "__int__",
        "__enter__",
        "__exit__",
        "__lt__",
        "__le__",
        "__eq__",
        "__ne__",
        "__gt__",
        "__ge__",
        "__neg__",
        "__pos__",
        "__abs__",
        "__invert__",
        "__add__",
        "__radd__",
        "__iadd__",
        "__sub__",
        "__rsub__",
        "__isub__",
        "__mul__",
        "__rmul__",
        "__imul__",
        "__truediv__",
        "__rtruediv__",
        "__itruediv__",
        "__floordiv__",
        "__rfloordiv__",
        "__mod__",
        "__rmod__",
        "__pow__",
        "__rpow__",
        "__matmul__",
        "__rmatmul__",
        "__and__",
        "__rand__",
        "__or__",
        "__ror__",
        "__xor__",
        "__rxor__",
    ]
)
_READABLE_DUNDERS = frozenset({"__init__", "__name__", "__class__", "__version__", "__call__", "__enter__", "__exit__"})
# Guards are named _x_, so a name with one underscore in front and none at the end cannot be one.
_PRIVATE_NAME = re.compile(r"_(?!_)\w*[^_\W]\Z")


class LessonPolicy(RestrictingNodeTransformer):
    """Collects what it refuses in ``refusals``."""

    def __init__(self) -> None:
        super().__init__(errors=[], warnings=[], used_names={})
        self.refusals: list[NotAllowed] = []

    def error(self, node: ast.AST, info: str) -> None:
        """RestrictedPython's own refusals come here too."""
        self.refuse(node, info if info.endswith(".") else f"{info}.")

    def refuse(self, node: ast.AST, message: str, *, name: str = "", advice: str = "") -> None:
        """Write down a refusal with its line."""
        line = getattr(node, "lineno", None)
        self.refusals.append(NotAllowed(message, name=name, line=line, advice=advice))

    def not_allowed(self, node: ast.AST) -> None:
        """Say no to a construct that no method here lets through."""
        word = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).lower()
        self.refuse(node, f"Python's “{word}” is not available here.", name=type(node).__name__)

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:
        if name is None or name in ("_", "__name__") or not (name.startswith("_") or name.endswith("__roles__")):
            return
        is_method = allow_magic_methods and name in MAGIC_METHODS and getattr(node, "col_offset", 0) > 0
        if not is_method and not _PRIVATE_NAME.match(name):
            self.refuse(node, f"The name {name!r} is reserved here.", name=name, advice="Choose another name.")

    # --- names and attributes

    def visit_Name(self, node: ast.Name) -> Any:
        if isinstance(node.ctx, ast.Store | ast.Del) and node.id == "__name__":
            self.refuse(node, "__name__ cannot be assigned.", name="__name__")
        self.check_name(node, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        loads = isinstance(node.ctx, ast.Load)
        self._check_attribute(node, loads)
        value = self.visit(node.value)
        if loads:
            arguments = [value, ast.Constant(node.attr)]
            return _located(ast.Call(ast.Name("_getattr_", ast.Load()), arguments, []), node)
        node.value = _located(ast.Call(ast.Name("_write_", ast.Load()), [value], []), node)
        return node

    def _check_attribute(self, node: ast.Attribute, loads: bool) -> None:
        name = node.attr
        dunder = name.startswith("__") and not (loads and name in _READABLE_DUNDERS)
        if dunder or name in INSPECT_ATTRIBUTES or name.endswith("__roles__"):
            self.refuse(node, f"The attribute {name!r} is not available here.", name=name)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return self.node_contents_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """``x: T = v`` becomes ``x = v``: an annotation is never evaluated."""
        if node.value is None:
            return _located(ast.Pass(), node)
        return self.visit(_located(ast.Assign([node.target], node.value), node))

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        self.check_name(node, node.arg)
        return node

    # --- imports: no import statement remains, so the interpreter's own __import__ can stay where ATen looks for it

    def visit_Import(self, node: ast.Import) -> Any:
        self._check_imported(node)
        return [
            self._binding(node, name.asname or name.name.partition(".")[0], "_import_", name.name, bool(name.asname))
            for name in node.names
        ]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        self._check_imported(node)
        if node.level or not node.module:
            self.refuse(node, "Relative imports are not available here.", name=node.module or ".")
            return node
        if node.module == "__future__":
            return _located(ast.Pass(), node)
        return [
            self._binding(node, name.asname or name.name, "_import_from_", node.module, name.name)
            for name in node.names
        ]

    def _check_imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for name in node.names:
            if name.name == "*":
                self.refuse(node, "`import *` is not available here.", name="*", advice="Import the names you use.")
            else:
                self.check_name(node, name.asname or name.name)

    @staticmethod
    def _binding(node: ast.AST, variable: str, guard: str, *arguments: str | bool) -> Any:
        constants: list[ast.expr] = [ast.Constant(argument) for argument in arguments]
        call = ast.Call(ast.Name(guard, ast.Load()), constants, [])
        return _located(ast.Assign([ast.Name(variable, ast.Store())], call), node)

    # --- definitions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.check_name(node, node.name, allow_magic_methods=True)
        node.returns = None
        return self.node_contents_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Classes are made by ``__metaclass__``, which checks bases and methods."""
        self.check_name(node, node.name)
        if node.keywords:
            self.refuse(node, "Keywords in a class statement (metaclass=...) are not available here.", name="metaclass")
            return node
        node = self.node_contents_visit(node)
        node.keywords = [_located(ast.keyword("metaclass", ast.Name("__metaclass__", ast.Load())), node)]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        # A bare `except:` catches what a program can raise; the interruption of a run is not among it.
        self.check_name(node, node.name)
        if node.type is None:
            node.type = _located(ast.Name("Exception", ast.Load()), node)
        return self.node_contents_visit(node)

    def visit_Global(self, node: ast.Global) -> Any:
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> Any:
        for name in node.names:
            self.check_name(node, name)
        return node

    # --- patterns of a match statement

    def visit_MatchClass(self, node: Any) -> Any:
        self.refuse(node, "A class pattern in `case` is not available here.", name="case", advice="Use isinstance().")
        return node

    def visit_MatchValue(self, node: Any) -> Any:
        if any(isinstance(part, ast.Attribute) for part in ast.walk(node)):
            self.refuse(node, "A dotted name in `case` is not available here.", name="case", advice="Use if and ==.")
            return node
        return self.node_contents_visit(node)

    def _visit_capture(self, node: Any) -> Any:
        self.check_name(node, node.rest if isinstance(node, ast.MatchMapping) else node.name)
        return self.node_contents_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _visit_capture


def _let_through(self: LessonPolicy, node: ast.AST) -> Any:
    return self.node_contents_visit(node)


_HARMLESS = """
    Assign Assert Call comprehension DictComp For GeneratorExp IfExp Lambda ListComp MatMult Match MatchOr
    MatchSequence MatchSingleton match_case NamedExpr Return SetComp Starred Subscript Try With withitem Yield
    YieldFrom arguments keyword
"""
for _name in _HARMLESS.split():
    setattr(LessonPolicy, f"visit_{_name}", _let_through)


def _located(new: Any, old: Any) -> Any:
    """Give a new node, and what it is made of, the place of the old one."""
    copy_locations(new, old)
    return new
