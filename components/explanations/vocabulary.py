"""The names that lessons use most, to guess what a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MATHS = _words("""abs exp log log2 log10 log1p sqrt rsqrt square pow sin cos tan asin acos atan sinh cosh tanh sigmoid relu softmax
    log_softmax sign round floor ceil trunc clamp reciprocal neg add sub mul div remainder maximum minimum where lerp erf
    sum mean prod var std max min argmax argmin amax amin norm median logsumexp cumsum cumprod all any sort topk unique
    reshape view flatten squeeze unsqueeze transpose permute t T mT expand repeat cat stack chunk split unbind gather scatter
    index_select masked_fill masked_select nonzero flip roll tril triu diag diagonal meshgrid matmul mm mv bmm dot outer
    einsum trace det logdet inverse cross kron isnan isinf isfinite allclose equal clone detach""")
TENSOR = MATHS | _words("""requires_grad requires_grad_ grad grad_fn is_leaf backward data retain_grad retains_grad register_hook item tolist
    numpy shape size dim ndim numel dtype device to type float double long int bool element_size contiguous add_ sub_ mul_
    div_ zero_ fill_ copy_ clamp_ normal_ uniform_ exp_ relu_ pow_ neg_ cpu cuda""")
TORCH = MATHS | _words("""tensor as_tensor zeros ones full empty eye arange linspace rand randn randint randperm normal zeros_like ones_like
    full_like rand_like randn_like no_grad enable_grad inference_mode set_grad_enabled is_grad_enabled manual_seed Generator
    Tensor Size float16 float32 float64 int32 int64 bool pi inf nan autograd nn optim func linalg cuda vmap
    set_default_dtype set_printoptions""")
NN = _words("""Module Parameter Sequential ModuleList ModuleDict Linear Bilinear Conv1d Conv2d Conv3d ReLU Tanh Sigmoid LeakyReLU ELU
    GELU SiLU Softplus Softmax LogSoftmax Flatten Identity Dropout BatchNorm1d BatchNorm2d LayerNorm GroupNorm MaxPool1d
    MaxPool2d AvgPool2d AdaptiveAvgPool2d Embedding RNN LSTM GRU RNNCell LSTMCell GRUCell MultiheadAttention Transformer
    TransformerEncoder TransformerEncoderLayer MSELoss L1Loss SmoothL1Loss CrossEntropyLoss BCELoss BCEWithLogitsLoss NLLLoss
    KLDivLoss init functional utils""")
FUNCTIONAL = _words("""linear relu leaky_relu gelu elu silu softplus softmax log_softmax sigmoid tanh mse_loss l1_loss smooth_l1_loss
    cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div conv1d conv2d max_pool2d avg_pool2d
    dropout layer_norm normalize pad one_hot embedding scaled_dot_product_attention""")
AUTOGRAD = _words(
    "grad backward Function gradcheck gradgradcheck functional forward_ad graph set_detect_anomaly detect_anomaly"
)
MODULE = _words("""parameters named_parameters children named_children modules named_modules buffers named_buffers register_buffer
    register_parameter register_forward_hook train eval training zero_grad state_dict load_state_dict forward to""")
OPTIM = _words("SGD Adam AdamW RMSprop Adagrad LBFGS lr_scheduler step zero_grad param_groups state_dict")
KEYWORDS = _words("""requires_grad retain_graph create_graph allow_unused grad_outputs gradient inputs dim keepdim dtype device size
    lr momentum weight_decay bias in_features out_features kernel_size stride padding reduction p inplace batch_first
    num_layers hidden_size input_size vectorize check_nan use_reentrant min max eps unbiased correction""")
BUILT_IN = _words("""print range len sum min max abs float int bool str list tuple dict set enumerate zip sorted reversed isinstance
    super round map filter any all True False None""")
OF_MODULE = {
    "torch": TORCH, "torch.nn": NN, "torch.nn.functional": FUNCTIONAL, "torch.autograd": AUTOGRAD, "torch.optim": OPTIM
}  # fmt: skip
IMPORTS = {
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "optim": "from torch import optim",
    "np": "import numpy as np",
    "numpy": "import numpy",
    "math": "import math",
    "partial": "from functools import partial",
    "grad": "from torch.autograd import grad",
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
