"""Derivatives of formulas, within a budget.

Formulas are walked without recursion and each part that they share is differentiated once, so that the time can be
watched and Python's stack is no limit.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable

import numpy as np
import sympy

from . import functions
from .arrays import Expr, Symbols, elements, parts_first
from .budget import Budget, FormulaLimits, Refused, never
from .functions import HALF, ONE, TWO, ZERO, applied, logarithm, power, total
from .symbolic_form import NoForm, SymbolicForm
from .tidy import compact, neat

# A matrix of derivatives may have that many times the operations of one formula.
_MATRIX = 10


def _one_less_square(x: Expr) -> Expr:
    return ONE - power(x, TWO)


def _of_base(base: Expr, exponent: Expr) -> Expr:
    """SymPy does not see that ``x * x**(x - 1)`` is ``x**x``."""
    if exponent.is_Number:
        return exponent * power(base, exponent - ONE)
    return exponent * power(base, exponent) * power(base, -ONE)


# Function -> the derivative by each argument, from all arguments. Written out, since SymPy's own look for identities on
# the way, which can take it seconds on a long argument.
RULES: dict[Expr, tuple[Callable[..., Expr], ...]] = {
    sympy.exp: (lambda x: applied(sympy.exp, x),),
    sympy.log: (lambda x: power(x, -ONE),),
    sympy.sin: (lambda x: applied(sympy.cos, x),),
    sympy.cos: (lambda x: -applied(sympy.sin, x),),
    sympy.tan: (lambda x: ONE + power(applied(sympy.tan, x), TWO),),
    sympy.asin: (lambda x: power(_one_less_square(x), -HALF),),
    sympy.acos: (lambda x: -power(_one_less_square(x), -HALF),),
    sympy.atan: (lambda x: power(ONE + power(x, TWO), -ONE),),
    sympy.sinh: (lambda x: applied(sympy.cosh, x),),
    sympy.cosh: (lambda x: applied(sympy.sinh, x),),
    sympy.tanh: (lambda x: _one_less_square(applied(sympy.tanh, x)),),
    sympy.asinh: (lambda x: power(ONE + power(x, TWO), -HALF),),
    sympy.acosh: (lambda x: power(power(x, TWO) - ONE, -HALF),),
    sympy.atanh: (lambda x: power(_one_less_square(x), -ONE),),
    sympy.erf: (lambda x: TWO * applied(sympy.exp, -power(x, TWO)) / sympy.sqrt(sympy.pi),),
    sympy.erfc: (lambda x: -TWO * applied(sympy.exp, -power(x, TWO)) / sympy.sqrt(sympy.pi),),
    sympy.erfinv: (lambda x: HALF * sympy.sqrt(sympy.pi) * applied(sympy.exp, power(applied(sympy.erfinv, x), TWO)),),
    sympy.loggamma: (lambda x: sympy.polygamma(0, x),),
    sympy.polygamma: (lambda n, x: ZERO, lambda n, x: sympy.polygamma(n + 1, x)),
    sympy.Abs: (functions.Sign,),
    sympy.sign: (lambda x: ZERO,),
    functions.Absolute: (functions.Sign,),
    functions.Sign: (lambda x: ZERO,),
    functions.Relu: (functions.Step,),
    functions.Step: (lambda x: ZERO,),
    functions.Larger: (functions.Ahead, lambda x, y: functions.Ahead(y, x)),
    functions.Smaller: (lambda x, y: functions.Ahead(y, x), functions.Ahead),
    functions.Ahead: (lambda x, y: ZERO, lambda x, y: ZERO),
    functions.Angle: (
        lambda y, x: x * power(x**2 + y**2, -ONE),
        lambda y, x: -y * power(x**2 + y**2, -ONE),
    ),
    sympy.Pow: (
        _of_base,
        lambda base, exponent: power(base, exponent) * logarithm(base),
    ),
}


class Presence:
    """Knows which symbols each part of a formula has in it, as bits of an integer."""

    def __init__(self, symbols: list[Expr]) -> None:
        self._known: dict[Expr, int] = {symbol: 1 << place for place, symbol in enumerate(symbols)}

    def bits(self, expr: Expr) -> int:
        """Return a number whose bits are set for the symbols in the formula."""
        for node in parts_first(expr, self._known.__contains__):
            self._known[node] = functools.reduce(operator.or_, (self._known[part] for part in node.args), 0)
        return self._known[expr]


class Differentiator:
    """Differentiates formulas by one symbol.

    Raises:
        Refused: over budget.
    """

    def __init__(self, symbol: Expr, presence: Presence, budget: Budget) -> None:
        self._presence, self._budget = presence, budget
        self._bit = presence.bits(symbol)
        self._known: dict[Expr, Expr] = {symbol: ONE}

    def derivative(self, expr: Expr) -> Expr:
        """Return the derivative of one formula."""
        for node in parts_first(expr, self._is_known):
            self._budget.tick()
            self._known[node] = found = self._of_parts(node)
            self._budget.admit_work(self._budget.size(found))
        return self._known.get(expr, ZERO)

    def _is_known(self, expr: Expr) -> bool:
        return expr in self._known or not self._presence.bits(expr) & self._bit

    def _of_parts(self, node: Expr) -> Expr:
        inner = [self._known.get(part, ZERO) for part in node.args]
        if node.is_Add:
            return total(inner)
        if node.is_Mul:
            return total([sympy.Mul(*_with(node.args, at, part)) for at, part in enumerate(inner) if part != 0])
        rules = RULES.get(node.func)
        if rules is None:
            raise Refused(f"The derivative of {node.func.__name__} is not known here.")
        return total([rule(*node.args) * part for rule, part in zip(rules, inner, strict=True) if part != 0])


def _with(arguments: tuple[Expr, ...], at: int, part: Expr) -> list[Expr]:
    return [*arguments[:at], part, *arguments[at + 1 :]]


def nth_derivatives(
    form: SymbolicForm,
    order: int,
    *,
    limits: FormulaLimits = FormulaLimits(),
    should_stop: Callable[[], bool] = never,
) -> list[Expr]:
    """Return f', f'', ... up to ``order``, for a function of one number that gives one number.

    The list is shorter where the next derivative would pass the limits or the time.

    Raises:
        ValueError: there is more than one symbol or more than one output.
    """
    symbols = _symbols(form, None)
    if len(symbols) != 1 or form.outputs.size != 1:
        raise ValueError("nth_derivatives takes a function of one number that gives one number")
    budget = Budget(limits, should_stop)
    last, found = next(elements(form.outputs)), []
    with contextlib.suppress(Refused):
        for _ in range(order):
            last = compact(Differentiator(symbols[0], Presence(symbols), budget).derivative(last), budget)
            found.append(last)
    return found


def jacobian(
    form: SymbolicForm,
    wanted: list[int] | None = None,
    *,
    limits: FormulaLimits = FormulaLimits(),
    should_stop: Callable[[], bool] = never,
) -> Symbols | NoForm:
    """Return the derivative of each output element (rows) by each element of the wanted inputs (columns).

    ``wanted`` are positions of inputs, ``None`` all; inputs that hold no floating-point numbers have no columns.
    """
    return _matrix(list(elements(form.outputs)), _symbols(form, wanted), Budget(limits, should_stop))


def hessian(
    form: SymbolicForm,
    wanted: list[int] | None = None,
    *,
    element: int = 0,
    limits: FormulaLimits = FormulaLimits(),
    should_stop: Callable[[], bool] = never,
) -> Symbols | NoForm:
    """Return the second derivatives of one output element, counted in rows, by the elements of the wanted inputs."""
    symbols, budget = _symbols(form, wanted), Budget(limits, should_stop)
    gradient = _matrix(list(elements(form.outputs))[element : element + 1], symbols, budget)
    return gradient if isinstance(gradient, NoForm) else _matrix(list(gradient[0]), symbols, budget)


def _symbols(form: SymbolicForm, wanted: list[int] | None) -> list[Expr]:
    arrays = form.symbols if wanted is None else [form.symbols[position] for position in wanted]
    return [symbol for array in arrays for symbol in elements(array) if symbol.is_Symbol]


def _matrix(rows: list[Expr], columns: list[Expr], budget: Budget) -> Symbols | NoForm:
    out = np.empty((len(rows), len(columns)), dtype=object)
    presence, size = Presence(columns), 0
    try:
        for column, symbol in enumerate(columns):
            by = Differentiator(symbol, presence, budget)
            for row, expr in enumerate(rows):
                out[row, column] = found = neat(by.derivative(expr))
                size += budget.size(found) if found != 0 else 0
                budget.admit_work(size // _MATRIX)
    except Refused as refusal:
        return NoForm(refusal.reason)
    return out
