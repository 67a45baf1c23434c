"""The variables of a program between which a derivative can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from ..trace import Tensor, Trace


@dataclass(frozen=True)
class Variables:
    """Names that the program bound at its top level, the latest output first, the leaves in order."""

    outputs: tuple[str, ...]
    inputs: tuple[str, ...]


def differentiable_variables(trace: Trace) -> Variables:
    """Return results with a ``grad_fn`` and leaves that require a gradient."""
    tensors: dict[str, Tensor] = {tensor.id: tensor for tensor in trace.tensors}
    bound: dict[str, Tensor] = {}
    for step in trace.steps:
        if step.function is None:
            for name, value in step.variables.items():
                if value in tensors and name.isidentifier():
                    bound.pop(name, None)
                    bound[name] = tensors[value]
    outputs = [name for name, tensor in bound.items() if tensor.node is not None]
    inputs = [name for name, tensor in bound.items() if tensor.is_leaf and tensor.requires_grad]
    return Variables(tuple(reversed(outputs)), tuple(inputs))
