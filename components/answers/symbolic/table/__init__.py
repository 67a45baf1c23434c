"""The symbolic form of each ATen operation, by its name without an overload.

Some are taken apart by PyTorch itself into others of the table (``torch/_decomp/decompositions.py``, ``torch/_refs``):
their formulas are those of the parts. Its decompositions of further operations are not used: at a kink some take
another side than autograd does, some protect against overflow as a formula need not, and some read worse.
"""

from __future__ import annotations

import torch
from torch._decomp import decomposition_table

from ..arrays import Symbols
from ..call import AtenCall, TableEntry, called
from ..shadow import tensors_in
from .elementwise import ELEMENTWISE
from .matrices import MATRICES
from .moves import FREE_OF_VALUES, MOVES
from .networks import NETWORKS, SILENT_WRITES
from .reductions import REDUCTIONS

_NAMES = """
    rsub addcmul addcdiv sgn silu glu leaky_relu _prelu_kernel elu hardshrink threshold clamp
    clamp_min clamp_max std std_mean aminmax linalg_vector_norm norm dist dot vdot linalg_cross
    mse_loss soft_margin_loss nll_loss_forward
"""


def _by_parts(call: AtenCall) -> tuple[Symbols, ...]:
    """Run the decomposition on copies of the tensors; raises ``NotImplementedError`` where there is none."""
    # ``clamp_`` and ``clamp(..., out=...)`` come apart like ``clamp``.
    overload = call.func._overloadname.removesuffix("out").removesuffix("_") or "default"
    packet = getattr(torch.ops.aten, call.name)
    if overload not in packet.overloads() or getattr(packet, overload) not in decomposition_table:
        raise NotImplementedError
    whole = getattr(packet, overload)
    given = {argument.name: call.copied(argument.name) for argument in whole._schema.arguments}
    try:
        results = call.followed(lambda: called(decomposition_table[whole], whole._schema, given))
    except (RuntimeError, AssertionError, IndexError) as error:  # stricter than the operation itself, which has run
        raise NotImplementedError from error
    return tuple(call.symbols_of(tensor) for tensor in tensors_in(results))


_DECOMPOSED: dict[str, TableEntry] = dict.fromkeys(_NAMES.split(), _by_parts)
TABLE: dict[str, TableEntry] = {**_DECOMPOSED, **ELEMENTWISE, **REDUCTIONS, **MATRICES, **NETWORKS, **MOVES}

__all__ = ["FREE_OF_VALUES", "SILENT_WRITES", "TABLE"]
