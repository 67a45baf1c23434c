"""Every change of a leaf's ``.grad``, and what caused it.

``backward()`` is seen as it ends; everything else (zeroed in place, set to ``None``, assigned, clipped) is seen by
comparing after each line.

Known limitations: a change that bypasses the version counter (``x.grad.data.zero_()``) is seen on gradients of up to
``values_per_tensor`` elements. Once the program has run more lines than are recorded, changes between two backward
passes are seen at the second, without their line.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import torch

from ..trace import Caps, GradientCause
from .drafts import ChangeDraft, GradientDraft, TensorDraft, Truncations
from .failures import Asides
from .quiet import fingerprint, plain
from .values import ValueReader


@dataclass(slots=True)
class _Watched:
    leaf: weakref.ref[torch.Tensor]
    draft: TensorDraft
    grad: weakref.ref[torch.Tensor] | None = None
    version: int = -1
    numbers: bytes | None = None


class GradientLog:
    """Watches the leaves that it is shown."""

    def __init__(self, caps: Caps, truncations: Truncations, values: ValueReader, asides: Asides) -> None:
        self._asides = asides
        self._values = values
        self._allowance = truncations.allowance("gradients", caps.gradients, "later changes of .grad")
        self._room = truncations.allowance("gradients", caps.watched_leaves, "changes of .grad of further leaves")
        self._compared_elements = caps.values_per_tensor
        self._watched: dict[int, _Watched] = {}
        self.changes: list[ChangeDraft] = []

    def watch(self, leaf: torch.Tensor, draft: TensorDraft) -> None:
        """Look after this leaf's ``.grad`` from now on. Call it inside ``quiet()``, as every method here."""
        key = draft.identity.index
        if key in self._watched or not self._room.take():
            return
        watched = _Watched(weakref.ref(leaf), draft)
        self._watched[key] = watched
        self._remember(watched, leaf.grad)

    def forget(self) -> None:
        """The run is over: look after no leaf any more."""
        self._watched.clear()

    def compare(self, step: int | None, line: int | None) -> None:
        """Note what happened to each ``.grad`` since it was last looked at, other than by ``backward()``."""
        for key, watched in list(self._watched.items()):
            leaf = watched.leaf()
            if leaf is None:
                del self._watched[key]
                continue
            try:
                cause = self._cause(watched, leaf.grad)
                if cause is not None:
                    self._note(watched, leaf.grad, step, line, cause)
            except Exception as error:
                self._asides.failed("gradients", "some changes of .grad", error)

    def accumulated(
        self,
        leaf: torch.Tensor,
        draft: TensorDraft,
        step: int | None,
        line: int | None,
        backward: int,
        added: GradientDraft,
        begun: int | None,
    ) -> None:
        """Note that ``backward()`` added to this leaf's ``.grad``; ``begun`` is the program's last step."""
        self.watch(leaf, draft)
        watched = self._watched.get(draft.identity.index)
        if watched is not None:
            self._note(watched, leaf.grad, step, line, "backward", backward, added, begun)

    def _note(
        self,
        watched: _Watched,
        grad: torch.Tensor | None,
        step: int | None,
        line: int | None,
        cause: GradientCause,
        backward: int | None = None,
        added: GradientDraft | None = None,
        begun: int | None = None,
    ) -> None:
        self._remember(watched, grad)
        if self._allowance.take():
            total = self._values.gradient(grad, begun)
            self.changes.append(ChangeDraft(watched.draft, step, line, cause, backward, added, total))

    def _remember(self, watched: _Watched, grad: torch.Tensor | None) -> None:
        if grad is None:
            watched.grad, watched.version, watched.numbers = None, -1, None
            return
        watched.grad = weakref.ref(grad)
        watched.version = grad._version
        watched.numbers = fingerprint(grad, self._compared_elements)

    def _cause(self, watched: _Watched, grad: torch.Tensor | None) -> GradientCause | None:
        before = watched.grad() if watched.grad is not None else None
        if grad is None:
            return "none" if watched.grad is not None else None
        if watched.grad is None or before is not grad:
            return "assigned"
        if grad._version == watched.version and fingerprint(grad, self._compared_elements) == watched.numbers:
            return None
        flat = plain(grad)
        return "zero" if flat is not None and not bool(flat.detach().any()) else "assigned"
