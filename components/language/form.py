"""The Playground's form: what a person fills in instead of writing a program.

A form is plain data (it can stand in a link); ``form_writer`` turns it into the program that runs. Knows no torch.
"""

from __future__ import annotations

import ast
import keyword
import re

import msgspec

MODULE_NAMES = frozenset({"torch", "F", "nn", "math"})
CONSTANTS = frozenset({"pi", "e"})
# What may stand bare in an expression: written as torch.<name>.
FUNCTIONS = frozenset(
    [
        "abs",
        "acos",
        "acosh",
        "arange",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cat",
        "ceil",
        "clamp",
        "cos",
        "cosh",
        "cross",
        "cumprod",
        "cumsum",
        "det",
        "diag",
        "dot",
        "einsum",
        "erf",
        "exp",
        "expm1",
        "eye",
        "flatten",
        "floor",
        "full",
        "inner",
        "inverse",
        "kron",
        "lerp",
        "linspace",
        "log",
        "log10",
        "log1p",
        "log2",
        "logsumexp",
        "matmul",
        "max",
        "maximum",
        "mean",
        "median",
        "min",
        "minimum",
        "mm",
        "mul",
        "mv",
        "neg",
        "norm",
        "ones",
        "ones_like",
        "outer",
        "pow",
        "prod",
        "rand",
        "randn",
        "reciprocal",
        "relu",
        "reshape",
        "round",
        "rsqrt",
        "sigmoid",
        "sign",
        "sin",
        "sinh",
        "softmax",
        "sqrt",
        "square",
        "stack",
        "std",
        "sub",
        "sum",
        "tan",
        "tanh",
        "tensor",
        "trace",
        "transpose",
        "tril",
        "triu",
        "var",
        "where",
        "zeros",
        "zeros_like",
    ]
)
_FIRST_VALUES = {"x": "2.0", "w": "3.0", "b": "1.0"}
_LONGEST = 2_000


class FormError(ValueError):
    """What was typed cannot become a program; the message says where and what to write."""


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of the leaf table; ``value`` is a number, a list of numbers or a call such as ``randn(3, 4)``."""

    name: str
    value: str = "1.0"
    requires_grad: bool = True
    dtype: str = "float32"


class Backward(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="backward"):
    """One press of Backward."""

    retain_graph: bool = False
    create_graph: bool = False


class ZeroGrad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="zero_grad"):
    """One press of Zero grad."""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An expression, its leaves, and what was pressed, in order."""

    expression: str
    leaves: tuple[Leaf, ...] = ()
    actions: tuple[Backward | ZeroGrad, ...] = ()
    no_grad: bool = False


def parsed(expression: str) -> ast.Module:
    """Parse an expression of one or more lines.

    Raises:
        FormError: it is empty, too long, no Python, or more than assignments and expressions.
    """
    if not expression.strip():
        raise FormError("Type an expression, for example sin(x*w) + x**2.")
    if len(expression) > _LONGEST:
        raise FormError(f"The expression has {len(expression):,} characters; {_LONGEST:,} are allowed here.")
    try:
        tree = ast.parse(expression)
    except SyntaxError as error:
        raise FormError(f"Line {error.lineno} of the expression: {error.msg}.") from None
    except (RecursionError, MemoryError, ValueError):
        raise FormError("The expression is nested too deeply.") from None
    for statement in tree.body:
        if not isinstance(statement, ast.Assign | ast.Expr):
            raise FormError(
                f"Line {statement.lineno} of the expression: only expressions and assignments can stand here. "
                "Use the Code page for anything else."
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            raise FormError(f"Line {node.lineno} of the expression: write ** for a power; ^ is a bitwise operation.")
    return tree


def free_names(expression: str) -> list[str]:
    """Return the names that need a value, in order of appearance. Raises ``FormError``."""
    names: list[str] = []
    assigned: set[str] = set()
    for statement in parsed(expression).body:
        called = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
        found = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
            known = node.id in MODULE_NAMES | CONSTANTS | assigned or (id(node) in called and node.id in FUNCTIONS)
            if id(node) in called and not known:
                raise FormError(_unknown_function(node.id, node.lineno))
            if isinstance(node.ctx, ast.Load) and not known and node.id not in names:
                names.append(node.id)
        assigned |= {node.id for node in found if isinstance(node.ctx, ast.Store)}
    return names


def _unknown_function(name: str, line: int) -> str:
    from components.language.suggestions import nearest

    near = nearest(name, FUNCTIONS)
    hint = f" Did you mean {near}?" if near else " Write torch.<name>(...) or a method such as x.sum()."
    return f"Line {line} of the expression: there is no function {name}.{hint}"


def leaf_rows(expression: str, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """Return a row for each free name: the row that was there, or a new one. Raises ``FormError``."""
    before = {leaf.name: leaf for leaf in leaves}
    return tuple(
        before.get(name) or Leaf(name=name, value=_FIRST_VALUES.get(name, "1.0")) for name in free_names(expression)
    )


def check_name(name: str) -> None:
    """Raise ``FormError`` if a leaf cannot have this name."""
    if not name.isidentifier() or keyword.iskeyword(name) or name in MODULE_NAMES:
        raise FormError(f"{name!r} cannot be the name of a leaf.")


def scalar_value(leaf: Leaf) -> float | None:
    """Return the leaf's number, ``None`` if it is no single number."""
    if not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", leaf.value):
        return None
    return float(leaf.value)


def with_scalar(leaf: Leaf, value: float) -> Leaf:
    """Return the leaf with another number."""
    return msgspec.structs.replace(leaf, value=f"{value:.6g}")
