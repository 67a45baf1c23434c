"""The names that the editor completes, as the installed modules have them.

Gathered where torch is loaded; the pages, which never load it, are told.
"""

from __future__ import annotations

import builtins
import importlib
import keyword

import torch

_MODULES = """
    torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.optim torch.optim.lr_scheduler torch.autograd
    torch.autograd.functional torch.autograd.graph torch.autograd.forward_ad torch.func torch.linalg torch.fft
    torch.special torch.distributions torch.utils.data torch.utils.checkpoint torch.cuda torch.amp torch.sparse
    math random numpy numpy.linalg numpy.random functools itertools collections
"""


def installed_names() -> tuple[str, ...]:
    """Return ``torch.sin``, ``torch.nn.Linear``, ``torch.Tensor.backward``, ``print``, ``while``, … in order."""
    found = {*keyword.kwlist, *(name for name in dir(builtins) if _is_public(name))}
    for module in _MODULES.split():
        try:
            held = importlib.import_module(module)
        except ImportError:
            continue
        found.update(f"{module}.{name}" for name in dir(held) if _is_public(name))
    found.update(f"torch.Tensor.{name}" for name in dir(torch.Tensor) if _is_public(name))
    return tuple(sorted(found))


def _is_public(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_")
