"""Did you mean ...? The nearest name that is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from components.language import names

_BY_KIND: dict[str, frozenset[str]] = {
    "Tensor": names.TENSOR,
    "Parameter": names.TENSOR,
    "torch": names.TORCH,
    "torch.nn": names.NN,
    "torch.nn.functional": names.FUNCTIONAL,
    "torch.autograd": names.AUTOGRAD,
    "torch.optim": names.OPTIM,
    "torch.linalg": names.LINALG,
    "torch.func": names.FUNC,
    "numpy": names.NUMPY,
    "math": names.MATH,
    "module": names.MODULE,
}


def did_you_mean(name: str, kind: str) -> str | None:
    """Return the allowed name nearest to ``name`` on an object of this kind (``Tensor``, ``torch.nn``, ...)."""
    return nearest(name, _BY_KIND.get(kind, frozenset()))


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is spelled most like ``name``, if one is."""
    found = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.7)
    return found[0] if found else None
