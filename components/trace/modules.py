"""What a program's modules cost: sizes, gradients and times, measured in a run of their own.

Apart from the records of the observed run, because whoever is asked this runs the program again, without observers of
numbers: a time that was taken beside them would be theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import msgspec

from .base import Number, Record

MOST_MODULES = 2_000
MOST_PARAMETERS = 5_000
LONGEST_NAME = 500
_MOST_INSIDE = 40_000
_MOST = 2**60
_Count = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
_Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]


class MeasureModules(Record, frozen=True, kw_only=True, tag="modules", tag_field="ask"):
    """What the program's modules cost. The answer is a trace that holds ``modules`` and nothing else."""


class ModuleParameter(Record, frozen=True, kw_only=True):
    """A parameter, by the first name that its model has for it.

    The three Euclidean norms are of the last ``optimizer.step()`` that was given it: of its gradient as the optimizer
    found it, of its values after the step, and of what the step changed. ``None`` where there was no such step.
    """

    name: _Name
    shape: list[int]
    dtype: _Name
    nbytes: _Count
    requires_grad: bool
    gradient_norm: Number | None = None
    weight_norm: Number | None = None
    update_norm: Number | None = None

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class ModuleCost(Record, frozen=True, kw_only=True):
    """A module with all that is inside of it; ``kind`` is its class, ``calls`` how often its forward ran.

    ``parameters`` are numbers of ``ModuleCosts.parameters``, each once. ``activation_bytes`` are those of the storages
    that its forward, or one inside of it, gave back first, in the call with the most; a storage counts once. Times are
    in nanoseconds, over all calls: of its forward, and of the nodes of its graph in ``backward()``; ``None`` where they
    were not measured.
    """

    path: _Name
    kind: _Name
    calls: _Count
    parameters: list[_Count]
    activation_bytes: _Count
    forward_ns: _Count | None = None
    backward_ns: _Count | None = None


class ModuleCosts(Record, frozen=True, kw_only=True):
    """The modules of a program that were called, those around others first, and their parameters.

    ``device`` is where they ran, ``steps`` counts the calls of ``optimizer.step()``. ``cut`` says that there were more
    modules or parameters, ``observed`` that they were measured beside observers, and so without times.
    """

    modules: Annotated[list[ModuleCost], msgspec.Meta(max_length=MOST_MODULES)]
    parameters: Annotated[list[ModuleParameter], msgspec.Meta(max_length=MOST_PARAMETERS)]
    device: _Name
    steps: _Count = 0
    cut: bool = False
    observed: bool = False


def module_problems(costs: ModuleCosts) -> Iterator[str]:
    """Yield what is wrong with the costs of modules that the types cannot say."""
    inside = list(chain.from_iterable(module.parameters for module in costs.modules))
    if len(inside) > MOST_PARAMETERS + _MOST_INSIDE:
        yield "its modules have too many parameters"
    if any(number >= len(costs.parameters) for number in inside):
        yield "a module has a parameter that is not there"
    if any(len(set(module.parameters)) < len(module.parameters) for module in costs.modules):
        yield "a module has a parameter twice"
    if len({module.path for module in costs.modules}) < len(costs.modules):
        yield "a module is there twice"
    if any(not 0 <= size <= _MOST for one in costs.parameters for size in one.shape):
        yield "a parameter has a size that is none"
    if any(len(one.shape) > 64 or one.count > _MOST for one in costs.parameters):
        yield "a parameter is too large"
