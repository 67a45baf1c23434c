"""Which tensors lie in the same memory: a view and its base, and what ``detach()`` or ``.data`` gave.

Known limitations: traces from before storages were recorded know of views only. What was said of a tensor that is gone
by the end is said of its last record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import UNSET

from ..trace import Tensor
from .index import TraceIndex
from .text import some_of

_MOST_NAMES = 6


class Sharing:
    """Look-up tables over the named tensors of one trace, as they were last: ``index.once(Sharing)``."""

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self._together: defaultdict[str, list[Tensor]] = defaultdict(list)
        for tensor in index.latest.values():
            if tensor.name is not None:
                self._together[_storage(tensor)].append(tensor)

    def base(self, tensor: Tensor) -> Tensor | None:
        """Return the tensor that this one is a view of, as it was then."""
        return self._index.tensors.get(tensor.view_of or "")

    def shares(self, one: Tensor, other: Tensor) -> bool:
        """Return whether two tensors, as they were last, lie in one storage."""
        latest = self._index.latest
        storages = {_storage(latest.get(tensor.origin, tensor)) for tensor in (one, other)}
        return len(storages) == 1

    def rows(self, tensor: Tensor) -> list[tuple[str, str]]:
        """Return what a card says of it: ``view of``, ``views`` of it, and what else ``shares its memory``."""
        base = self.base(tensor)
        others = [one for one in self._together.get(_storage(tensor), ()) if one.origin != tensor.origin]
        views, beside = list[Tensor](), list[Tensor]()
        for one in others:
            if self._is_view(one, tensor):
                views.append(one)
            elif base is None or one.origin != base.origin:
                beside.append(one)
        rows = [("view of", base.name or base.id)] if base is not None else []
        named = (("views", views), ("shares its memory", beside))
        return rows + [(word, _names(tensors)) for word, tensors in named if tensors]

    def _is_view(self, tensor: Tensor, of: Tensor) -> bool:
        base = self.base(tensor)
        return base is not None and base.origin == of.origin


def _storage(tensor: Tensor) -> str:
    return tensor.id if tensor.shares is UNSET else tensor.shares


def _names(tensors: Iterable[Tensor]) -> str:
    return some_of(list(dict.fromkeys(tensor.name or "" for tensor in tensors)), _MOST_NAMES)
