"""Who made a node: the line, the module, the backward pass.

PyTorch numbers autograd nodes as they are made. Noting the next number whenever the program moves to another line (or
enters a module, or a backward pass) says afterwards, at no cost to the program, who made which node. Nodes that a
``create_graph`` pass builds are numbered by the same counter.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

import torch

T = TypeVar("T")

next_node_number = torch._C._autograd._get_sequence_nr


class Marks(Generic[T]):
    """From node number ``numbers[i]`` on, nodes were made by ``owners[i]``."""

    def __init__(self, owner: T) -> None:
        self._numbers: list[int] = [0]
        self._owners: list[T] = [owner]

    @property
    def current(self) -> T:
        """Whoever makes nodes now."""
        return self._owners[-1]

    def switch(self, owner: T) -> None:
        """Say that ``owner`` makes the nodes from here on."""
        number = next_node_number()
        if self._numbers[-1] == number:
            self._owners[-1] = owner
        elif self._owners[-1] != owner:
            self._numbers.append(number)
            self._owners.append(owner)

    def owner_of(self, number: int) -> T:
        """Return who made the node with this number."""
        return self._owners[bisect_right(self._numbers, number) - 1]
