"""The value of a leaf: what may be typed into the table, how it is written, and what a new row begins with."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import NamedTuple

from ..edits import Edit, SourceText, edited
from ..parsing import SourceTooLarge, parse_expression
from . import bare_names
from .expression import FormError, Reading

MAX_CHARS = 2_000

_ADVICE = "Write a number (2.0), a list ([1.0, 2.0]) or a call such as randn(3, 4), zeros(2), arange(3.), eye(2)."


class _Creation(NamedTuple):
    """The parameters of one of PyTorch's functions; ``data`` are those whose integers would make integer tensors."""

    parameters: frozenset[str] = frozenset()
    data: frozenset[str | int] = frozenset()


_SIZES = _Creation(frozenset({"size"}))
_CREATION = {
    "arange": _Creation(frozenset({"start", "end", "step"}), frozenset({0, 1, 2, "start", "end", "step"})),
    "eye": _Creation(frozenset({"n", "m"})),
    "full": _Creation(frozenset({"size", "fill_value"}), frozenset({1, "fill_value"})),
    "linspace": _Creation(frozenset({"start", "end", "steps"})),
    "ones": _SIZES,
    "rand": _SIZES,
    "randn": _SIZES,
    "tensor": _Creation(frozenset({"data"}), frozenset({0, "data"})),
    "zeros": _SIZES,
}
_VECTORS = {"x": "[1.0, 2.0]"}
_OTHER_VECTOR = "[3.0, 4.0]"
_MATRIX = "[[1.0, 2.0], [3.0, 4.0]]"
_NUMBERS = {"x": "2.0", "w": "3.0"}


def write_tensor(name: str, value: str, *, dtype: str, requires_grad: bool, device: str = "cpu") -> str:
    """Return the call that makes a leaf. Raises FormError with the leaf's name and what to write instead."""
    if dtype not in bare_names.DTYPES:
        raise FormError(f"{name} has the unknown dtype {dtype!r}.", leaf=name, advice="Choose float32 or float64.")
    text, node = _parse(name, value)
    options = [f"dtype=torch.{dtype}"] if dtype != "float32" else []
    options += [f'device="{device}"'] if device != "cpu" else []
    options += ["requires_grad=True"] if requires_grad else []
    if isinstance(node, ast.Call):
        return _write_call(name, text, node, dtype, options)
    written = _write_data(name, text, node, dtype)
    return f"torch.tensor({', '.join([written, *options])})"


def number(value: str) -> float | None:
    """Return the value as a number, ``None`` for lists, calls, text and what is not finite."""
    try:
        node = parse_expression(value.strip()) if len(value) <= 50 else None
        found = ast.literal_eval(node) if node and _is_number(node) and not _is_bool(node) else None
        as_float = float(found) if isinstance(found, int | float) else math.inf
    except (SyntaxError, ValueError, OverflowError, SourceTooLarge):
        return None
    return as_float if math.isfinite(as_float) else None


def number_text(value: float, dtype: str) -> str:
    """Return the shortest text for a slider's number: ``2.0``, or ``2`` for a leaf of integers."""
    if not math.isfinite(value):
        raise ValueError(f"A leaf's number must be finite, not {value}.")
    if dtype not in bare_names.FLOATING and value == int(value):
        return str(int(value))
    text = f"{value:.12g}"
    return text if set(text) & set(".e") else f"{text}.0"


# --- reading what was typed


def _parse(name: str, value: str) -> tuple[SourceText, ast.expr]:
    text = " ".join(value.split())
    if len(value) > MAX_CHARS:
        message = f"The value of {name} has {len(value):,} characters; {MAX_CHARS:,} are allowed."
        raise FormError(message, leaf=name, advice="A call such as randn(3, 4) makes a large tensor.")
    if not text:
        raise FormError(f"{name} has no value.", leaf=name, advice=_ADVICE)
    if text[0] in "+-" and text[1:2] in ("+", "-"):
        raise _wrong(name, text)
    try:
        return SourceText(text), parse_expression(text)
    except (SyntaxError, SourceTooLarge):
        raise _wrong(name, text) from None


def _wrong(name: str, text: str) -> FormError:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return FormError(f"The value of {name} cannot be read: “{shown}”.", leaf=name, advice=_ADVICE)


def _is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
        return not _is_bool(node) and isinstance(node, ast.Constant) and _is_number(node)
    return isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | complex)


def _numbers(name: str, text: SourceText, root: ast.expr, lists: tuple[type[ast.expr], ...]) -> Iterator[ast.expr]:
    """Yield the numbers of nested lists; raises FormError at anything else."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.List | ast.Tuple) and isinstance(node, lists):
            stack += node.elts
        elif _is_number(node):
            yield node
        else:
            raise _wrong(name, text.source)


# --- writing it


def _write_data(name: str, text: SourceText, node: ast.expr, dtype: str) -> str:
    edits = _float_edits(name, text, list(_numbers(name, text, node, (ast.List,))), dtype)
    return edited(text.source, edits, text.start(node), text.end(node))


def _write_call(name: str, text: SourceText, node: ast.Call, dtype: str, options: list[str]) -> str:
    function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    prefix = node.func.value if isinstance(node.func, ast.Attribute) else None
    torch_prefix = prefix is None or (isinstance(prefix, ast.Name) and prefix.id == "torch")
    if function not in _CREATION or not torch_prefix:
        raise _wrong(name, text.source)
    if not node.args and not node.keywords:
        raise FormError(f"{function}() of {name} needs a size.", leaf=name, advice=f"Write {_with_size(function)}.")
    edits: list[Edit] = []
    arguments: list[tuple[int | str, ast.expr]] = list(enumerate(node.args))
    arguments += [(keyword.arg or "", keyword.value) for keyword in node.keywords]
    for key, argument in arguments:
        _check_keyword(name, text, function, key)
        found = list(_numbers(name, text, argument, (ast.List, ast.Tuple)))
        if key in _CREATION[function].data:
            edits += _float_edits(name, text, found, dtype)
    body = edited(text.source, edits, text.start(node), text.end(node) - 1).rstrip().removesuffix(",")
    dot = "" if isinstance(node.func, ast.Attribute) else "torch."
    return f"{dot}{', '.join([body, *options])})"


def _with_size(function: str) -> str:
    sized = {
        "arange": "arange(3.)",
        "full": "full((2, 2), 3.)",
        "linspace": "linspace(0, 1, 5)",
        "tensor": "tensor(2.0)",
    }
    return sized.get(function, f"{function}(2)")


def _check_keyword(name: str, text: SourceText, function: str, key: str | int) -> None:
    if key in ("requires_grad", "dtype"):
        message = f"{key} of {name} has a column of its own."
        raise FormError(message, leaf=name, advice=f"Leave {key} out of the value.")
    if isinstance(key, str) and key not in _CREATION[function].parameters:
        raise _wrong(name, text.source)


def _float_edits(name: str, text: SourceText, numbers: list[ast.expr], dtype: str) -> list[Edit]:
    """Return what turns integers into floats, where the leaf's dtype is a floating one."""
    edits = []
    for node in numbers:
        constant = node.operand if isinstance(node, ast.UnaryOp) else node
        value = constant.value if isinstance(constant, ast.Constant) else None
        if (isinstance(value, bool) and dtype != "bool") or (isinstance(value, complex) and "complex" not in dtype):
            raise _wrong(name, text.source)
        if isinstance(value, int) and not isinstance(value, bool) and dtype in bare_names.FLOATING:
            edits.append(_as_float(name, text, constant, value))
    return edits


def _as_float(name: str, text: SourceText, node: ast.expr, value: int) -> Edit:
    if text.text(node).replace("_", "").isdecimal():
        return text.behind(node, ".0")
    try:
        return text.instead(node, repr(float(value)))
    except OverflowError:
        raise _wrong(name, text.source) from None


# --- what a new row begins with, so that the expression runs before a value is typed


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
