"""Which methods have an in-place form; which of ``torch.nn`` take ``inplace``, and in which place."""

from __future__ import annotations

from ..names import TENSOR

# These change how a tensor is seen or followed, give truth values, or draw numbers.
_OF_ANOTHER_KIND = """
    transpose t squeeze unsqueeze swapaxes detach requires_grad random bernoulli
    eq ne lt le gt ge less less_equal greater greater_equal not_equal logical_and logical_or logical_not logical_xor
"""
HAVE_IN_PLACE = {name for name in TENSOR if f"{name}_" in TENSOR} - set(_OF_ANOTHER_KIND.split())

_MODULES = {
    0: "ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid",
    1: "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout LeakyReLU ELU CELU",
    2: "Hardtanh RReLU Threshold",
}
_FUNCTIONS = {
    1: "relu relu6 selu silu mish hardswish hardsigmoid",
    2: "leaky_relu elu celu",
    3: "hardtanh threshold dropout dropout1d dropout2d alpha_dropout feature_alpha_dropout",
    4: "rrelu",
}
# The full name of each, and the place of ``inplace``, counted from 0.
TAKES_INPLACE = {f"torch.nn.{name}": place for place, text in _MODULES.items() for name in text.split()} | {
    f"torch.nn.functional.{name}": place for place, text in _FUNCTIONS.items() for name in text.split()
}
