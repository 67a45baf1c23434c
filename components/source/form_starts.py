"""What a new row of the table begins with, so that the expression runs before a value is typed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .form_expression import Reading

_VECTORS = {"x": "[1.0, 2.0]"}
_OTHER_VECTOR = "[3.0, 4.0]"
_MATRIX = "[[1.0, 2.0], [3.0, 4.0]]"
_NUMBERS = {"x": "2.0", "w": "3.0"}


def starting_value(name: str, reading: Reading) -> str:
    """Return what a new row begins with: a number, or a vector or matrix where the expression asks for one."""
    matrices, vectors = _shapes(reading)
    if name in matrices:
        return _MATRIX
    if name in vectors:
        return _VECTORS.get(name, _OTHER_VECTOR)
    return _NUMBERS.get(name, "1.0")


def _shapes(reading: Reading) -> tuple[set[str], set[str]]:
    """Return the free names that should begin as matrices and as vectors, so that ``tanh(x @ w1) @ w2`` runs.

    A name with a capital letter is a matrix on either side of ``@``; so is the weight of a product that goes on into
    another product. Everything else beside ``@``, and what is indexed, is a vector.
    """
    products = [node for node in ast.walk(reading.tree) if _is_product(node)]
    inner = {id(node) for product in products for node in _inside(product)}
    going_on = {node.id for product in products for node in _inside(product) if isinstance(node, ast.Name)}
    matrices: set[str] = set()
    vectors: set[str] = set()
    for statement in reading.tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        used_later = isinstance(target, ast.Name) and target.id in going_on
        for node in ast.walk(statement):
            if isinstance(node, ast.BinOp) and _is_product(node):
                names = [side.id for side in (node.left, node.right) if isinstance(side, ast.Name)]
                vectors.update(names)
                matrices.update(name for name in names if name[0].isupper())
                if (used_later or id(node) in inner) and names and not matrices.intersection(names):
                    matrices.add(_weight(names))
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                vectors.add(node.value.id)
            elif isinstance(node, ast.Attribute) and node.attr in {"T", "mT"} and isinstance(node.value, ast.Name):
                matrices.add(node.value.id)
    return matrices, vectors


def _is_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _inside(product: ast.AST) -> Iterator[ast.AST]:
    nodes = ast.walk(product)
    next(nodes)
    return nodes


def _weight(names: list[str]) -> str:
    """Of the names beside one ``@``, the one to make a matrix: the one that begins with w, or else the right one."""
    weights = [name for name in names if name.startswith("w")]
    return weights[0] if len(weights) == 1 else names[-1]
