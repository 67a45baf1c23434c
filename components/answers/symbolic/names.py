"""Symbols for the elements of the inputs: ``x`` for a number, ``x_{0}`` and ``W_{0,1}`` for elements, from zero.

Braces cannot be part of a Python name, so the name of a symbol tells the two apart, whatever people call their tensors.
"""

from __future__ import annotations

import re

import numpy as np
import sympy
import torch

from .arrays import Symbols, filled
from .constants import lifted

_ELEMENT = re.compile(r"(.*)_\{([\d,]+)\}", re.DOTALL)


def symbols_for(name: str, tensor: torch.Tensor) -> Symbols:
    """Return a symbol for each element of an input; the numbers of an input that is not floating-point.

    Raises:
        ValueError: the name is not a Python identifier.
    """
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not the name of a parameter")
    if not tensor.is_floating_point():
        return lifted(tensor)
    shape = tuple(tensor.shape)
    if not shape:
        return filled([sympy.Symbol(name, real=True)], ())
    places = (",".join(map(str, place)) for place in np.ndindex(shape))
    return filled((sympy.Symbol(f"{name}_{{{place}}}", real=True) for place in places), shape)


def parts_of(symbol: str) -> tuple[str, list[str]]:
    """Return the input's name and the indices, as digits, of the element that a symbol stands for."""
    match = _ELEMENT.fullmatch(symbol)
    return (match[1], match[2].split(",")) if match else (symbol, [])
