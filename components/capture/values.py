"""A tensor's numbers in JSON: nested lists for small ones, seven numbers for any."""

from __future__ import annotations

import math
import weakref
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch.multiprocessing.reductions import StorageWeakRef

from ..trace import Caps, Summary, Values
from .drafts import GradientDraft, Truncations
from .quiet import plain, quiet, shape_of
from .summaries import SUMMARY_ALONE, Reading, Summaries, Wanted, json_number, json_numbers

# A summary copies the tensor to float64: the program must not run out of memory because it was looked at.
_LARGEST_SUMMARISED = 4_000_000
_MOST_PASSING = 1_024
_MOST_SIZES = 20_000
_FEW = 16
_MOST_DIMENSIONS = 32  # NumPy's, with a margin
# Those whose memory NumPy can read as it is.
_NUMPY_TOO = frozenset(
    {torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8}
    | {torch.bool}
)


class _Memory(NamedTuple):
    """What was read of a piece of memory. While ``storage`` is held, PyTorch gives its address to no other."""

    storage: StorageWeakRef
    state: tuple[int, int, torch.dtype, int]
    reading: Reading


class ValueReader:
    """Reads values and summaries as long as the budget for them lasts; ``finish`` completes what was read.

    ``room`` is for how many bytes of copies may wait for that.
    """

    def __init__(self, caps: Caps, truncations: Truncations, room: int = 0) -> None:
        self._per_tensor = caps.values_per_tensor
        self._values = truncations.allowance("values", caps.values, "the values of later tensors and gradients")
        self._grids = truncations.allowance("values", caps.grids, "the heat maps of later gradients")
        self._summarised = truncations.allowance(
            "values", caps.summarised_elements, "the summaries of later tensors and gradients"
        )
        self._sizes = truncations.allowance("values", _MOST_SIZES, "the sizes of the elements of later gradients")
        self._summaries = Summaries(room)
        # What one node sends is what the next one gets: by id(), as long as that tensor lives and nothing touched it.
        self._passing: dict[int, tuple[weakref.ref[torch.Tensor], tuple[int, int], GradientDraft]] = {}
        # A view has the same numbers, and so has ``.grad`` where nothing was there before: by address and columns.
        self._memory: dict[tuple[int, int], _Memory] = {}

    def forget(self) -> None:
        """Let go of what waits for ``finish``."""
        self._summaries.forget()

    def finish(self) -> None:
        """The run is over: complete all readings."""
        self._summaries.finish()

    @property
    def held(self) -> int:
        """The bytes of the copies that wait for ``finish``."""
        return self._summaries.held

    def read(self, tensor: torch.Tensor) -> Reading:
        """Return what there is to show of a tensor, as far as the budget lasts."""
        with quiet():
            flat = plain(tensor)
            if flat is None or flat.is_complex():
                return Reading()
            return self._single(flat) if flat.numel() == 1 else self._several(flat, None)

    def numbers(self, tensor: torch.Tensor) -> Values:
        """Return a small tensor's values alone; ``None`` where there is nothing to show or the budget is spent."""
        count = tensor.numel()
        flat = plain(tensor) if count <= self._per_tensor else None
        if flat is None or flat.is_complex() or not self._values.take(max(count, 1)):
            return None
        return _listed(flat)

    def gradient(self, tensor: torch.Tensor | None, begun: int | None = None) -> GradientDraft | None:
        """Return the draft of one gradient, ``None`` for an undefined one. Call it inside ``quiet()``.

        ``begun`` is the program's last step if the gradient may be one that has passed between two nodes.
        """
        if tensor is None:
            return None
        return self._gradient(tensor, None if tensor.is_inference() else begun)

    def nothing_passes(self) -> None:
        """An engine run begins or ends: what the program does between two runs of one line leaves no mark here."""
        self._passing.clear()
        self._memory.clear()

    def passing(self, tensor: torch.Tensor, begun: int | None) -> GradientDraft:
        """Return the draft of a gradient between two nodes; the one node's is the other's.

        ``begun`` is the program's last step: a line of its own (a hook) may change a tensor past its version counter.
        """
        if begun is None or tensor.is_inference():
            return self._gradient(tensor, None)
        state = begun, int(tensor._version)
        before = self._passing.get(id(tensor))
        if before is not None and before[0]() is tensor and before[1] == state:
            return before[2]
        gradient = self._gradient(tensor, begun)
        if len(self._passing) >= _MOST_PASSING:
            self._passing.clear()
            self._memory.clear()
        self._passing[id(tensor)] = weakref.ref(tensor), state, gradient
        return gradient

    def _gradient(self, tensor: torch.Tensor, begun: int | None) -> GradientDraft:
        shape = shape_of(tensor)
        flat = plain(tensor)
        if flat is None or flat.is_complex():
            return GradientDraft(shape, None)
        count = flat.numel()
        if count == 1:
            return GradientDraft(shape, self._single(flat))
        if begun is not None and count > self._per_tensor:
            return GradientDraft(shape, self._shared(flat, begun, count))
        return GradientDraft(shape, self._several(flat, shape[-1]))

    def _shared(self, flat: torch.Tensor, begun: int, count: int) -> Reading:
        """Read a gradient of many elements, or find what was read of the same numbers, perhaps as another view."""
        turned = False
        if not flat.is_contiguous():
            turned = flat.dim() == 2 and flat.mT.is_contiguous()
            if not turned:
                return self._several(flat, flat.shape[-1])
            flat = flat.mT
        key, storage = (flat.data_ptr(), flat.shape[-1]), flat.untyped_storage()
        state = begun, int(flat._version), flat.dtype, count
        known = self._memory.get(key)
        if known is not None and known.state == state and known.storage.cdata == storage._cdata and not flat.is_neg():
            reading = known.reading
        else:
            reading = self._several(flat, flat.shape[-1])
            if not flat.is_neg():
                reference = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
                self._memory[key] = _Memory(reference, state, reading)
        return reading.of_transposed() if turned else reading

    def _single(self, flat: torch.Tensor) -> Reading:
        """The one element of a tensor, in as many lists as it has dimensions."""
        number = flat.item()
        summary = _summary_of_one(float(number)) if self._summarised.take() else None
        if not self._values.take():
            return Reading(None, summary)
        values: Values = json_number(number)
        for _ in range(flat.dim()):
            values = [values]
        return Reading(values, summary)

    def _several(self, flat: torch.Tensor, columns: int | None) -> Reading:
        """Read a tensor of any number of elements but one; of a gradient with ``columns`` more is wanted."""
        count = flat.numel()
        summarised = count <= _LARGEST_SUMMARISED and self._summarised.take(count)
        valued = count <= self._per_tensor and self._values.take(max(count, 1))
        if not count:
            return Reading(flat.tolist() if valued else None, _NOTHING if summarised else None)
        reading = Reading()
        if valued and summarised and flat.is_floating_point() and flat.dim() < _MOST_DIMENSIONS:
            self._summaries.add(_row(flat), reading, shape=flat.shape)
        elif valued:
            reading.values = _listed(flat)
            if summarised:
                self._summaries.add(_row(flat), reading)
        elif summarised:
            wanted = self._wanted(columns) if columns and flat.is_floating_point() else SUMMARY_ALONE
            self._summaries.add(_row(flat), reading, wanted)
        return reading

    def _wanted(self, columns: int) -> Wanted:
        return Wanted(columns if self._grids.take() else 0, self._sizes.take())


_NOTHING = Summary(min=None, max=None, mean=None, std=None, nan=0, inf=0, zero=0)


def _listed(flat: torch.Tensor) -> Values:
    """Return all elements as JSON has them; where the sum of many is finite, all are."""
    values = flat.tolist()
    many = flat.numel() > _FEW and flat.is_floating_point()
    return values if many and math.isfinite(flat.sum().item()) else json_numbers(values)


def _row(flat: torch.Tensor) -> NDArray[Any]:
    """Return all elements in a row, where possible in their own memory: they are read at once."""
    if flat.dtype in _NUMPY_TOO and flat.is_cpu and not flat.is_neg():
        return (flat.detach() if flat.requires_grad else flat).numpy().reshape(-1)
    return flat.detach().to(torch.float64).numpy(force=True).reshape(-1)


def _summary_of_one(number: float) -> Summary:
    if math.isfinite(number):
        return Summary(min=number, max=number, mean=number, std=0.0, nan=0, inf=0, zero=int(number == 0))
    nan = math.isnan(number)
    return Summary(min=None, max=None, mean=None, std=None, nan=int(nan), inf=int(not nan), zero=0)
