"""Names of PyTorch's and Python's, as data, for those who read a program without torch: form, advice, variants.

What a misspelt name may have been meant to be, what a bare ``sin`` in the form stands for, which methods have an
in-place twin. Programs may say anything else, too; the editor completes from the installed modules themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_MISSPELT = 60
_ALIKE = 0.72


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Functions, types and numbers of `torch` itself.
TORCH = words(
    """
    BoolTensor DoubleTensor FloatTensor Generator IntTensor LongTensor Size Tensor abs absolute acos acosh add
    addbmm addcdiv addcmul addmm addmv adjoint all allclose amax amin aminmax angle any arange arccos arccosh
    arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort argwhere as_tensor asarray asin asinh atan atan2
    atanh atleast_1d atleast_2d baddbmm bernoulli bfloat16 bincount bitwise_and bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor block_diag bmm bool broadcast_shapes broadcast_tensors
    broadcast_to bucketize can_cast cartesian_prod cat cdist cdouble ceil celu cfloat chain_matmul cholesky
    chunk clamp clip clone column_stack combinations complex complex128 complex64 concat conj
    conv1d conv2d corrcoef cos cosh cosine_similarity count_nonzero cov cross cummax cummin cumprod cumsum
    cumulative_trapezoid deg2rad det device diag diag_embed diagonal diff digamma dist div divide dot double
    dropout dsplit dstack dtype e einsum empty empty_like enable_grad eq equal erf erfc erfinv exp exp2
    expand_copy expm1 eye finfo fix flatten flip fliplr flipud float float16 float32 float64 float_power floor
    floor_divide fmax fmin fmod frac from_numpy full full_like gather gcd ge ger get_default_dtype gt half
    hann_window heaviside histc hsplit hstack hypot i0 iinfo imag index_add index_copy index_fill index_select
    inf inference_mode initial_seed inner int int16 int32 int64 int8 inverse is_complex is_floating_point
    is_grad_enabled is_inference_mode_enabled is_nonzero is_tensor isclose isfinite isin isinf isnan isneginf
    isposinf isreal kron kthvalue layer_norm lcm ldexp le lerp lgamma linspace log log10 log1p log2 log_softmax
    logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or logical_xor logit logspace
    logsumexp long lt manual_seed masked_fill masked_scatter masked_select matmul matrix_exp matrix_power max
    maximum mean median meshgrid min minimum mm mode moveaxis movedim msort mul multinomial multiply mv nan
    nan_to_num nanmean nanmedian nanquantile nansum narrow ne neg negative nextafter no_grad nonzero norm normal
    numel ones ones_like outer permute pi pinverse polar positive pow prelu prod promote_types
    qr quantile rad2deg rand rand_like randint randint_like randn randn_like randperm ravel real reciprocal relu
    relu_ remainder renorm repeat_interleave reshape result_type roll rot90 round row_stack rrelu rsqrt
    scalar_tensor scatter scatter_add searchsorted seed select selu set_default_dtype set_grad_enabled
    set_printoptions sgn short sigmoid sign signbit sin sinc sinh slogdet softmax sort split sqrt square square_
    squeeze stack std std_mean strided sub subtract sum svd swapaxes swapdims t take take_along_dim tan tanh
    tensor tensor_split tensordot threshold tile topk trace transpose trapezoid trapz tril tril_indices triu
    triu_indices true_divide trunc uint8 unbind unflatten unique unique_consecutive unravel_index unsqueeze
    use_deterministic_algorithms vander var var_mean vdot view_as_complex view_as_real vmap vsplit vstack where
    xlogy zeros zeros_like
    """
)

# Attributes and methods of a tensor.
TENSOR = words(
    """
    H T _version abs abs_ absolute absolute_ acos acos_ acosh acosh_ add add_ addbmm addcdiv addcdiv_ addcmul
    addcmul_ addmm addmm_ addmv addmv_ addr addr_ adjoint all allclose amax amin aminmax angle any arccos
    arccos_ arcsin arcsin_ arctan arctan2 arctan_ argmax argmin argsort argwhere asin asin_ asinh asinh_ atan
    atan2 atan2_ atan_ atanh atanh_ backward baddbmm baddbmm_ bernoulli bernoulli_ bfloat16 bincount bitwise_and
    bitwise_and_ bitwise_not bitwise_or bitwise_or_ bitwise_xor bitwise_xor_ bmm bool broadcast_to byte cauchy_
    cdouble ceil ceil_ cfloat char cholesky chunk clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip
    clip_ clone conj contiguous copy_ copysign copysign_ corrcoef cos cos_ cosh cosh_ count_nonzero cov cpu
    cross cuda cummax cummin cumprod cumprod_ cumsum cumsum_ data deg2rad det detach detach_ device diag
    diag_embed diagflat diagonal diff digamma digamma_ dim dist div div_ divide divide_ dot double dsplit dtype
    element_size eq eq_ equal erf erf_ erfc erfc_ erfinv erfinv_ exp exp2 exp2_ exp_ expand expand_as expm1
    expm1_ exponential_ fill_ fill_diagonal_ flatten flip fliplr flipud float float_power float_power_ floor
    floor_ floor_divide floor_divide_ fmax fmin fmod fmod_ frac frac_ gather ge ge_ geometric_ ger get_device
    grad grad_dtype grad_fn greater greater_equal gt gt_ half heaviside heaviside_ histc hsplit hypot hypot_
    imag index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_ index_reduce
    index_select inner int inverse is_complex is_conj is_contiguous is_cpu is_cuda is_floating_point
    is_inference is_leaf is_neg is_nonzero is_same_size is_set_to is_signed is_sparse isclose isfinite isinf
    isnan isreal item itemsize kron kthvalue layout ldexp le le_ lerp lerp_ less less_equal lgamma lgamma_ log
    log10 log10_ log1p log1p_ log2 log2_ log_ log_normal_ log_softmax logaddexp logcumsumexp logdet logical_and
    logical_and_ logical_not logical_not_ logical_or logical_or_ logical_xor logical_xor_ logit logit_ logsumexp
    long lt lt_ lu mH mT masked_fill masked_fill_ masked_scatter masked_scatter_ masked_select matmul matrix_exp
    matrix_power max maximum mean median min minimum mm mode moveaxis movedim msort mul mul_ multinomial
    multiply multiply_ mv mvlgamma nan_to_num nan_to_num_ nanmean nanmedian nanquantile nansum narrow nbytes
    ndim ndimension ne ne_ neg neg_ negative negative_ nelement new_empty new_full new_ones new_tensor new_zeros
    nextafter nonzero norm normal_ not_equal numel numpy outer output_nr permute polygamma positive pow pow_
    prelu prod put put_ qr quantile rad2deg random_ ravel real reciprocal reciprocal_ register_hook
    register_post_accumulate_grad_hook relu relu_ remainder remainder_ renorm repeat repeat_interleave
    requires_grad requires_grad_ reshape reshape_as resolve_conj retain_grad retains_grad roll rot90 round
    round_ rsqrt rsqrt_ scatter scatter_ scatter_add scatter_add_ scatter_reduce scatter_reduce_ select
    select_scatter sgn sgn_ shape short sigmoid sigmoid_ sign sign_ signbit sin sin_ sinc sinc_ sinh sinh_ size
    slice_scatter slogdet smm softmax sort split sqrt sqrt_ square square_ squeeze squeeze_ std storage_offset
    stride sub sub_ subtract subtract_ sum sum_to_size svd swapaxes swapaxes_ swapdims t t_ take take_along_dim
    tan tan_ tanh tanh_ tensor_split tile to tolist topk trace transpose transpose_ tril tril_ triu triu_
    true_divide true_divide_ trunc trunc_ type type_as unbind unflatten unfold uniform_ unique
    unique_consecutive unsqueeze unsqueeze_ var vdot view view_as vsplit where xlogy xlogy_ zero_
    """
)

# `torch.autograd`.
AUTOGRAD = words(
    """
    Function Variable backward detect_anomaly enable_grad forward_ad function functional grad gradcheck
    gradgradcheck graph inference_mode no_grad set_detect_anomaly set_grad_enabled
    """
)

# `torch.linalg`.
LINALG = words(
    """
    cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv inv_ex lstsq matrix_exp matrix_norm
    matrix_power matrix_rank multi_dot norm pinv qr slogdet solve svd svdvals vecdot vector_norm
    """
)

# `torch.nn.functional`.
FUNCTIONAL = words(
    """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
    alpha_dropout avg_pool1d avg_pool2d avg_pool3d batch_norm bilinear binary_cross_entropy
    binary_cross_entropy_with_logits celu conv1d conv2d conv3d conv_transpose1d conv_transpose2d
    conv_transpose3d cosine_embedding_loss cosine_similarity cross_entropy dropout dropout1d dropout2d elu elu_
    embedding feature_alpha_dropout fold gaussian_nll_loss gelu glu group_norm gumbel_softmax hardshrink
    hardsigmoid hardswish hardtanh hinge_embedding_loss huber_loss instance_norm interpolate kl_div l1_loss
    layer_norm leaky_relu leaky_relu_ linear local_response_norm log_softmax logsigmoid lp_pool2d
    margin_ranking_loss max_pool1d max_pool2d max_pool3d mish mse_loss multi_margin_loss multilabel_margin_loss
    multilabel_soft_margin_loss nll_loss normalize one_hot pad pairwise_distance pdist pixel_shuffle
    pixel_unshuffle poisson_nll_loss prelu relu relu6 relu_ rms_norm rrelu scaled_dot_product_attention selu
    sigmoid silu smooth_l1_loss soft_margin_loss softmax softmin softplus softshrink softsign tanh tanhshrink
    threshold triplet_margin_loss triplet_margin_with_distance_loss unfold
    """
)

# `torch.nn`.
NN = words(
    """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool1d AdaptiveMaxPool2d AlphaDropout AvgPool1d AvgPool2d
    AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU ChannelShuffle
    ConstantPad1d ConstantPad2d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss Dropout Dropout1d Dropout2d Dropout3d ELU Embedding
    Flatten Fold GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh
    HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d KLDivLoss L1Loss LPPool2d
    LSTM LSTMCell LayerNorm LeakyReLU Linear LocalResponseNorm LogSigmoid LogSoftmax MSELoss MarginRankingLoss
    MaxPool1d MaxPool2d MaxPool3d Mish Module ModuleDict ModuleList MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss PReLU PairwiseDistance Parameter
    ParameterList PixelShuffle PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNCell RReLU ReLU ReLU6
    ReflectionPad1d ReflectionPad2d ReplicationPad2d SELU Sequential SiLU Sigmoid SmoothL1Loss SoftMarginLoss
    Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold Transformer
    TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer TripletMarginLoss
    Unflatten Unfold Upsample ZeroPad1d ZeroPad2d functional init parameter utils
    """
)

# `torch.optim`.
OPTIM = words(
    """
    ASGD Adadelta Adagrad Adam AdamW Adamax LBFGS NAdam Optimizer RAdam RMSprop Rprop SGD
    """
)

# Attributes and methods of a module.
MODULE = words(
    """
    add_module append apply bfloat16 buffers children clear cpu cuda double eval extend extra_repr
    flatten_parameters float forward from_pretrained get_buffer get_parameter get_submodule half in_channels
    in_features insert items keys load_state_dict modules named_buffers named_children named_modules
    named_parameters out_channels out_features parameters pop register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook register_module
    register_parameter requires_grad_ reset_parameters state_dict to train training type update values zero_grad
    """
)

# Attributes and methods of an optimizer.
OPTIMIZER = words(
    """
    add_param_group defaults load_state_dict param_groups state state_dict step zero_grad
    """
)

# Attributes and methods of a learning-rate scheduler.
SCHEDULER = words(
    """
    base_lrs get_last_lr last_epoch step
    """
)

# Attributes and methods of an autograd node (`grad_fn`).
NODE = words(
    """
    metadata name needs_input_grad next_functions register_hook register_prehook saved_tensors variable
    """
)

# `math`.
MATH = words(
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2
    expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp
    lgamma log log10 log1p log2 modf nan perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp
    """
)

# Methods of a string.
STR = words(
    """
    capitalize casefold center count encode endswith expandtabs find index isalnum isalpha isascii isdecimal
    isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans
    partition removeprefix removesuffix replace rfind rjust rpartition rsplit rstrip split splitlines startswith
    strip swapcase title translate upper zfill
    """
)

# The modules of `torch` that are reached through it.
SUBMODULES = words("nn autograd optim func linalg cuda")

OF_MODULE = {
    "torch": TORCH | SUBMODULES,
    "torch.nn": NN,
    "torch.nn.functional": FUNCTIONAL,
    "torch.autograd": AUTOGRAD,
    "torch.optim": OPTIM,
}

# Keyword arguments of PyTorch's functions.
KEYWORDS = words(
    """
    requires_grad retain_graph create_graph allow_unused grad_outputs gradient inputs dim keepdim dtype device size lr
    momentum weight_decay bias in_features out_features kernel_size stride padding reduction p inplace batch_first eps
    num_layers hidden_size input_size vectorize check_nan use_reentrant min max unbiased correction
    """
)

# Python's own.
BUILT_IN = words(
    """
    print range len sum min max abs float int bool str list tuple dict set enumerate zip sorted reversed isinstance
    super round map filter any all True False None
    """
)

# The line that imports what programs are used to call by that name.
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
    """Return the candidate that is most like ``name``, if one is close; capital letters count for little."""
    by_lower: dict[str, str] = {}
    for candidate in sorted(candidates):
        if candidate != name:
            by_lower.setdefault(candidate.lower(), candidate)
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    near = get_close_matches(name.lower(), by_lower, 1, _ALIKE) if 1 < len(name) <= _LONGEST_MISSPELT else []
    return by_lower[near[0]] if near else None
