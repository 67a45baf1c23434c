"""Which parts of an expression are plain numbers: ``sqrt(2*pi)`` is one, and ``torch.sqrt`` would not take it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import form_names

_FUNCTIONS = form_names.MATH | form_names.OF_NUMBERS | {"float", "int"}


def number_nodes(root: ast.expr, numbers: set[str], bound: set[str]) -> set[ast.AST]:
    """Return the nodes of an expression whose value is a number and never a tensor.

    ``numbers`` are the assigned names that stand for numbers, ``bound`` all the assigned names.
    """
    nodes = list(ast.walk(root))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = (numbers | (form_names.NUMBERS.keys() - bound)) - own
    found: set[ast.AST] = set()
    for node in reversed(nodes):  # ast.walk gives parents before their children
        if _is_number(node, found, names, bound | own):
            found.add(node)
    return found


def _is_number(node: ast.AST, found: set[ast.AST], names: set[str], bound: set[str]) -> bool:
    check: Callable[[Any], bool] | None = {
        ast.Constant: lambda node: type(node.value) in (int, float),
        ast.Name: lambda node: node.id in names,
        ast.UnaryOp: lambda node: isinstance(node.op, ast.USub | ast.UAdd) and node.operand in found,
        ast.BinOp: lambda node: not isinstance(node.op, ast.MatMult) and {node.left, node.right} <= found,
        ast.Attribute: lambda node: _in_module(node) and node.attr in {*form_names.NUMBERS, "tau"},
        ast.Call: lambda node: _is_number_call(node, found, bound),
    }.get(type(node))
    return check is not None and check(node)


def _is_number_call(node: ast.Call, found: set[ast.AST], bound: set[str]) -> bool:
    if isinstance(node.func, ast.Name):
        known = node.func.id in _FUNCTIONS - bound
    else:
        known = isinstance(node.func, ast.Attribute) and _in_module(node.func, {"math"})
    return known and bool(node.args) and not node.keywords and found.issuperset(node.args)


def _in_module(node: ast.Attribute, modules: frozenset[str] | set[str] = frozenset({"math", "torch"})) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in modules
