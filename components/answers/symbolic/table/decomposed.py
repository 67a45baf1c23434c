"""Operations that PyTorch itself takes apart into others of the table: their formulas are those of the parts.

PyTorch's decompositions are in ``torch/_decomp/decompositions.py`` and ``torch/_refs``. Those of other operations are
not used, though there are many: at a kink some take another side than autograd does, some protect against overflow in
ways that a formula need not, and some read worse than what is written by hand.
"""

from __future__ import annotations

import torch
from torch._decomp import decomposition_table

from ..arrays import Symbols
from ..call import AtenCall, TableEntry, called
from ..memory import tensors_in

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
    results = call.followed(lambda: called(decomposition_table[whole], whole._schema, given))
    return tuple(call.symbols_of(tensor) for tensor in tensors_in(results))


DECOMPOSED: dict[str, TableEntry] = dict.fromkeys(_NAMES.split(), _by_parts)
