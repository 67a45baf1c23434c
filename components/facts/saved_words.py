"""What a node saved, in the program's words: in which slot of the node it went in, and what stands there in the line.

A file of its own because the story, the picture, the cards and the words about bad numbers all name saved tensors.
"""

from __future__ import annotations

from ..trace import Node, SavedTensor
from .index import TraceIndex
from .words import Words

LONGEST_WORD = 40
# PyTorch's names for what an operation returned.
RESULTS = frozenset({"result", "output", "result0"})
# In which slot the gradient of what is saved under a name goes on.
_SLOTS = {
    "A": 0,
    "batch1": 1,
    "batch2": 2,
    "end": 1,
    "exponent": 1,
    "input": 0,
    "key": 1,
    "mat": 1,
    "mat1": 1,
    "mat2": 1,
    "max": 2,
    "min": 1,
    "other": 1,
    "query": 0,
    "self": 0,
    "target": 1,
    "tensor": 1,
    "tensor1": 1,
    "tensor2": 2,
    "value": 2,
    "vec": 1,
    "weight": 1,
    "x1": 0,
    "x2": 1,
}
_SLOTS_OF: dict[str, dict[str, int | None]] = {
    "AddmmBackward0": {"mat2": 2},
    "AddmvBackward0": {"vec": 2},
    "AddcmulBackward0": {"value": None},
    "AddcdivBackward0": {"value": None},
    "ClampMaxBackward1": {"max": 1},
    "IndexFillBackward0": {"value": None},
    "LerpBackward0": {"weight": 2},
    "LerpBackward1": {"weight": 2},
    "PowBackward2": {"exponent": 0},
    "XlogyBackward2": {"other": 1},
}
# In a loss these are no argument that a gradient goes to.
_NO_SLOT = {"weight": ("LossBackward", "EntropyBackward", "LogitsBackward", "Loss2DBackward")}


def slot_of(node: Node, name: str) -> int | None:
    """Return the slot of ``grad_inputs`` that belongs to what a node saved under a name; ``None`` if there is none."""
    if node.name.partition("Backward")[2].startswith("Backward"):
        return None
    if any(part in node.name for part in _NO_SLOT.get(name, ())):
        return None
    return _SLOTS_OF.get(node.name, {}).get(name, _SLOTS.get(name))


def saved_word(index: TraceIndex, node: Node, saved: SavedTensor) -> str:
    """Return the program's word for what a node saved, PyTorch's (``self``, ``result``) where that is not certain."""
    tensor = index.tensors.get(saved.tensor or "")
    if tensor is not None and tensor.name:
        return tensor.name
    word: str | None = None
    slot = slot_of(node, saved.name)
    if slot is not None:
        word = index.once(Words).argument(node.id, slot)
    elif saved.name in RESULTS:
        expression = index.once(Words).expression(node.id)
        word = expression.text if expression is not None else None
    return word if word and len(word) <= LONGEST_WORD else saved.name
