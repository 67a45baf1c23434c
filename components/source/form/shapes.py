"""The shapes of leaves: typed as ``(2, 3)``, filled with readable numbers, worked out through an expression.

Working out knows ``@``, broadcasting and the usual functions; whatever else it meets has an unknown shape, which fits
anything. So it finds less than PyTorch would refuse, and nothing that PyTorch would take.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

from ..names import words
from ..parsing import SourceTooLarge, parse_expression
from . import bare_names
from .expression import Reading

Shape = tuple[int, ...]
_Known = Shape | None

_TYPED = re.compile(r"\(\s*\)|\(\s*\d+\s*,\s*\)|\(\s*\d+(\s*,\s*\d+)+\s*,?\s*\)|\d+(\s*[x×]\s*\d+)+")
_MOST_WRITTEN = 12
_MOST_ELEMENTS = 1_000_000
_MOST_SIZES = 4
_MOST_NAMES = 8
_MOST_OF_PAIRS = 3

_ELEMENTWISE = words(
    """
    abs acos acosh asin asinh atan atanh ceil celu clamp clone contiguous cos cosh cumsum detach double elu erf erfc
    exp exp2 expm1 float floor gelu hardtanh leaky_relu log log10 log1p log2 log_softmax logsigmoid mish neg
    nan_to_num normalize reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh softmax softplus softsign
    sqrt square tan tanh tanhshrink trunc
    """
)
_OF_TWO = words("add atan2 div fmax fmin hypot maximum minimum mul pow sub")
_TO_ONE_NUMBER = words("logsumexp max mean median min norm prod std sum var")
_PRODUCTS = words("dot matmul mm mv")


class ShapesDiffer(ValueError):
    """Two shapes do not go together."""


# --- what is typed, and what it is filled with


def typed_shape(value: str) -> Shape | None:
    """Return the shape that was typed instead of a value: ``(3,)``, ``(2, 3)``, ``()``, ``2x3``; ``None`` for others.

    >>> typed_shape("2 x 3"), typed_shape("(3,)"), typed_shape("3"), typed_shape("[2, 3]")
    ((2, 3), (3,), None, None)
    """
    if len(value) > 100 or not _TYPED.fullmatch(value.strip()):
        return None
    shape = tuple(int(size) for size in re.findall(r"\d+", value))
    return shape if math.prod(shape) <= _MOST_ELEMENTS else None


def filled(shape: Shape, dtype: str, *, random: bool = False) -> str:
    """Return a value of a shape: 1, 2, 3 ... where these are few, else a call; ``random`` asks for ``randn``.

    >>> filled((2, 2), "float32"), filled((3,), "int64"), filled((50,), "float32"), filled((), "float32")
    ('[[1.0, 2.0], [3.0, 4.0]]', '[1, 2, 3]', 'randn(50)', '2.0')
    """
    floating = dtype in bare_names.FLOATING
    count = math.prod(shape)
    if not 0 < count <= _MOST_WRITTEN or random:
        sizes = ", ".join(map(str, shape)) if shape else "()"
        return f"{'randn' if floating and count else 'ones'}({sizes})"
    if not shape:
        return "2.0" if floating else "True" if dtype == "bool" else "2"
    cells = [str(number % 2 == 1) if dtype == "bool" else str(number) for number in range(1, count + 1)]
    if floating:
        cells = [f"{cell}.0" for cell in cells]
    for size in reversed(shape):
        cells = [f"[{', '.join(cells[place : place + size])}]" for place in range(0, len(cells), size)]
    return cells[0]


def shape_of_value(value: str) -> _Known:
    """Return the shape of a leaf's value as typed, ``None`` where it cannot be told."""
    try:
        node = parse_expression(" ".join(value.split()))
    except (SyntaxError, SourceTooLarge):
        return None
    if isinstance(node, ast.Call):
        return _shape_of_call(node)
    return _shape_of_lists(node)


def _shape_of_lists(node: ast.expr) -> _Known:
    level: list[ast.expr] = [node]
    shape: list[int] = []
    while any(isinstance(one, ast.List) for one in level):
        sizes = {len(one.elts) if isinstance(one, ast.List) else -1 for one in level}
        if len(sizes) != 1:
            return None
        shape += sizes
        level = [element for one in level if isinstance(one, ast.List) for element in one.elts]
    return tuple(shape) if all(isinstance(one, ast.Constant | ast.UnaryOp) for one in level) else None


def _shape_of_call(node: ast.Call) -> _Known:
    name = _called(node)
    sizes = [_integers(argument) for argument in node.args]
    if None in sizes or node.keywords or not sizes:
        return _shape_of_lists(node.args[0]) if name == "tensor" and node.args else None
    numbers = [size for several in sizes for size in several or ()]
    if name in {"ones", "rand", "randn", "zeros"}:
        return tuple(numbers)
    if name == "full":
        return tuple(sizes[0] or ())
    if name == "eye":
        return (numbers[0], numbers[-1])
    if name == "tensor":
        return _shape_of_lists(node.args[0])
    return (numbers[-1],) if name == "linspace" or (name == "arange" and len(numbers) == 1) else None


def _integers(node: ast.expr) -> list[int] | None:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    values = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    return [int(value) for value in values if isinstance(value, int | float)] if None not in values else None


# --- which shapes go together


def fitting(reading: Reading, values: Mapping[str, str], names: Sequence[str]) -> dict[str, Shape]:
    """Return shapes for one or two of ``names`` that let an expression be computed, where their values do not.

    Empty where nothing is wrong as far as can be told, and where no such change mends it. The first names are
    changed first.
    """
    shapes = {name: shape_of_value(value) for name, value in values.items()}
    if _fits(reading, shapes):
        return {}
    sizes = list(dict.fromkeys([2, *(size for shape in shapes.values() for size in shape or ()), 3]))[:_MOST_SIZES]
    for changed in _changed(names):
        for chosen in product(*(_candidates(shapes[name], sizes) for name in changed)):
            change = dict(zip(changed, chosen, strict=True))
            if _fits(reading, shapes | change):
                return change
    return {}


def numbers_first(names: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Return the leaves in the order in which a person would change their shapes: numbers, then the last ones."""
    numbers = [name for name in names if shape_of_value(values[name]) == ()]
    return [*numbers, *(name for name in reversed(names) if name not in numbers)]


def _changed(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in names[:_MOST_NAMES])
    yield from combinations(names[:_MOST_OF_PAIRS], 2)


def _candidates(shape: _Known, sizes: Sequence[int]) -> list[Shape]:
    """Return other shapes, those of as many dimensions first."""
    rank = len(shape) if shape else 1
    found = [(), *((size,) for size in sizes), *product(sizes, repeat=2)]
    return sorted((one for one in found if one != shape), key=lambda one: (len(one) != rank, not one))


def _fits(reading: Reading, shapes: Mapping[str, _Known]) -> bool:
    try:
        output_shape(reading, shapes)
    except ShapesDiffer:
        return False
    return True


def output_shape(reading: Reading, shapes: Mapping[str, _Known]) -> _Known:
    """Return the shape of an expression's result, given those of its leaves; ``None`` if it is not known.

    Raises:
        ShapesDiffer: two shapes on the way do not go together.
    """
    scope = dict(shapes) | dict.fromkeys(bare_names.NUMBERS, ())
    result: _Known = None
    for statement in reading.tree.body:
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.expr):
            return None
        result = _shape_through(value, scope)
        if isinstance(statement, ast.AugAssign):
            result = None
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        for target in targets:
            for node in ast.walk(target) if target is not None else ():
                if isinstance(node, ast.Name):
                    scope[node.id] = result if node is target else None
    return result


def _shape_through(root: ast.expr, scope: Mapping[str, _Known]) -> _Known:
    nodes = list(ast.walk(root))
    if any(isinstance(node, ast.Lambda | ast.comprehension) for node in nodes):
        return None
    known: dict[ast.AST, _Known] = {}
    for node in reversed(nodes):  # ast.walk gives parents before their children
        if isinstance(node, ast.expr):
            known[node] = _shape_of(node, known, scope)
    return known[root]


def _shape_of(node: ast.expr, known: Mapping[ast.AST, _Known], scope: Mapping[str, _Known]) -> _Known:
    match node:
        case ast.Constant():
            return ()
        case ast.Name():
            return scope.get(node.id)
        case ast.UnaryOp():
            return known[node.operand]
        case ast.BinOp(op=ast.MatMult()):
            return _product(known[node.left], known[node.right])
        case ast.BinOp():
            return _broadcast(known[node.left], known[node.right])
        case ast.Attribute(attr="T" | "mT"):
            shape = known[node.value]
            return shape[::-1] if shape is not None and len(shape) < 3 else None
        case ast.Call():
            return _shape_of_result(node, known)
    return None


def _shape_of_result(node: ast.Call, known: Mapping[ast.AST, _Known]) -> _Known:
    name = _called(node)
    arguments = list(node.args)
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        arguments.insert(0, node.func.value)
    given = [known.get(argument) for argument in arguments]
    if not given or any(isinstance(argument, ast.Starred) for argument in arguments):
        return None
    if name in _ELEMENTWISE:
        return given[0]
    if name in _TO_ONE_NUMBER:
        return () if len(given) == 1 and not node.keywords else None
    if len(given) < 2:
        return None
    if name in _OF_TWO:
        return _broadcast(given[0], given[1])
    return _product(given[0], given[1]) if name in _PRODUCTS else None


def _is_module(node: ast.expr) -> bool:
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in bare_names.IMPORTS | dict.fromkeys(bare_names.SUBMODULES)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _broadcast(left: _Known, right: _Known) -> _Known:
    if left is None or right is None:
        return None
    length = max(len(left), len(right))
    pairs = zip((1,) * (length - len(left)) + left, (1,) * (length - len(right)) + right, strict=True)
    sizes = []
    for one, other in pairs:
        if one != other and 1 not in (one, other):
            raise ShapesDiffer(f"{left} and {right}")
        sizes.append(other if one == 1 else one)
    return tuple(sizes)


def _product(left: _Known, right: _Known) -> _Known:
    """Return the shape of ``left @ right``."""
    if left is None or right is None:
        return None
    if not left or not right or left[-1] != right[max(len(right) - 2, 0)]:
        raise ShapesDiffer(f"{left} @ {right}")
    batch = _broadcast(left[:-2], right[:-2])
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    return None if batch is None else (*batch, *rows, *columns)
