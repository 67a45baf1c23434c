"""The autograd graph: every node once, with what it saved and where its gradient flows.

A node has no lasting identity in Python (``id()`` is reused), but PyTorch numbers nodes as they are made; an
``AccumulateGrad`` is recognised by its leaf. So the graph can be written down while nodes come and go, and watching
keeps none alive. All walks are iterative.

Known limitations: tensors packed by ``saved_tensors_hooks`` are not unpacked for the record; they show as packed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from msgspec import UNSET, UnsetType
from torch.multiprocessing.reductions import StorageWeakRef

from ..trace import Caps
from .drafts import NodeDraft, SavedDraft, TensorDraft, Truncations
from .failures import Asides, stop_if_asked
from .quiet import dtype_name, shape_of
from .tensors import TensorLog
from .torch_nodes import GraphNode, Packed, is_numbered, saved_by
from .values import ValueReader

_MARK = "autograd_lab"
_COPY = "ToCopyBackward0"


class NodeLog:
    """Makes one draft of each node that can be reached from what it is shown."""

    def __init__(
        self, caps: Caps, truncations: Truncations, tensors: TensorLog, values: ValueReader, asides: Asides
    ) -> None:
        self._asides = asides
        self._allowance = truncations.allowance("nodes", caps.nodes, "later nodes of the graph")
        self._tensors = tensors
        self._values = values
        self.first_number = 0
        self._by_number: dict[int, NodeDraft] = {}
        self._by_leaf: dict[int, NodeDraft] = {}
        # By address: while a weak reference to a storage is held, PyTorch gives its address to no other.
        self._storages: dict[int, tuple[int, StorageWeakRef]] = {}
        self.drafts: list[NodeDraft] = []

    def forget(self) -> None:
        """The run is over: keep the drafts, and nothing by which a node or a storage is recognised."""
        for known in (self._by_number, self._by_leaf, self._storages):
            known.clear()

    def register(self, root: GraphNode) -> NodeDraft | None:
        """Write down the part of the graph below ``root`` that is not known yet; return the root's draft.

        ``None`` if there is no room for it. Call it inside ``quiet()``.
        """
        draft = self._find_or_add(root)
        if draft is None or draft.targets is not None:
            return draft
        pending: list[tuple[NodeDraft, GraphNode]] = [(draft, root)]
        while pending:
            each, node = pending.pop()
            if each.targets is None:
                each.targets = self._targets(node, pending)
        return draft

    def reach(self, roots: Iterable[GraphNode]) -> tuple[list[NodeDraft], list[tuple[NodeDraft, GraphNode]]]:
        """Return the drafts of ``roots`` and every node that can be reached from them, each with its draft.

        Raises ``RunInterrupted`` where the run is to stop.
        """
        found = [(draft, root) for root in roots if (draft := self._find_or_add(root)) is not None]
        reached: list[tuple[NodeDraft, GraphNode]] = []
        seen: set[int] = set()
        pending = [*found]
        while pending:
            entry = pending.pop()
            draft, node = entry
            if draft.index in seen:
                continue
            seen.add(draft.index)
            stop_if_asked()
            reached.append(entry)
            if not draft.saved and draft.leaf is None:
                # It may have been met while it was being made: a pack hook sees the node before it saves.
                self._note_saved(draft, node)
            if draft.targets is None:
                draft.targets = self._targets(node, pending)
            else:
                self._known_targets(node, draft.targets, pending)
        return [draft for draft, _ in found], reached

    def _targets(
        self, node: GraphNode, pending: list[tuple[NodeDraft, GraphNode]]
    ) -> list[tuple[NodeDraft, int] | None]:
        """Find where a node's gradients flow; what was found is ``pending``."""
        targets: list[tuple[NodeDraft, int] | None] = []
        for target, input_number in node.next_functions:
            below = None if target is None else self._find_or_add(target)
            targets.append(None if below is None else (below, input_number))
            if below is not None:
                pending.append((below, target))
        return targets

    def _known_targets(
        self,
        node: GraphNode,
        targets: Sequence[tuple[NodeDraft, int] | None],
        pending: list[tuple[NodeDraft, GraphNode]],
    ) -> None:
        """Go on below a node whose targets are known; a leaf may be another tensor by now."""
        for (target, _), known in zip(node.next_functions, targets, strict=True):
            if known is not None:
                pending.append((known[0], target))
                if known[0].leaf is not None:
                    self._find_or_add(target)

    def _find_or_add(self, node: GraphNode) -> NodeDraft | None:
        number = node._sequence_nr()
        leaf: TensorDraft | None = None
        if not is_numbered(number):
            variable = getattr(node, "variable", None)
            leaf = self._tensors.observe(variable) if variable is not None else None
            if leaf is None:
                return None
            known = self._by_leaf.get(leaf.identity.index)
        elif number < self.first_number:
            known = self._made_elsewhere(node)
        else:
            known = self._by_number.get(number)
        if known is not None:
            return known
        if not self._allowance.take():
            return None
        draft = NodeDraft(len(self.drafts), number, node.name().rpartition("::")[2], leaf)
        self.drafts.append(draft)
        if leaf is not None:
            self._by_leaf[leaf.identity.index] = draft
            return draft
        if number < self.first_number:
            node.metadata[_MARK] = draft
            draft.number = 0  # nobody of this thread made it
        else:
            self._by_number[number] = draft
        if draft.name == _COPY:
            draft.cast = _cast_of(node)
        self._note_saved(draft, node)
        return draft

    def _made_elsewhere(self, node: GraphNode) -> NodeDraft | None:
        """Each thread counts its nodes from 0: those of other threads carry a mark instead."""
        known = node.metadata.get(_MARK)
        drafts = self.drafts  # the mark may be that of an earlier recording
        ours = isinstance(known, NodeDraft) and known.index < len(drafts) and drafts[known.index] is known
        return known if ours else None

    def _note_saved(self, draft: NodeDraft, node: GraphNode) -> None:
        try:
            self._read_saved(draft, node)
        except Exception as error:
            self._asides.failed("nodes", f"what {draft.name} saved", error)

    def _read_saved(self, draft: NodeDraft, node: GraphNode) -> None:
        sizes: dict[int, int] = {}
        for name, value in saved_by(node):
            if isinstance(value, torch.Tensor):
                storage, key, size = self._storage(value)
                sizes[key] = size
                draft.saved.append(self._saved_tensor(name, value, storage))
            elif isinstance(value, Packed):
                draft.packed = True
                draft.saved.append(SavedDraft(name, "packed by saved_tensors_hooks"))
            else:
                draft.saved.append(SavedDraft(name, value))
        draft.saved_bytes = sum(sizes.values())

    def _saved_tensor(self, name: str, value: torch.Tensor, storage: tuple[int, int] | UnsetType) -> SavedDraft:
        tensor = self._tensors.sharing_memory(value)
        return SavedDraft(
            name,
            shape=shape_of(value),
            dtype=dtype_name(value.dtype),
            nbytes=value.numel() * value.element_size(),
            values=self._values.numbers(value) if tensor is None else None,
            storage=storage,
            tensor=tensor,
        )

    def _storage(self, tensor: torch.Tensor) -> tuple[tuple[int, int] | UnsetType, int, int]:
        """Return the number of a tensor's storage, the same whenever it is met, and its bytes; a key and the bytes."""
        try:
            storage = tensor.untyped_storage()
        except RuntimeError:  # it has none: sparse, for instance
            return UNSET, id(tensor), tensor.numel() * tensor.element_size()
        key, size = storage._cdata, storage.nbytes()
        known = self._storages.get(key)
        if known is None:
            known = len(self._storages), StorageWeakRef(storage)  # type: ignore[no-untyped-call]
            self._storages[key] = known
        return (known[0], size), key, size


def _cast_of(node: GraphNode) -> tuple[str, str] | None:
    """Return from which dtype to which a copy was made, ``None`` where that is the same."""
    below, number = node.next_functions[0]
    try:
        ends = below._input_metadata[number].dtype, node._input_metadata[0].dtype
    except (AttributeError, IndexError):  # a node that is written in Python does not say it
        return None
    return (dtype_name(ends[0]), dtype_name(ends[1])) if ends[0] != ends[1] else None
