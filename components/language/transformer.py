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

from RestrictedPython.transformer import RestrictingNodeTransformer, copy_locations

from components.language import refused
from components.language.errors import NotAllowed
from components.language.syntax import INSPECT_ATTRIBUTES, MAGIC_METHODS, READABLE_DUNDERS

# Guards are named _x_ or __x__, so a name without an underscore at its end cannot be one; nor can _, __ and ___.
_PRIVATE_NAME = re.compile(r"_\w*[^_\W]\Z|_+\Z")


class LessonPolicy(RestrictingNodeTransformer):
    """Collects what it refuses in ``refusals``."""

    def __init__(self) -> None:
        super().__init__(errors=[], warnings=[], used_names={})
        self.refusals: list[NotAllowed] = []
        self._scopes: list[ast.AST] = []

    def error(self, node: ast.AST, info: str) -> None:
        """RestrictedPython's own refusals come here too."""
        self.refuse(node, info if info.endswith(".") else f"{info}.")

    def refuse(self, node: ast.AST, message: str, *, name: str = "", advice: str = "") -> None:
        """Write down a refusal with its line."""
        line = getattr(node, "lineno", None)
        self.refusals.append(NotAllowed(message, name=name, line=line, advice=advice))

    def not_allowed(self, node: ast.AST) -> None:
        """Say no to a construct that no method here lets through."""
        kind = type(node).__name__
        node = node.handlers[0] if isinstance(node, ast.TryStar) else node
        said, advice = refused.CONSTRUCTS.get(kind, (re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower(), ""))
        self.refuse(node, f"`{said}` is not available here.", name=said, advice=advice)

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:
        """Refuse names that the guards use, or that mean something to the interpreter."""
        if name is None or name == "__name__" or name in MAGIC_METHODS or not name.startswith("_"):
            return
        if not _PRIVATE_NAME.match(name):
            advice = refused.NAMES.get(name) or refused.ATTRIBUTES.get(name) or "Choose another name."
            self.refuse(node, f"The name {name!r} is not available here.", name=name, advice=advice)

    # --- names and attributes

    def visit_Name(self, node: ast.Name) -> Any:
        if isinstance(node.ctx, ast.Store | ast.Del) and node.id == "__name__":
            self.refuse(node, "__name__ cannot be assigned here.", name="__name__", advice="Choose another name.")
        self.check_name(node, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        loads = isinstance(node.ctx, ast.Load)
        node.attr = self._mangled(node.attr)
        self._check_attribute(node, loads)
        value = self.visit(node.value)
        if loads:
            arguments = [value, ast.Constant(node.attr)]
            return _located(ast.Call(ast.Name("_getattr_", ast.Load()), arguments, []), node)
        node.value = _located(ast.Call(ast.Name("_write_", ast.Load()), [value], []), node)
        return node

    def _mangled(self, name: str) -> str:
        """Do what Python does with ``self.__secret`` inside a class."""
        if not name.startswith("__") or name.endswith("__"):
            return name
        owner = next((scope.name for scope in reversed(self._scopes) if isinstance(scope, ast.ClassDef)), "")
        return f"_{owner.lstrip('_')}{name}" if owner.strip("_") else name

    def _check_attribute(self, node: ast.Attribute, loads: bool) -> None:
        name = node.attr
        dunder = name.startswith("__") and not (loads and name in READABLE_DUNDERS)
        if dunder or name in INSPECT_ATTRIBUTES:
            advice = refused.ATTRIBUTES.get(name, "")
            self.refuse(node, f"The attribute {name!r} is not available here.", name=name, advice=advice)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return self.node_contents_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Annotations are never evaluated; only a class keeps them, as text, for ``@dataclass``."""
        in_class = bool(self._scopes) and isinstance(self._scopes[-1], ast.ClassDef)
        if in_class and isinstance(node.target, ast.Name):
            node.target = self.visit(node.target)
            node.value = None if node.value is None else self.visit(node.value)
            return node
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
            name = "." * node.level + (node.module or "")
            self.refuse(node, "Relative imports are not available here.", name=name)
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
        self.check_name(node, node.name)
        node.returns = None
        return self._visit_scope(node)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return self._visit_scope(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Classes are made by ``__metaclass__``, which checks bases and methods."""
        self.check_name(node, node.name)
        if node.keywords:
            advice = "Write `class Name(Base):` without keywords."
            self.refuse(node, "A class has no keywords (metaclass=...) here.", name="metaclass", advice=advice)
            return node
        node.bases = [self.visit(base) for base in node.bases]
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._scopes.append(node)
        visited = [self.visit(statement) for statement in node.body]
        # An import of several names has become several statements.
        node.body = [part for each in visited for part in (each if isinstance(each, list) else [each])]
        self._scopes.pop()
        node.keywords = [_located(ast.keyword("metaclass", ast.Name("__metaclass__", ast.Load())), node)]
        return node

    def _visit_scope(self, node: ast.AST) -> Any:
        self._scopes.append(node)
        visited = self.node_contents_visit(node)
        self._scopes.pop()
        return visited

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        # A bare `except:` catches what a program can raise; the interruption of a run is not among it.
        self.check_name(node, node.name)
        if node.type is None:
            node.type = _located(ast.Name("BaseException", ast.Load()), node)
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
        """``case int(n)`` and ``case Point(x, y)`` read what the class itself names, ``Point(x=0)`` any attribute."""
        if node.kwd_attrs or not isinstance(node.cls, ast.Name):
            advice = "Use the class's plain name without keywords, or isinstance() and if."
            self.refuse(node, "This pattern in `case` is not available here.", name="case", advice=advice)
            return node
        return self.node_contents_visit(node)

    def visit_MatchValue(self, node: Any) -> Any:
        self._check_pattern(node, [node.value])
        return node

    def visit_MatchMapping(self, node: Any) -> Any:
        self._check_pattern(node, node.keys)
        self.check_name(node, node.rest)
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        return node

    def _check_pattern(self, node: ast.AST, values: list[ast.expr]) -> None:
        if any(isinstance(part, ast.Attribute) for value in values for part in ast.walk(value)):
            self.refuse(node, "A dotted name in `case` is not available here.", name="case", advice="Use if and ==.")

    def visit_MatchAs(self, node: Any) -> Any:
        self.check_name(node, node.name)
        return self.node_contents_visit(node)

    visit_MatchStar = visit_MatchAs


def _let_through(self: LessonPolicy, node: ast.AST) -> Any:
    return self.node_contents_visit(node)


_HARMLESS = """
    Assign Assert Call comprehension DictComp For GeneratorExp IfExp ListComp MatMult Match MatchOr MatchSequence
    MatchSingleton match_case NamedExpr Return SetComp Starred Subscript Try With withitem Yield YieldFrom arguments
    keyword
"""
for _name in _HARMLESS.split():
    setattr(LessonPolicy, f"visit_{_name}", _let_through)


def _located(new: Any, old: Any) -> Any:
    """Give a new node, and what it is made of, the place of the old one."""
    copy_locations(new, old)
    return new
