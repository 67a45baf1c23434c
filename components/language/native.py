"""Where PyTorch's native code trusts its caller with sizes, the sizes are checked first.

Recurrent layers, the fast path of attention and fused optimizers read and write memory by sizes that their Python side
promises; a program can exchange weights and states. ``install`` puts the checks into this process's PyTorch, at the
last place before native code, where nothing that a program overrides can pass by. A program that uses PyTorch as
documented notices nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.modules.rnn
import torch.utils.checkpoint

from components.language.integer_tensors import as_array
from components.language.saved_tensors import CheckpointHook

# Functions that take lists of gradients and states, and whether the last list counts steps.
_FUSED = {"_fused_adam_": True, "_fused_adamw_": True, "_fused_adagrad_": True, "_fused_sgd_": False}
_GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
_rnn: Any = torch.nn.modules.rnn
_rnn_functions = _rnn._VF
_attention: Any = torch._native_multi_head_attention
_encoder_layer: Any = torch._transformer_encoder_layer_fwd


def install() -> None:
    """Put the checks in front of PyTorch's native code, for this whole process; once is enough."""
    if isinstance(_rnn._VF, _CheckedRnn):
        return
    replaced: list[tuple[Any, str, Any]] = [
        (torch.Tensor, "__array__", as_array),
        (_rnn, "_VF", _CheckedRnn()),
        (torch, "_native_multi_head_attention", _checked_attention),
        (torch, "_transformer_encoder_layer_fwd", _checked_encoder_layer),
        (torch.utils.checkpoint, "_checkpoint_hook", CheckpointHook),
        *((torch, name, _checked_fused(getattr(torch, name), counts)) for name, counts in _FUSED.items()),
    ]
    for owner, name, checked in replaced:
        setattr(owner, name, checked)


def _require(tensor: Any, shape: tuple[int, ...], like: torch.Tensor) -> None:
    if not isinstance(tensor, torch.Tensor) or tuple(tensor.shape) != shape:
        got = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else type(tensor).__name__
        raise RuntimeError(f"a tensor of this layer has shape {got}, expected {shape}")
    if tensor.device != like.device:
        raise RuntimeError(f"a tensor of this layer is on {tensor.device}, another on {like.device}")


class _CheckedRnn:
    """``torch._VF`` as ``torch.nn.modules.rnn`` uses it: weights must have the shapes that layers and sizes give."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(_rnn_functions, name)
        return _checked_rnn(real, _GATES[name]) if name in _GATES else real


def _checked_rnn(real: Callable[..., Any], gates: int) -> Callable[..., Any]:
    def call(x: torch.Tensor, *arguments: Any) -> Any:
        if len(arguments) < 8 or x.dim() != 3:
            raise RuntimeError("packed sequences are not available here")
        hx, weights, bias, layers, _, _, bidirectional, batch_first = arguments
        states = [hx] if isinstance(hx, torch.Tensor) else list(hx)
        directions = 2 if bidirectional else 1
        for state in states:
            _require(state, (layers * directions, x.shape[0 if batch_first else 1], state.shape[-1]), like=x)
        shapes = _weight_shapes(x.shape[-1], states, gates, bool(bias), layers, directions)
        if type(weights) is not list or len(weights) != len(shapes):
            raise RuntimeError(f"expected {len(shapes)} weights for {layers} layers")
        for weight, shape in zip(weights, shapes, strict=True):
            _require(weight, shape, like=x)
        return real(x, hx, [weight.contiguous() for weight in weights], *arguments[2:])

    return call


def _weight_shapes(
    inputs: int, states: list[torch.Tensor], gates: int, bias: bool, layers: int, directions: int
) -> list[tuple[int, ...]]:
    """For each layer and direction: ``weight_ih``, ``weight_hh``, two biases if any, ``weight_hr`` if projected."""
    out, hidden = states[0].shape[-1], states[-1].shape[-1]
    shapes: list[tuple[int, ...]] = []
    for layer in range(layers):
        width = inputs if layer == 0 else out * directions
        for _ in range(directions):
            shapes += [(gates * hidden, width), (gates * hidden, out)]
            shapes += [(gates * hidden,)] * 2 if bias else []
            shapes += [(out, hidden)] if out != hidden else []
    return shapes


def _checked_attention(
    query: torch.Tensor, key: Any, value: Any, embed_dim: int, num_head: int, *more: Any, **options: Any
) -> Any:
    _require_attention(query, embed_dim, num_head, more[:4])
    return _attention(query, key, value, embed_dim, num_head, *more, **options)


def _checked_encoder_layer(src: torch.Tensor, embed_dim: int, num_heads: int, *more: Any, **options: Any) -> Any:
    """``more`` is attention's four weights, use_gelu, norm_first, eps, two norms' and two linear layers' weights."""
    _require_attention(src, embed_dim, num_heads, more[:4])
    inner = more[11].shape[0]
    shapes = [(embed_dim,)] * 4 + [(inner, embed_dim), (inner,), (embed_dim, inner), (embed_dim,)]
    for tensor, shape in zip(more[7:15], shapes, strict=True):
        _require(tensor, shape, like=src)
    return _encoder_layer(src, embed_dim, num_heads, *more, **options)


def _require_attention(query: torch.Tensor, width: int, heads: int, weights: tuple[Any, ...]) -> None:
    if query.size(-1) != width or heads < 1 or width % heads:
        raise RuntimeError(f"{heads} heads and embed_dim {width} do not fit an input of width {query.size(-1)}")
    shapes = [(3 * width, width), (3 * width,), (width, width), (width,)]
    for tensor, shape in zip(weights, shapes, strict=True):
        _require(tensor, shape, like=query)


def _checked_fused(real: Callable[..., None], counts_steps: bool) -> Callable[..., None]:
    def call(params: list[torch.Tensor], *lists: Any, **options: Any) -> None:
        for position, tensors in enumerate(lists):
            steps = counts_steps and position == len(lists) - 1
            for param, tensor in zip(params, tensors, strict=bool(tensors)):
                _require(tensor, () if steps else tuple(param.shape), like=param)
                if not steps and (tensor.stride() != param.stride() or tensor.dtype != param.dtype):
                    raise RuntimeError("a fused optimizer needs gradients and states like their parameters")
        real(params, *lists, **options)

    return call
