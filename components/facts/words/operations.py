"""Which operation of PyTorch an expression is: the names of the node that it makes, and what goes into each slot.

Only what is written says so; whether the graph agrees is for the matching to see.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ...source.names import words

_BINARY = {
    ast.Add: ("Add",),
    ast.Sub: ("Sub",),
    ast.Mult: ("Mul",),
    ast.Div: ("Div",),
    ast.FloorDiv: ("Div",),
    ast.Mod: ("Remainder",),
    ast.Pow: ("Pow",),
    ast.MatMult: ("Mm", "Mv", "Dot", "Bmm"),
}
_ATTRIBUTES = {"T": ("T", "Permute", "Transpose"), "mT": ("Transpose",), "H": ("T", "Transpose"), "real": ("Real",)}
# Names of functions whose nodes are named otherwise.
_NAMES = {
    "absolute": ("Abs",),
    "adjoint": ("Transpose",),
    "bce_loss": ("BinaryCrossEntropy",),
    "clip": ("Clamp",),
    "concat": ("Cat",),
    "conv1d": ("Convolution",),
    "conv2d": ("Convolution",),
    "conv3d": ("Convolution",),
    "divide": ("Div",),
    "expand_as": ("Expand",),
    "flatten": ("View", "UnsafeView", "ReshapeAlias"),
    "reshape": ("View", "UnsafeView", "ReshapeAlias"),
    "exp2": ("Exp2",),
    "log10": ("Log10",),
    "log1p": ("Log1P",),
    "log2": ("Log2",),
    "matmul": ("Mm", "Mv", "Dot", "Bmm"),
    "max": ("Max", "Maximum"),
    "min": ("Min", "Minimum"),
    "multiply": ("Mul",),
    "negative": ("Neg",),
    "prelu": ("PreluKernel",),
    "selu": ("Elu",),
    "square": ("Pow",),
    "subtract": ("Sub",),
    "swapaxes": ("Transpose",),
    "layer_norm": ("NativeLayerNorm",),
    "batch_norm": ("NativeBatchNorm",),
    "group_norm": ("NativeGroupNorm",),
    "atan2": ("Atan2",),
    "arctan2": ("Atan2",),
    "norm": ("LinalgVectorNorm",),
    "vector_norm": ("LinalgVectorNorm",),
    "t": ("T", "Transpose"),
    "transpose": ("Transpose",),
    "unbind": ("Unbind",),
}
# Which arguments have the slots, the tensor of a method counted as the first, where these are not all from the first.
_SLOTS = {
    "where": (1, 2),
    "masked_fill": (0, 2),
    "index_add": (0, 3),
    "index_copy": (0, 3),
    "scatter": (0, 3),
    "scatter_add": (0, 3),
    "embedding": (1,),
    "layer_norm": (0, 2, 3),
    "batch_norm": (0, 3, 4),
    "group_norm": (0, 2, 3),
    "gather": (0,),
    "index_select": (0,),
    "nll_loss": (0,),
    "dropout": (0,),
}
# The last node of what is made of several.
_COMPOSED = {
    "@": ("UnsafeView", "View", "Squeeze"),
    "matmul": ("UnsafeView", "View", "Squeeze"),
    "linear": ("Addmm", "Mm", "Mv", "View", "UnsafeView", "Add"),
    "cross_entropy": ("NllLoss", "NllLoss2D"),
}
# What may hand on the very tensor that it was given.
_PASSING = words("bfloat16 contiguous cpu cuda double dropout float half requires_grad_ to type type_as")
# Nodes of what is in brackets behind a tensor.
VIEWS = ("Select", "Slice", "Index", "Unsqueeze", "Alias")
# Functions of several tensors, of which one may be a number: in others a number is a dimension or the like.
_OF_TWO = words(
    """
    add addcdiv addcmul atan2 div divide float_power fmod lerp mul multiply pow remainder sub subtract true_divide where
    xlogy
    """
)
_LISTED = ("cat", "concat", "stack")
# What gives no tensor that a gradient flows through.
_CUT = words(
    """
    all any argmax argmin argsort bool data_ptr detach dim eq equal ge gt int is_contiguous isfinite isinf isnan
    item le long lt ne ndimension nelement new_ones new_zeros no_grad numel numpy one_hot ones ones_like rand rand_like
    randint randn randn_like randperm shape size stride tolist zeros zeros_like
    """
)
# What gives the results of the program's own functions, or of the engine.
_CALLERS = ("torch.autograd.", "torch.func.", "torch.utils.", "torch.vmap", "torch.compile")
_CUT_ATTRIBUTES = frozenset({"data", "device", "dtype", "is_leaf", "ndim", "requires_grad", "shape"})

Slots = tuple[ast.expr | None, ...]


@dataclass(frozen=True)
class Way:
    """One way in which an expression is made by a node: the names it may have, and the expressions in its slots.

    ``alone`` says that the node has no edge but these; ``inner`` is a node below the first slot that is made with it.
    """

    names: tuple[str, ...]
    slots: Slots
    alone: bool = False
    inner: str = ""


@dataclass(frozen=True)
class Operation:
    """``kind``: ``torch`` is a function or method of PyTorch, ``call`` another call, ``cut`` gives nothing tracked.

    ``ways`` are the ways known to come about by one node, ``last`` the names of the last node where there are more;
    ``arguments`` are all expressions that go in; ``passes`` says that the first may come out as it is.
    """

    kind: Literal["torch", "call", "cut"]
    arguments: tuple[ast.expr, ...]
    ways: tuple[Way, ...] = ()
    callee: str = ""
    last: tuple[str, ...] = ()
    passes: bool = False

    @property
    def results(self) -> frozenset[str]:
        """The names that the node may have which gives the value."""
        return frozenset(self.last).union(*(way.names for way in self.ways))


def operation(expression: ast.expr, full_name: Callable[[ast.AST], str]) -> Operation | None:
    """Return what an expression computes, ``None`` where it only names something, or is too much to follow."""
    if isinstance(expression, ast.BinOp):
        return _binary(expression.op, expression.left, expression.right)
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        return Operation("torch", (expression.operand,), (Way(("Neg",), (expression.operand,)),))
    if isinstance(expression, ast.Compare | ast.UnaryOp):
        children = ast.iter_child_nodes(expression)
        return Operation("cut", tuple(child for child in children if isinstance(child, ast.expr)))
    if isinstance(expression, ast.Subscript):
        return Operation("torch", (expression.value,), last=VIEWS)
    if isinstance(expression, ast.Attribute):
        return _attribute(expression, full_name)
    return _call(expression, full_name) if isinstance(expression, ast.Call) else None


def updated(statement: ast.AugAssign) -> Operation | None:
    """Return the operation of ``x += y``."""
    if not isinstance(statement.target, ast.Name):
        return None
    old = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement.target)
    return _binary(statement.op, old, statement.value)


def base(name: str) -> str:
    """Return ``Mul`` for ``MulBackward0``."""
    return name.partition("Backward")[0]


def element_nodes(expression: ast.Subscript) -> tuple[tuple[str, ...], ...] | None:
    """Return the names that the nodes of ``x[...]`` may have, the last first; ``None`` where that is not clear.

    >>> element_nodes(ast.parse("x[:, 0, 1:]", mode="eval").body)
    (('Slice',), ('Select',))
    """
    index = expression.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    names = [_of_part(part) for part in parts if not _is_whole(part)]
    if len(names) > 1 and VIEWS in names:
        return None
    return tuple(reversed(names)) or (("Alias", "Slice"),)


def _of_part(part: ast.expr) -> tuple[str, ...]:
    if isinstance(part, ast.Slice):
        return ("Slice",)
    number = part.operand if isinstance(part, ast.UnaryOp) else part
    if isinstance(number, ast.Constant):
        return ("Unsqueeze",) if number.value is None else ("Select",) if isinstance(number.value, int) else VIEWS
    return ("Index",) if isinstance(part, ast.List | ast.Compare) else VIEWS


def _is_whole(part: ast.expr) -> bool:
    """``:`` and ``...``, which take all."""
    if isinstance(part, ast.Slice):
        return part.lower is part.upper is part.step is None
    return isinstance(part, ast.Constant) and part.value is Ellipsis


def _binary(sign: ast.operator, left: ast.expr, right: ast.expr) -> Operation | None:
    names = _BINARY.get(type(sign))
    if names is None:
        return None
    ways = [Way(names, (left, right))]
    if isinstance(sign, ast.Add | ast.Mult):
        ways.append(Way(names, (right, left), alone=True))
    elif isinstance(sign, ast.Sub):
        ways.append(Way(("Rsub",), (right,)))
    elif isinstance(sign, ast.Div):
        ways.append(Way(("Mul",), (right,), alone=True, inner="Reciprocal"))
    elif isinstance(sign, ast.Pow):
        ways.append(Way(names, (right,), alone=True))
    last = _COMPOSED["@"] if isinstance(sign, ast.MatMult) else ()
    return Operation("torch", (left, right), tuple(ways), last=last)


def _attribute(expression: ast.Attribute, full_name: Callable[[ast.AST], str]) -> Operation | None:
    if expression.attr in _ATTRIBUTES:
        way = Way(_ATTRIBUTES[expression.attr], (expression.value,))
        return Operation("torch", (expression.value,), (way,))
    if expression.attr in _CUT_ATTRIBUTES and not full_name(expression):
        return Operation("cut", (expression.value,))
    return None


def _call(call: ast.Call, full_name: Callable[[ast.AST], str]) -> Operation:
    function, known = call.func, full_name(call.func)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    foreign = known and (not known.startswith("torch.") or known.startswith(_CALLERS))
    if foreign or not isinstance(function, ast.Attribute | ast.Name):
        return Operation("call", tuple(_opened(given)))
    name = function.attr if isinstance(function, ast.Attribute) else known.rpartition(".")[2] or function.id
    places: list[ast.expr] = list(call.args)
    if not known and isinstance(function, ast.Attribute):
        places, given = [function.value, *places], [function.value, *given]
    if not known and isinstance(function, ast.Name):
        return Operation("call", tuple(_opened(given)), callee=name)
    if name in _CUT:
        return Operation("cut", tuple(_opened(given)))
    plain = name.rstrip("_") if not name.endswith("__") else name
    if plain in _LISTED and places and isinstance(places[0], ast.List | ast.Tuple):
        places = list(places[0].elts)
    spread = next((at for at, place in enumerate(places) if isinstance(place, ast.Starred)), len(places))
    slots: list[ast.expr | None] = [*places[:spread]]
    if plain in _SLOTS:
        slots = [places[at] if at < spread else None for at in _SLOTS[plain]]
    if plain not in _OF_TWO:
        slots = [*slots[:1], *(None if isinstance(one, ast.Constant) else one for one in slots[1:])]
    ways = (Way((*_NAMES.get(plain, ()), _camel(plain)), tuple(slots)),)
    return Operation(
        "torch",
        tuple(_opened(given)),
        ways,
        callee="" if known else name,
        last=_COMPOSED.get(plain, ()),
        passes=name in _PASSING,
    )


def _opened(given: list[ast.expr]) -> Iterator[ast.expr]:
    """The expressions in lists and behind stars."""
    for one in given:
        if isinstance(one, ast.List | ast.Tuple):
            yield from _opened(one.elts)
        else:
            yield one.value if isinstance(one, ast.Starred) else one


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
