"""What the program calls the tensors that a node saved: a variable, or the expression that stands in its line.

A file of its own because the story, the picture and the words about bad numbers all name them.
"""

from __future__ import annotations

from ..trace import Node, SavedTensor
from .index import TraceIndex
from .operands import slot_of
from .words import Words

LONGEST_WORD = 40


def saved_word(index: TraceIndex, node: Node, saved: SavedTensor) -> str:
    """Return the program's word for what a node saved, PyTorch's (``self``, ``result``) where that is not certain."""
    tensor = index.tensors.get(saved.tensor or "")
    if tensor is not None and tensor.name:
        return tensor.name
    word: str | None = None
    slot = slot_of(node, saved.name)
    if isinstance(slot, int):
        word = index.once(Words).argument(node.id, slot)
    elif saved.name in ("result", "output"):
        expression = index.once(Words).expression(node.id)
        word = expression.text if expression is not None else None
    return word if word and len(word) <= LONGEST_WORD else saved.name
