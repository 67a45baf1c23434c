"""What a function of tensors computes, as formulas, and their derivatives: SymPy beside autograd.

    >>> import torch
    >>> form = symbolic_form(lambda x: torch.sin(x) * x, [("x", torch.tensor(2.0))])
    >>> [plain_of(each) for each in nth_derivatives(form, 1)]
    ['x*cos(x) + sin(x)']

Known limitations: the formulas are those of the way that the program took at the point; notes say where that matters.
"""

from .budget import FormulaLimits
from .derivatives import hessian, jacobian, nth_derivatives
from .symbolic_form import NoForm, SymbolicForm, symbolic_form, value_at
from .texts import latex_of, plain_of

__all__ = [
    "FormulaLimits",
    "NoForm",
    "SymbolicForm",
    "hessian",
    "jacobian",
    "latex_of",
    "nth_derivatives",
    "plain_of",
    "symbolic_form",
    "value_at",
]
