"""What no observer can see of a training, named in its traces: compiled regions, buckets, fused updates, threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn

_COMPILED = "CompiledFunctionBackward"
_IN_BUCKETS = ("DistributedDataParallel", "FullyShardedDataParallel", "FSDPModule", "DeepSpeedEngine")


def unseen(
    nodes: Iterable[str],
    models: Iterable[nn.Module],
    optimizers: Iterable[torch.optim.Optimizer],
    threads: Iterable[str],
) -> Iterator[str]:
    """Yield a sentence for each thing that took part in a step and that its trace does not show from the inside.

    ``nodes`` are the names of the graph's.
    """
    compiled = sum(name == _COMPILED for name in nodes)
    if compiled:
        yield (
            f"torch.compile made {compiled} of these nodes ({_COMPILED}): each is a region of the model, and what "
            "happens inside of it is not seen."
        )
    kinds = sorted({name for model in models for module in model.modules() for name in _bucketed(type(module))})
    if kinds:
        yield (
            f"{', '.join(kinds)} exchanges gradients between processes in buckets while backward runs. That is not "
            "seen; the gradients of this process are."
        )
    fused = sorted({type(each).__name__ for each in optimizers if any(g.get("fused") for g in each.param_groups)})
    if fused:
        yield f"{', '.join(fused)} is fused: its update is one kernel. What it changed is seen, its parts are not."
    others = sorted(threads)
    if others:
        yield f"Other threads ran during this step ({', '.join(others)}). What they did is not seen."


def _bucketed(kind: type) -> Iterator[str]:
    yield from (base.__name__ for base in kind.__mro__ if base.__name__ in _IN_BUCKETS)
