"""The mode in which PyTorch shows the functions that a program uses, and what leaves the world of tensors there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .budget import Refused
from .following import Follower, number_taken
from .shadow import address, leaves, tensors_in
from .titles import name_of, title_of

_HARMLESS = (
    torch.Tensor,
    bool,
    int,
    str,
    type(None),
    torch.dtype,
    torch.device,
    torch.layout,
    torch.memory_format,
    torch.autograd.graph.Node,
)


class Functions(TorchFunctionMode):
    """Shows each function, method and property that the program uses to the follower."""

    def __init__(self, follower: Follower) -> None:
        super().__init__()
        self._follower = follower

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function."""
        follower = self._follower
        if follower.busy:
            return func(*args, **(kwargs or {}))
        follower.title, before = title_of(func), follower.title
        try:
            return follower.guarded(_run, follower, func, args, kwargs or {})
        finally:
            follower.title = before


def _run(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    key = _key(func)
    follower.gradients.look()
    if key == "_set_grad_enabled":
        follower.gradients.switch(bool(args[0]))
        return func(*args, **kwargs)
    if follower.gradients.inside_function:
        follower.note("A custom autograd.Function is followed through its forward; its backward is not looked at.")
    operands = tensors_in(args, kwargs)
    if any(torch._C._functorch.is_functorch_wrapped_tensor(tensor) for tensor in operands):
        return _run_transformed(follower, key, func, args, kwargs)
    if not any(follower.memory.knows(tensor) for tensor in operands):
        return func(*args, **kwargs)
    follower.check_history(operands)
    special = _SPECIAL.get(key)
    result = special(follower, func, args, kwargs) if special is not None else func(*args, **kwargs)
    if key not in _TEXTS:
        _check(follower, result, operands)
    return _without_gradient(follower, result) if follower.in_no_grad() else result


def _run_transformed(follower: Follower, key: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Inside ``torch.func`` all that counts is what comes down to operations; what hides there is refused."""
    if key in _HIDDEN or follower.in_no_grad():
        raise Refused(f"{follower.title} inside of torch.func cannot be followed by a formula.")
    return func(*args, **kwargs)


def _key(func: Any) -> str:
    name = name_of(func)
    if name in ("__get__", "__set__"):
        return f"{func.__self__.__name__}.{name.strip('_')}"
    return name


def _check(follower: Follower, result: Any, operands: list[torch.Tensor]) -> None:
    """Numbers outside of tensors, and tensors that came about unseen, have lost their expressions."""
    for leaf in leaves(result):
        if isinstance(leaf, float | complex) or not isinstance(leaf, _HARMLESS):
            raise number_taken(follower.title)
    given = {address(tensor) for tensor in operands}
    for tensor in tensors_in(result):
        real = tensor.is_floating_point() or tensor.is_complex()
        if real and address(tensor) not in given and not follower.memory.is_accounted_for(tensor):
            follower.memory.spoil(tensor, f"{follower.title} has no symbolic form here.")


def _without_gradient(follower: Follower, result: Any) -> Any:
    """What is computed where gradients are off is a constant, whatever it came from."""
    if isinstance(result, torch.Tensor):
        if follower.memory.knows(result):
            follower.note("What is computed where gradients are off counts as a constant.")
            return _constant(follower, result)
        return result
    if isinstance(result, list | tuple) and tensors_in(result):
        kind = type(result)
        return getattr(kind, "_make", kind)([_without_gradient(follower, entry) for entry in result])
    return result


def _constant(follower: Follower, tensor: torch.Tensor) -> torch.Tensor:
    with follower.quiet():
        copy = tensor.detach().clone()
    follower.memory.is_constant(copy)
    for shared in (tensor, copy):
        follower.memory.freeze(shared)
    return copy


# --- what is treated on its own: (follower, func, args, kwargs) -> result


def _text(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with follower.quiet():
        return func(*args, **kwargs)


def _detached(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if follower.gradients.inside_function:
        return func(*args, **kwargs)  # what PyTorch differentiates there is the custom backward
    follower.note("detach() and .data give constants: the formula has their numbers.")
    return _constant(follower, args[0])


def _itself(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The inputs require gradients already."""
    if any(value is False for value in (*args[1:], *kwargs.values())):
        raise Refused(f"{follower.title} takes a tensor out of the graph, which cannot be followed by a formula.")
    return args[0]


def _refuse(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    raise Refused(f"{follower.title} cannot be followed by a formula.")


def _number_taken(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    raise number_taken(follower.title)


def _made_of(follower: Follower, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``torch.tensor([x, y])`` copies the numbers; ``torch.as_tensor(x)`` is ``x``."""
    passed = args[isinstance(args[0], torch.Tensor) and follower.title.endswith("new_tensor") :]
    kept = func is not torch.tensor and bool(passed) and isinstance(passed[0], torch.Tensor)
    if kept or not any(follower.memory.knows(tensor) for tensor in tensors_in(passed, kwargs)):
        return func(*args, **kwargs)
    raise Refused(f"{follower.title} copies numbers only: torch.stack and torch.cat keep what they came from.")


_HIDDEN = frozenset({"detach", "detach_", "data.get", "data.set", "detach_copy"})
_TEXTS = frozenset({"__repr__", "__str__", "__format__"})
_Special = Callable[[Follower, Any, tuple[Any, ...], dict[str, Any]], Any]
_SPECIAL: dict[str, _Special] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(("detach", "data.get", "detach_copy"), _detached),
    **dict.fromkeys(("numpy", "__array__", "__dlpack__", "tolist"), _number_taken),
    **dict.fromkeys(("requires_grad_", "retain_grad", "requires_grad.set"), _itself),
    **dict.fromkeys(("tensor", "as_tensor", "asarray", "scalar_tensor", "new_tensor"), _made_of),
    **dict.fromkeys(
        (
            *("backward", "grad", "detach_", "data.set", "grad.set", "set_", "resize_", "resize_as_", "__deepcopy__"),
            *("__reduce_ex__", "register_hook", "register_post_accumulate_grad_hook", "untyped_storage", "storage"),
        ),
        _refuse,
    ),
}
