"""What observers write down while a program runs, as far as their caps allow.

A draft is a record under construction: it points at other drafts, because ids and some names are known at the end only.
Below all observers, so that each may name what another one wrote. Python's collector does not look through drafts, of
which there are millions: whoever is done with them takes their cycles apart (``NodeDraft.forget``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from ..trace import (
    Backward,
    BackwardStep,
    EngineFailure,
    Gradient,
    GradientCause,
    GradientChange,
    Observer,
    SavedTensor,
    Step,
    Tensor,
    Truncation,
    Values,
)
from .summaries import Reading
from .torch_nodes import short

# PyTorch's words for a node whose saved tensors are gone; a run can stop at such a node for other reasons too.
_SECOND_TIME = "backward through the graph a second time"


class Truncations:
    """The list of observers that reached their cap, in the order in which they did."""

    def __init__(self) -> None:
        self.reached: list[Truncation] = []

    def allowance(self, observer: Observer, cap: int, missing: str) -> Allowance:
        """Return a counter that allows ``cap`` things and then notes that ``missing`` is not in the trace."""
        return Allowance(self, Truncation(observer=observer, cap=cap, missing=missing))


class Allowance:
    """Counts what one observer records, up to a cap. It is asked first; from the first refusal on, which is written
    down, the answer is no."""

    def __init__(self, log: Truncations, truncation: Truncation) -> None:
        self._log = log
        self._truncation = truncation
        self.left = truncation.cap
        self.exhausted = False

    def take(self, count: int = 1) -> bool:
        """Use up ``count`` and say whether that much was left; a refusal leaves the rest for smaller requests."""
        if count <= self.left:
            self.left -= count
            return True
        if not self.exhausted:
            self.exhausted = True
            self._log.reached.append(self._truncation)
        return False


class GradientDraft(Struct, eq=False, gc=False):
    """A gradient at one moment; nodes that pass it on share it. ``reading`` is ``None`` where nothing can be read."""

    shape: list[int]
    reading: Reading | None
    record: Gradient | None = None

    def finish(self) -> Gradient:
        """Return the record, the same one each time."""
        if self.record is None:
            seen = self.reading or _UNREADABLE
            self.record = Gradient(
                shape=self.shape, values=seen.values, summary=seen.summary, grid=seen.grid, sizes=seen.sizes
            )
        return self.record


_UNREADABLE = Reading()


def _finished(gradient: GradientDraft | None) -> Gradient | None:
    return gradient.finish() if gradient is not None else None


class TensorDraft(Struct, eq=False, gc=False):
    """A tensor at one moment; ``origin`` is the first draft of the same tensor object, ``shares`` of its storage."""

    index: int
    origin: TensorDraft | None
    name: str | None
    shape: list[int]
    dtype: str
    device: str
    requires_grad: bool
    is_leaf: bool
    version: int | None
    nbytes: int
    reading: Reading
    node: NodeDraft | None = None
    view_of: TensorDraft | None = None
    shares: TensorDraft | None = None
    weak_name: str | None = None

    @property
    def identity(self) -> TensorDraft:
        """The first draft of this tensor object."""
        return self.origin or self

    @property
    def shown_name(self) -> str | None:
        """The variable's name; where it has none of its own, that of a loop or a function it went through."""
        return self.identity.name or self.identity.weak_name

    def finish(self, node_ids: dict[int, str]) -> Tensor:
        """Return the record, with the final ids of tensors (by draft index) and nodes."""
        return Tensor(
            id=f"t{self.index}",
            origin=f"t{self.identity.index}",
            name=self.shown_name,
            shape=self.shape,
            dtype=self.dtype,
            device=self.device,
            requires_grad=self.requires_grad,
            is_leaf=self.is_leaf,
            node=node_ids[self.node.index] if self.node is not None else None,
            version=self.version,
            view_of=f"t{self.view_of.index}" if self.view_of is not None else None,
            nbytes=self.nbytes,
            values=self.reading.values,
            summary=self.reading.summary,
            shares=f"t{self.shares.index}" if self.shares is not None else UNSET,
        )


class SavedDraft(Struct, eq=False, gc=False):
    """What a node saved under one name: a tensor of this ``shape``, or a ``value`` (a number, some numbers, a text).

    ``tensor`` is the program's tensor in the same memory.
    """

    name: str
    value: object = None
    shape: list[int] | None = None
    dtype: str | None = None
    nbytes: int = 0
    values: Values = None
    storage: tuple[int, int] | UnsetType = UNSET
    tensor: TensorDraft | None = None

    def finish(self) -> SavedTensor:
        """Return the record."""
        return SavedTensor(
            name=self.name,
            shape=self.shape,
            dtype=self.dtype,
            nbytes=self.nbytes,
            tensor=f"t{self.tensor.index}" if self.tensor is not None else None,
            value=short(self.value) if self.value is not None else None,
            values=self.values,
            storage=self.storage,
        )


class NodeDraft(Struct, eq=False, gc=False):
    """An autograd node. ``number`` is PyTorch's own count; ``targets`` are ``next_functions`` in their order,
    ``None`` until the walk has been here. ``cast`` is from which dtype to which."""

    index: int
    number: int
    name: str
    leaf: TensorDraft | None
    targets: list[tuple[NodeDraft, int] | None] | None = None
    saved: list[SavedDraft] = []
    saved_bytes: int = 0
    packed: bool = False
    freed_by: int | None = None
    cast: tuple[str, str] | None = None

    def forget(self) -> None:
        """Let go of what may lead back here: a tensor that it saved can be its own result."""
        self.saved, self.targets = [], None


class StepDraft(Struct, eq=False, gc=False):
    """An executed line; a variable is a tensor's draft or a short text. ``autocast`` is whether that was on."""

    index: int
    line: int
    function: str | None
    stdout: tuple[int, int]
    last: int = 0
    autocast: bool = False
    variables: dict[str, TensorDraft | str] = {}

    def finish(self) -> Step:
        """Return the record."""
        return Step(
            index=self.index,
            line=self.line,
            last=self.last,
            function=self.function,
            stdout=self.stdout,
            variables={
                name: f"t{value.index}" if isinstance(value, TensorDraft) else value
                for name, value in self.variables.items()
            },
        )


class EngineStepDraft(Struct, eq=False, gc=False):
    """One node that the engine ran."""

    node: NodeDraft
    grad_outputs: list[GradientDraft | None]
    grad_inputs: list[GradientDraft | None]
    step: int | None


@dataclass(slots=True, eq=False)
class BackwardDraft:
    """A run of the engine. ``entered`` is the node that it is at; ``error`` is the ``id`` of what ended it."""

    index: int
    line: int | None
    step: int | None
    begun: int | None
    inside: int | None
    call: Literal["backward", "grad"]
    outputs: list[NodeDraft]
    retain_graph: bool
    create_graph: bool
    internal: bool
    order: int
    steps: list[EngineStepDraft] = field(default_factory=list)
    freed: list[NodeDraft] = field(default_factory=list)
    entered: NodeDraft | None = None
    error: int | None = None
    stopped: str | None = None

    def finish(self, node_ids: dict[int, str], backward_ids: dict[int, str]) -> Backward:
        """Return the record."""
        return Backward(
            id=backward_ids[self.index],
            line=self.line,
            step=self.step,
            after=self.begun,
            inside=backward_ids[self.inside] if self.inside is not None else None,
            call=self.call,
            outputs=[node_ids[node.index] for node in self.outputs],
            retain_graph=self.retain_graph,
            create_graph=self.create_graph,
            steps=[
                BackwardStep(
                    node=node_ids[step.node.index],
                    grad_outputs=[_finished(gradient) for gradient in step.grad_outputs],
                    grad_inputs=[_finished(gradient) for gradient in step.grad_inputs],
                    step=step.step,
                )
                for step in self.steps
            ],
            freed=[node_ids[node.index] for node in self.freed],
            failure=self._failure(self.stopped, node_ids, backward_ids) if self.stopped is not None else None,
            internal=self.internal,
        )

    def _failure(self, message: str, node_ids: dict[int, str], backward_ids: dict[int, str]) -> EngineFailure:
        node = self.entered
        again = node is not None and node.freed_by != self.index and _SECOND_TIME in message
        freed_by = node.freed_by if node is not None and again else None
        return EngineFailure(
            node=node_ids[node.index] if node is not None else None,
            message=message,
            freed_by=backward_ids[freed_by] if freed_by is not None else None,
        )


@dataclass(slots=True, eq=False)
class ChangeDraft:
    """A change of a leaf's ``.grad``: the variable's name may be found later than the change."""

    leaf: TensorDraft
    step: int | None
    line: int | None
    cause: GradientCause
    backward: int | None
    added: GradientDraft | None
    total: GradientDraft | None

    def finish(self, backward_ids: dict[int, str]) -> GradientChange:
        """Return the record."""
        identity = self.leaf.identity
        return GradientChange(
            variable=identity.shown_name or f"leaf t{identity.index}",
            tensor=f"t{identity.index}",
            step=self.step,
            line=self.line,
            cause=self.cause,
            backward=backward_ids[self.backward] if self.backward is not None else None,
            added=_finished(self.added),
            total=_finished(self.total),
        )
