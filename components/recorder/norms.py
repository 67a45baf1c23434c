"""What one step did to each parameter, in numbers: norms and histograms of its gradient and its values, its update.

So much of every recorded step is kept; of few of them a whole trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from ..capture.quiet import quiet
from ..capture.updates import Update, norms
from ..trace.recording import MOST_STATES, Amount
from .histograms import Sizes, sizes_of

Column = dict[str, Amount | None]
_LONGEST_STATE = 60


@dataclass
class Norms:
    """The norms of one step, by the name of the parameter; ``name_of`` says what it is called.

    ``state`` are those of what the optimizer keeps for it, by the optimizer's own names (``exp_avg``).
    """

    name_of: Callable[[torch.Tensor], str]
    gradients: Column = field(default_factory=dict)
    weights: Column = field(default_factory=dict)
    updates: Column = field(default_factory=dict)
    state: dict[str, Column] = field(default_factory=dict)
    sizes: tuple[list[Sizes], list[Sizes]] = field(default_factory=lambda: ([], []))
    """Histograms of the gradients, and of the weights."""
    uncopied: int = 0
    """Of how many parameters no update is known."""
    _update: Update = field(default_factory=Update)
    _optimizer: torch.optim.Optimizer | None = None

    def begin(self, optimizer: torch.optim.Optimizer) -> None:
        """The optimizer begins: note the gradients as it finds them, and copy the values."""
        with quiet():
            self._optimizer = optimizer
            gradients = self._update.begin(optimizer)
            names = self._names()
            self.gradients.update(zip(names, norms(gradients), strict=True))
            self.sizes[0].extend(sizes_of(names, gradients))

    def end(self) -> None:
        """It has updated: note what changed, and what the values and the optimizer's state are now."""
        with quiet():
            names, parameters = self._names(), self._update.parameters
            weights, updates = self._update.end()
            self.weights.update(zip(names, weights, strict=True))
            self.updates.update(zip(names, updates, strict=True))
            self.uncopied += updates.count(None)
            self.sizes[1].extend(sizes_of(names, parameters))
            optimizer, self._optimizer = self._optimizer, None
            if optimizer is not None:
                self._note_state(optimizer, names, parameters)

    def forget(self) -> None:
        """Let go of all tensors."""
        self._update.forget()
        self._optimizer = None

    def _names(self) -> list[str]:
        return [self.name_of(each) for each in self._update.parameters]

    def _note_state(
        self, optimizer: torch.optim.Optimizer, names: Sequence[str], parameters: Sequence[torch.Tensor]
    ) -> None:
        kept = [
            (key, name, tensor)
            for name, parameter in zip(names, parameters, strict=True)
            for key, tensor in _state_of(optimizer, parameter)
        ]
        for (key, name, _), norm in zip(kept, norms([tensor for _, _, tensor in kept]), strict=True):
            if key in self.state or len(self.state) < MOST_STATES:
                self.state.setdefault(key, {})[name] = norm


def _state_of(optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield what an optimizer keeps for a parameter and is as large or smaller: not its counts of steps."""
    for key, tensor in optimizer.state.get(parameter, {}).items():
        named = isinstance(key, str) and len(key) <= _LONGEST_STATE and key != "step"
        if named and isinstance(tensor, torch.Tensor) and tensor.numel() <= parameter.numel():
            yield key, tensor
