"""The program's tensors, as they were at each moment.

A tensor object is recognised by a weak reference, so that watching keeps none alive; a new record is made when its
version counter, its ``grad_fn``, ``requires_grad`` or its memory changed.

Known limitations: a change that bypasses the version counter (``x.data.add_(1)``) is seen on leaves of up to
``values_per_tensor`` elements, whose numbers are compared, and missed on larger ones.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

import torch
from msgspec import Struct
from torch.multiprocessing.reductions import StorageWeakRef

from ..trace import Caps
from .drafts import NodeDraft, TensorDraft, Truncations
from .failures import Asides
from .quiet import device_name, dtype_name, fingerprint, is_ordinary, plain, shape_of
from .summaries import Reading
from .torch_nodes import GraphNode
from .values import ValueReader

State = tuple[int | None, bool, int, int]
Region = tuple[int, torch.Size, tuple[int, ...]]


class _Live(Struct, eq=False):
    """A tensor that was seen. An ``ordinary`` one may have become another kind only together with its address."""

    reference: weakref.ref[torch.Tensor]
    draft: TensorDraft
    state: State
    numbers: bytes | None
    ordinary: bool


class TensorLog:
    """Makes a draft of each tensor that it is shown, and a new one whenever the tensor changed.

    ``register`` writes down the graph below a tensor's ``grad_fn`` and returns that node's draft.
    """

    def __init__(
        self,
        caps: Caps,
        truncations: Truncations,
        values: ValueReader,
        asides: Asides,
        register: Callable[[GraphNode], NodeDraft | None],
    ) -> None:
        self._asides = asides
        self._allowance = truncations.allowance("tensors", caps.tensors, "records of later tensors")
        self._compared_elements = caps.values_per_tensor
        self._values = values
        self._live: dict[int, _Live] = {}
        self._by_region: dict[Region, int] = {}
        # By address: while a weak reference to a storage is held, PyTorch gives its address to no other.
        self._by_storage: dict[int, tuple[TensorDraft, StorageWeakRef]] = {}
        self._register = register
        self.drafts: list[TensorDraft] = []

    def forget(self) -> None:
        """The run is over: keep the drafts, and nothing by which a tensor is recognised."""
        for known in (self._live, self._by_region, self._by_storage):
            known.clear()

    def known(self, tensor: torch.Tensor) -> TensorDraft | None:
        """Return the newest draft of this tensor object, ``None`` if it was never shown."""
        live = self._live.get(id(tensor))
        return live.draft if live is not None and live.reference() is tensor else None

    def is_still(self, tensor: torch.Tensor, seen: object) -> bool:
        """Whether ``seen`` is the draft of this tensor and nothing about it has changed since."""
        live = self._live.get(id(tensor))
        return (
            live is not None
            and live.draft is seen
            and live.ordinary
            and live.reference() is tensor
            and live.state == _ordinary_state(tensor)
            and not self._changed_unseen(tensor, live)
        )

    def sharing_memory(self, tensor: torch.Tensor) -> TensorDraft | None:
        """Return the draft of the living program tensor with the same memory, shape and strides."""
        draft = self.known(tensor)
        if draft is not None:
            return draft
        region = _region(tensor)
        live = self._live.get(self._by_region.get(region, 0)) if region is not None else None
        if live is None:
            return None
        candidate = live.reference()
        return live.draft if candidate is not None and _region(candidate) == region else None

    def observe(self, tensor: torch.Tensor, name: str | None = None, *, weak: bool = False) -> TensorDraft | None:
        """Return the draft of the tensor as it is now; ``None`` past the cap. Call it inside ``quiet()``.

        A ``weak`` name is its own only if no other is found for it.
        """
        if weak:
            draft = self.observe(tensor)
            if draft is not None and draft.identity.weak_name is None:
                draft.identity.weak_name = name
            return draft
        live = self._live.get(id(tensor))
        if live is not None and live.reference() is not tensor:
            live = None
        state = _state(tensor) if live is None or not live.ordinary else _ordinary_state(tensor)
        if live is not None and live.state == state and not self._changed_unseen(tensor, live):
            if name is not None:
                identity = live.draft.origin or live.draft
                if identity.name is None:
                    identity.name = name
            return live.draft
        if not self._allowance.take():
            return live.draft if live is not None else None
        draft = self._draft(tensor, live.draft if live is not None else None, name, state)
        self._live[id(tensor)] = _Live(
            weakref.ref(tensor), draft, state, self._fingerprint(tensor), is_ordinary(tensor)
        )
        region = _region(tensor)
        if region is not None:
            self._by_region[region] = id(tensor)
            draft.shares = self._first_in_storage(tensor, draft)
        # Only now, since the node below may have saved this very tensor.
        node = tensor.grad_fn
        if node is not None:
            draft.node = self._register(node)
        if tensor._is_view() and not _wrapped(tensor) and tensor._base is not None:
            draft.view_of = self.observe(tensor._base)
        return draft

    def _draft(self, tensor: torch.Tensor, before: TensorDraft | None, name: str | None, state: State) -> TensorDraft:
        try:
            reading = self._values.read(tensor)
        except Exception as error:
            self._asides.failed("values", "the numbers of some tensors", error)
            reading = Reading()
        draft = TensorDraft(
            index=len(self.drafts),
            origin=before.identity if before is not None else None,
            name=name,
            shape=shape_of(tensor),
            dtype=dtype_name(tensor.dtype),
            device=device_name(tensor.device),
            requires_grad=tensor.requires_grad,
            is_leaf=tensor.is_leaf,
            version=state[0],
            nbytes=tensor.numel() * tensor.element_size(),
            reading=reading,
        )
        self.drafts.append(draft)
        if before is not None and before.identity.name is None:
            before.identity.name = name
        return draft

    def _first_in_storage(self, tensor: torch.Tensor, draft: TensorDraft) -> TensorDraft | None:
        """Return the draft that was seen first in the storage of a tensor, ``None`` if it is this one."""
        try:
            storage = tensor.untyped_storage()
        except RuntimeError:  # it has none
            return None
        known = self._by_storage.get(storage._cdata)
        if known is None:
            self._by_storage[storage._cdata] = draft, StorageWeakRef(storage)  # type: ignore[no-untyped-call]
        return known[0] if known is not None else None

    def _changed_unseen(self, tensor: torch.Tensor, live: _Live) -> bool:
        return live.numbers is not None and fingerprint(tensor, self._compared_elements, live.ordinary) != live.numbers

    def _fingerprint(self, tensor: torch.Tensor) -> bytes | None:
        return fingerprint(tensor, self._compared_elements) if tensor.is_leaf and not _wrapped(tensor) else None


def _wrapped(tensor: torch.Tensor) -> bool:
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def _ordinary_state(tensor: torch.Tensor) -> State:
    node = tensor.grad_fn
    return tensor._version, tensor.requires_grad, node._sequence_nr() if node is not None else -1, tensor.data_ptr()


def _state(tensor: torch.Tensor) -> State:
    if is_ordinary(tensor):
        return _ordinary_state(tensor)
    node = tensor.grad_fn
    version = None if tensor.is_inference() else int(tensor._version)
    flat = plain(tensor) if not _wrapped(tensor) else None
    address = flat.data_ptr() if flat is not None else 0
    return version, tensor.requires_grad, node._sequence_nr() if node is not None else -1, address


def _region(tensor: torch.Tensor) -> Region | None:
    if not is_ordinary(tensor) and (plain(tensor) is None or _wrapped(tensor)):
        return None
    if tensor.numel() == 0:
        return None
    return tensor.data_ptr(), tensor.shape, tensor.stride()
