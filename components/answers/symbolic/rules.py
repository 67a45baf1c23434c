"""The derivative of each function that formulas are made of.

Written out, since SymPy's own look for identities on the way, which can take it seconds on a long argument.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy

from . import functions
from .arrays import Expr
from .functions import HALF, ONE, TWO, ZERO, applied, logarithm, power

_S, _C = sympy.sinh, sympy.cosh


def _one_less_square(x: Expr) -> Expr:
    return ONE - power(x, TWO)


def _of_base(base: Expr, exponent: Expr) -> Expr:
    """SymPy does not see that ``x * x**(x - 1)`` is ``x**x``."""
    if exponent.is_Number:
        return exponent * power(base, exponent - ONE)
    return exponent * power(base, exponent) * power(base, -ONE)


# function -> the derivative by each argument, from all arguments.
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
