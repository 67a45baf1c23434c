"""Did you mean ...? The nearest name that is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from components.language import names

# By the name under which a program imports them.
NAMES_OF_MODULES: dict[str, frozenset[str]] = {
    "torch": names.TORCH,
    "torch.nn": names.NN,
    "torch.nn.functional": names.FUNCTIONAL,
    "torch.nn.init": names.INIT,
    "torch.nn.utils": names.NN_UTILS,
    "torch.autograd": names.AUTOGRAD,
    "torch.autograd.functional": names.AUTOGRAD_FUNCTIONAL,
    "torch.autograd.graph": names.AUTOGRAD_GRAPH,
    "torch.autograd.forward_ad": names.FORWARD_AD,
    "torch.optim": names.OPTIM,
    "torch.optim.lr_scheduler": names.LR_SCHEDULER,
    "torch.linalg": names.LINALG,
    "torch.func": names.FUNC,
    "torch.cuda": names.CUDA,
    "numpy": names.NUMPY,
    "math": names.MATH,
    "random": names.RANDOM,
}
_BY_KIND: dict[str, frozenset[str]] = {
    "Tensor": names.TENSOR,
    "Parameter": names.TENSOR,
    "module": names.MODULE,
    "optimizer": names.OPTIMIZER,
    "scheduler": names.SCHEDULER,
    "context": names.CONTEXT,
    "node": names.NODE,
    "ndarray": names.NDARRAY,
    "str": names.STR,
    **NAMES_OF_MODULES,
}


def did_you_mean(name: str, kind: str) -> str | None:
    """Return the allowed name nearest to ``name`` on an object of this kind, ``None`` if none is near.

    A kind is a module's name (``torch.nn``) or one of ``Tensor``, ``Parameter``, ``module``, ``optimizer``,
    ``scheduler``, ``context``, ``node``, ``ndarray`` and ``str``.
    """
    return nearest(name, _BY_KIND.get(kind, frozenset()))


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is spelled most like ``name``; capital letters count for little."""
    by_lower: dict[str, str] = {}
    for candidate in sorted(candidates):
        if candidate != name:
            by_lower.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None
