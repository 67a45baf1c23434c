"""The allow-list, as data.

What is not here does not exist for a program. The names are grouped by the kind of object that they belong to: the
same name can be harmless on one and dangerous on another. The editor completes from this list and messages suggest from
it.

Longer than usual because it is a list.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions, types and numbers of `torch` itself.
TORCH = _names(
    """
    BoolTensor DoubleTensor FloatTensor Generator IntTensor LongTensor Size Tensor abs absolute acos acosh add
    addcdiv addcmul addmm addmv all allclose amax amin aminmax any arange arctan2 argmax argmin argsort
    as_tensor asin asinh atan atan2 atanh atleast_1d atleast_2d baddbmm bernoulli bfloat16 bincount block_diag
    bmm bool broadcast_shapes broadcast_tensors broadcast_to can_cast cartesian_prod cat cdist cdouble ceil
    cfloat chain_matmul chunk clamp clip clone column_stack combinations complex complex128 complex64 concat
    corrcoef cos cosh count_nonzero cov cross cummax cummin cumprod cumsum det device diag diag_embed diagonal
    diff digamma dist div divide dot double dstack dtype e einsum empty empty_like enable_grad eq equal erf erfc
    erfinv exp exp2 expand expand_copy expm1 eye finfo flatten flip fliplr flipud float float16 float32 float64
    float_power floor floor_divide fmax fmin fmod frac full full_like gather ge get_default_dtype gt half
    heaviside histc hstack hypot iinfo imag index_add index_select inf inference_mode initial_seed inner int
    int16 int32 int64 int8 inverse is_complex is_floating_point is_grad_enabled is_inference_mode_enabled
    is_nonzero is_tensor isclose isfinite isin isinf isnan kron kthvalue le lerp lgamma linspace log log10 log1p
    log2 log_softmax logaddexp logdet logical_and logical_not logical_or logical_xor logit logspace logsumexp
    long lt manual_seed masked_fill masked_select matmul matrix_exp matrix_power max maximum mean median
    meshgrid min minimum mm mode movedim mul multinomial multiply mv nan nan_to_num nanmean nansum narrow ne neg
    negative no_grad nonzero norm normal numel ones ones_like outer permute pi pow prod promote_types quantile
    rand rand_like randint randint_like randn randn_like randperm ravel real reciprocal relu remainder repeat
    repeat_interleave reshape result_type roll rot90 round rsqrt scalar_tensor scatter scatter_add seed select
    set_default_dtype set_grad_enabled set_printoptions sgn short sigmoid sign signbit sin sinc sinh slogdet
    softmax sort split sqrt square squeeze stack std std_mean strided sub subtract sum swapaxes t take
    take_along_dim tan tanh tensor tensor_split tensordot tile topk trace transpose trapezoid tril triu
    true_divide trunc uint8 unbind unflatten unique unsqueeze var var_mean vdot vmap vstack where xlogy zeros
    zeros_like
    """
)

# Attributes and methods of a tensor.
TENSOR = _names(
    """
    H T abs abs_ absolute acos acosh add add_ addcdiv addcdiv_ addcmul addcmul_ addmm addmm_ addmv adjoint all
    allclose amax amin aminmax any arctan2 argmax argmin argsort asin asinh atan atan2 atanh atleast_1d
    atleast_2d backward baddbmm bernoulli_ bfloat16 bincount block_diag bmm bool broadcast_shapes
    broadcast_tensors broadcast_to byte can_cast cartesian_prod cat cdist ceil ceil_ cfloat chain_matmul char
    cholesky chunk clamp clamp_ clamp_max clamp_min clamp_min_ clip clip_ clone column_stack combinations concat
    conj contiguous copy_ corrcoef cos cos_ cosh count_nonzero cov cpu cross cuda cummax cummin cumprod cumsum
    data det detach detach_ device diag diagonal diff digamma dim dist div div_ divide dot double dstack dtype
    einsum element_size eq equal erf erf_ erfc erfinv exp exp2 exp_ expand expand_as expand_copy expm1
    exponential_ fill_ fill_diagonal_ flatten flip fliplr flipud float float_power floor floor_ floor_divide
    floor_divide_ fmax fmin fmod frac gather ge grad grad_fn gt half heaviside histc hstack hypot imag index_add
    index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_ index_select inner int inverse
    is_complex is_contiguous is_cuda is_floating_point is_inference is_leaf is_nonzero is_sparse is_tensor
    is_view isclose isfinite isin isinf isnan item itemsize kron kthvalue layout le lerp lerp_ lgamma log log10
    log1p log2 log_ log_softmax logaddexp logdet logical_and logical_not logical_or logical_xor logit logsumexp
    long lt lu mH mT masked_fill masked_fill_ masked_scatter masked_select matmul matrix_exp matrix_power max
    maximum mean median min minimum mm mode movedim mul mul_ multiply multiply_ mv nan_to_num nanmean nansum
    narrow nbytes ndim ndimension ne neg neg_ negative nelement new_empty new_full new_ones new_tensor new_zeros
    nonzero norm normal_ numel numpy outer output_nr permute pow pow_ prod promote_types qr quantile random_
    ravel real reciprocal reciprocal_ register_hook register_post_accumulate_grad_hook relu relu_ remainder
    remainder_ repeat repeat_interleave requires_grad requires_grad_ reshape reshape_as result_type retain_grad
    retains_grad roll rot90 round round_ rsqrt rsqrt_ scatter scatter_ scatter_add scatter_add_ select sgn shape
    short sigmoid sigmoid_ sign sign_ signbit sin sin_ sinc sinh size slogdet softmax sort split sqrt sqrt_
    square square_ squeeze squeeze_ stack std std_mean storage_offset stride sub sub_ subtract sum sum_to_size
    svd swapaxes t t_ take take_along_dim tan tanh tanh_ tensor_split tensordot tile to tolist topk trace
    transpose transpose_ trapezoid tril tril_ triu triu_ true_divide true_divide_ trunc trunc_ type type_as
    unbind unflatten unfold uniform_ unique unsqueeze unsqueeze_ var var_mean vdot view view_as vstack where
    xlogy zero_
    """
)

# `torch.autograd`.
AUTOGRAD = _names(
    """
    Function Variable backward detect_anomaly enable_grad forward_ad function functional grad gradcheck
    gradgradcheck graph inference_mode no_grad set_detect_anomaly set_grad_enabled
    """
)

# `torch.autograd.functional`.
AUTOGRAD_FUNCTIONAL = _names(
    """
    hessian hvp jacobian jvp vhp vjp
    """
)

# `torch.autograd.graph`.
AUTOGRAD_GRAPH = _names(
    """
    GradientEdge Node disable_saved_tensors_hooks get_gradient_edge register_multi_grad_hook saved_tensors_hooks
    """
)

# `torch.autograd.forward_ad`.
FORWARD_AD = _names(
    """
    dual_level make_dual unpack_dual
    """
)

# `torch.func`.
FUNC = _names(
    """
    functional_call grad grad_and_value hessian jacfwd jacrev jvp linearize vjp vmap
    """
)

# `torch.linalg`.
LINALG = _names(
    """
    cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv inv_ex lstsq matrix_exp matrix_norm
    matrix_power matrix_rank multi_dot norm pinv qr slogdet solve svd svdvals vecdot vector_norm
    """
)

# `torch.nn.functional`.
FUNCTIONAL = _names(
    """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d alpha_dropout avg_pool1d avg_pool2d batch_norm
    bilinear binary_cross_entropy binary_cross_entropy_with_logits celu conv1d conv2d conv3d conv_transpose1d
    conv_transpose2d cosine_embedding_loss cosine_similarity cross_entropy dropout elu embedding fold
    gaussian_nll_loss gelu glu group_norm gumbel_softmax hardsigmoid hardswish hardtanh hinge_embedding_loss
    huber_loss instance_norm interpolate kl_div l1_loss layer_norm leaky_relu leaky_relu_ linear
    local_response_norm log_softmax logsigmoid margin_ranking_loss max_pool1d max_pool2d mish mse_loss
    multi_margin_loss nll_loss normalize one_hot pad pairwise_distance pixel_shuffle poisson_nll_loss prelu relu
    relu6 relu_ rms_norm rrelu scaled_dot_product_attention selu sigmoid silu smooth_l1_loss soft_margin_loss
    softmax softmin softplus softsign tanh tanhshrink threshold triplet_margin_loss unfold
    """
)

# `torch.nn`.
NN = _names(
    """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool2d AvgPool1d AvgPool2d BCELoss BCEWithLogitsLoss
    BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
    CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss Dropout Dropout1d Dropout2d ELU Embedding Flatten Fold
    GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm Hardsigmoid Hardswish Hardtanh HingeEmbeddingLoss HuberLoss
    Identity InstanceNorm1d InstanceNorm2d KLDivLoss L1Loss LSTM LSTMCell LayerNorm LeakyReLU Linear LogSigmoid
    LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d Mish Module ModuleDict ModuleList MultiMarginLoss
    MultiheadAttention NLLLoss PReLU Parameter ParameterList PixelShuffle PoissonNLLLoss RMSNorm RNN RNNCell
    ReLU ReLU6 SELU Sequential SiLU Sigmoid SmoothL1Loss Softmax Softmin Softplus Softsign Tanh Tanhshrink
    Threshold Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
    TripletMarginLoss Unflatten Unfold Upsample ZeroPad2d functional init utils
    """
)

# `torch.nn.init`.
INIT = _names(
    """
    calculate_gain constant_ dirac_ eye_ kaiming_normal_ kaiming_uniform_ normal_ ones_ orthogonal_
    trunc_normal_ uniform_ xavier_normal_ xavier_uniform_ zeros_
    """
)

# `torch.nn.utils`.
NN_UTILS = _names(
    """
    clip_grad_norm_ clip_grad_value_ get_total_norm parameters_to_vector vector_to_parameters
    """
)

# `torch.optim`.
OPTIM = _names(
    """
    Adadelta Adagrad Adam AdamW Adamax LBFGS NAdam RMSprop Rprop SGD
    """
)

# `torch.optim.lr_scheduler`.
LR_SCHEDULER = _names(
    """
    CosineAnnealingLR CyclicLR ExponentialLR LambdaLR LinearLR MultiStepLR OneCycleLR ReduceLROnPlateau StepLR
    """
)

# `torch.cuda`: questions about a GPU, which answer sensibly where there is none.
CUDA = _names(
    """
    device_count empty_cache is_available max_memory_allocated max_memory_reserved memory_allocated
    memory_reserved reset_peak_memory_stats synchronize
    """
)

# Attributes and methods of a module.
MODULE = _names(
    """
    add_module append apply bfloat16 buffers children cpu cuda double eval extend extra_repr flatten_parameters
    float forward get_buffer get_parameter get_submodule half in_features insert items keys load_state_dict
    modules named_buffers named_children named_modules named_parameters out_features parameters pop
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_module register_parameter requires_grad_ reset_parameters
    state_dict to train training type update values zero_grad
    """
)

# Attributes and methods of an optimizer.
OPTIMIZER = _names(
    """
    add_param_group defaults param_groups state state_dict step zero_grad
    """
)

# Attributes and methods of a learning-rate scheduler.
SCHEDULER = _names(
    """
    base_lrs get_last_lr last_epoch step
    """
)

# What `ctx` offers in a custom `autograd.Function`.
CONTEXT = _names(
    """
    mark_dirty mark_non_differentiable needs_input_grad save_for_backward save_for_forward saved_tensors
    set_materialize_grads
    """
)

# Attributes and methods of an autograd node (`grad_fn`).
NODE = _names(
    """
    metadata name needs_input_grad next_functions register_hook register_prehook saved_tensors variable
    """
)

# `numpy`.
NUMPY = _names(
    """
    abs allclose arange argmax argmin array asarray concatenate cos dot e exp eye float32 float64 full inf int32
    int64 isclose linspace log matmul max maximum mean min minimum nan ndarray newaxis ones outer pi power round
    sign sin sqrt square stack std sum tan tanh where zeros
    """
)

# Attributes and methods of a NumPy array.
NDARRAY = _names(
    """
    T all any argmax argmin astype clip copy cumsum dot dtype flatten item max mean min ndim prod ravel reshape
    round shape size squeeze std sum tolist transpose var
    """
)

# `math`.
MATH = _names(
    """
    acos asin atan atan2 ceil comb copysign cos cosh degrees dist e erf exp exp2 expm1 fabs factorial floor fsum
    gamma gcd hypot inf isclose isfinite isinf isnan log log10 log1p log2 nan pi pow prod radians sin sinh sqrt
    tan tanh tau trunc
    """
)

# Methods of a string.
STR = _names(
    """
    capitalize casefold center count endswith expandtabs find index isalnum isalpha isdigit islower isspace
    isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind rjust rpartition rsplit
    rstrip split splitlines startswith strip swapcase title upper zfill
    """
)
