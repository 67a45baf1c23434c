"""Edits that several rules propose: adding a keyword to a call, dropping a method, making a leaf require grad."""

from __future__ import annotations

import ast

from ..trace import Tensor
from .situation import Situation, called
from .source import Statement

_FACTORIES = frozenset(
    {
        "tensor",
        "ones",
        "zeros",
        "full",
        "rand",
        "randn",
        "empty",
        "arange",
        "linspace",
        "logspace",
        "eye",
        "normal",
        "ones_like",
        "zeros_like",
        "full_like",
        "rand_like",
        "randn_like",
    }
)
_SIMPLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.Tuple, ast.List)


def with_keyword(statement: Statement, call: ast.Call, keyword: str, value: str) -> tuple[ast.AST, str]:
    """Return the change that sets a keyword argument of a call."""
    for given in call.keywords:
        if given.arg == keyword:
            return given.value, value
    inside = statement.text(call)[:-1].rstrip().removesuffix(",")
    separator = ", " if call.args or call.keywords else ""
    return call, f"{inside}{separator}{keyword}={value})"


def without_keyword(statement: Statement, call: ast.Call, keyword: str) -> tuple[ast.AST, str]:
    """Return the change that takes a keyword argument out of a call."""
    kept = [statement.text(given) for given in (*call.args, *call.keywords) if getattr(given, "arg", None) != keyword]
    return call, f"{statement.text(call.func)}({', '.join(kept)})"


def operand(statement: Statement, node: ast.AST) -> str:
    """Return a node's text, in parentheses where a method can not be called on it as it stands."""
    text = statement.text(node)
    return text if isinstance(node, _SIMPLE) else f"({text})"


def head(statement: Statement, call: ast.Call) -> str:
    """Return ``(x * 2)`` for ``(x * 2).backward()``, with its parentheses."""
    assert isinstance(call.func, ast.Attribute)
    return statement.text(call.func)[: -len(call.func.attr)].rstrip().removesuffix(".").rstrip()


def factory_call(statement: Statement | None) -> ast.Call | None:
    """Return the call that makes a new tensor, if that is all that the statement assigns."""
    assign = assigned(statement)
    call = assign.value if assign is not None else None
    return call if isinstance(call, ast.Call) and called(call) in _FACTORIES else None


def assigned(statement: Statement | None) -> ast.Assign | None:
    """Return the assignment to one plain name that the statement consists of."""
    assigns = [node for node in statement.nodes if isinstance(node, ast.Assign)] if statement is not None else []
    if len(assigns) != 1 or len(assigns[0].targets) != 1 or not isinstance(assigns[0].targets[0], ast.Name):
        return None
    return assigns[0]


def requiring_grad(situation: Situation, name: str, tensor: Tensor) -> str | None:
    """Return the hint that makes a variable a leaf with ``requires_grad=True`` where it is made."""
    statement = situation.assignment(name)
    call = factory_call(statement)
    if statement is None or call is None:
        return None
    change = with_keyword(statement, call, "requires_grad", "True")
    if not is_floating(tensor):
        return situation.hint_at(statement, with_float_dtype(situation, statement, call, requires_grad=True))
    return situation.hint_at(statement, change)


def with_float_dtype(
    situation: Situation, statement: Statement, call: ast.Call, *, requires_grad: bool
) -> tuple[ast.AST, str]:
    """Return the change that makes a factory's tensor ``float32``: ``2`` becomes ``2.0``, anything else gets a dtype."""
    text = statement.text(call)
    first = call.args[0] if len(call.args) == 1 else None
    others = {given.arg for given in call.keywords}
    if (
        isinstance(first, ast.Constant)
        and type(first.value) is int
        and called(call) == "tensor"
        and "dtype" not in others
    ):
        text = text.replace(statement.text(first), f"{first.value}.0", 1)
    elif "dtype" in others:
        dtype = next(given for given in call.keywords if given.arg == "dtype")
        text = text.replace(statement.text(dtype.value), f"{situation.torch}.float32", 1)
    else:
        text = f"{text[:-1].rstrip().removesuffix(',')}, dtype={situation.torch}.float32)"
    if requires_grad and "requires_grad" not in others:
        text = f"{text[:-1]}, requires_grad=True)"
    return call, text


def is_floating(tensor: Tensor) -> bool:
    """Whether a tensor's numbers can have gradients."""
    return tensor.dtype.startswith(("float", "bfloat", "complex"))
