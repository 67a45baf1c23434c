"""Names of PyTorch and Python sorted by what comes out of them, for ``flow``."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Attributes and methods that give numbers, texts and the like, and no tensor.
FACTS = _names(
    """
    shape dtype device ndim is_leaf requires_grad grad_fn retains_grad names layout itemsize nbytes training
    _version item tolist numpy size dim ndimension numel nelement stride storage_offset element_size is_contiguous
    is_floating_point is_complex is_cuda type get_device equal allclose is_nonzero backward zero_grad step
    next_functions name metadata register_hook remove
    """
)
# What gives a tensor that autograd does not follow.
UNTRACKED = _names("detach data zeros_like ones_like empty_like full_like rand_like randn_like randint_like")
# Python's own functions that give no tensor.
PLAIN = _names(
    "len int float str bool complex range print isinstance issubclass type repr format id hash round callable"
)
# Python's own functions that hand on what they are given.
HANDING_ON = _names(
    "list dict tuple set frozenset zip enumerate sorted reversed map filter iter next getattr super vars any all"
)
# Modules whose functions give no tensor.
PLAIN_MODULES = _names("math time random numpy warnings operator")
# Methods and functions that give what is no new tensor: containers, modules, functions, or their own object.
NO_COMPUTATION = _names(
    """
    parameters named_parameters buffers named_buffers state_dict load_state_dict modules named_modules children
    named_children keys values items append extend insert add_module pop get setdefault train eval apply_ requires_grad_
    retain_grad register_buffer register_parameter register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_post_accumulate_grad_hook tensor as_tensor asarray detach detach_
    add_param_group clip_grad_norm_ clip_grad_value_
    """
)
# Functions that give a function.
TRANSFORMS = _names(
    """
    torch.func.grad torch.func.grad_and_value torch.func.vmap torch.vmap torch.func.jacrev torch.func.jacfwd
    torch.func.hessian torch.func.vjp torch.func.jvp torch.func.linearize functools.partial
    """
)
# Functions that run the engine themselves.
ENGINE = _names(
    """
    torch.autograd.grad torch.autograd.backward torch.autograd.functional.hessian torch.autograd.functional.hvp
    torch.autograd.functional.jacobian torch.autograd.functional.jvp torch.autograd.functional.vhp
    torch.autograd.functional.vjp torch.autograd.gradcheck torch.autograd.gradgradcheck
    """
)
# Functions and methods that give several tensors.
SEVERAL = _names(
    """
    split chunk unbind topk sort meshgrid svd eigh eig qr slogdet aminmax kthvalue mode cummax cummin std_mean var_mean
    tensor_split hsplit vsplit dsplit broadcast_tensors lstsq vjp jvp inv_ex unpack_dual
    """
)
# Those that give several if they are told a dimension.
SEVERAL_ALONG = _names("max min median nanmedian")
