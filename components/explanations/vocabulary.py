"""The names that a misspelt one may have been meant to be: the language's own lists, and a few words of Python's."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ..source import names


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TENSOR = frozenset(names.TENSOR)
TORCH = frozenset(names.TORCH) | _words("nn autograd optim func linalg cuda")
MODULE = frozenset(names.MODULE)
OPTIM = frozenset(names.OPTIM)
OF_MODULE = {
    "torch": TORCH,
    "torch.nn": frozenset(names.NN),
    "torch.nn.functional": frozenset(names.FUNCTIONAL),
    "torch.autograd": frozenset(names.AUTOGRAD),
    "torch.optim": OPTIM,
}
KEYWORDS = _words(
    """requires_grad retain_graph create_graph allow_unused grad_outputs gradient inputs dim keepdim dtype device size lr
    momentum weight_decay bias in_features out_features kernel_size stride padding reduction p inplace batch_first eps
    num_layers hidden_size input_size vectorize check_nan use_reentrant min max unbiased correction"""
)
BUILT_IN = _words(
    """print range len sum min max abs float int bool str list tuple dict set enumerate zip sorted reversed isinstance
    super round map filter any all True False None"""
)
IMPORTS = {
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "optim": "from torch import optim",
    "np": "import numpy as np",
    "numpy": "import numpy",
    "math": "import math",
    "partial": "from functools import partial",
    "jacobian": "from torch.autograd.functional import jacobian",
    "hessian": "from torch.autograd.functional import hessian",
    "vmap": "from torch.func import vmap",
}


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is most like ``name``, if one is close."""
    others = sorted({candidate for candidate in candidates if candidate != name})
    lowered = {candidate.lower(): candidate for candidate in reversed(others)}
    if name.lower() in lowered:
        return lowered[name.lower()]
    near = get_close_matches(name, others, 1, 0.72) if 1 < len(name) <= 60 else []
    return near[0] if near else None
