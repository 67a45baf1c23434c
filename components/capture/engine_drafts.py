"""Runs of the engine in the making: what is known while they happen, and the record at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..trace import Backward, BackwardStep, EngineFailure, Gradient
from .nodes import NodeDraft

# PyTorch's words for a node whose saved tensors are gone; a run can stop at such a node for other reasons too.
_SECOND_TIME = "backward through the graph a second time"


@dataclass(slots=True, eq=False)
class EngineStepDraft:
    """One executed node."""

    node: NodeDraft
    grad_outputs: list[Gradient | None]
    grad_inputs: list[Gradient | None]
    step: int | None


@dataclass(slots=True, eq=False)
class BackwardDraft:
    """An engine run in the making."""

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
        failure = None
        if self.stopped is not None:
            node = self.entered
            again = node is not None and node.freed_by != self.index and _SECOND_TIME in self.stopped
            freed_by = node.freed_by if node is not None and again else None
            failure = EngineFailure(
                node=node_ids[node.index] if node is not None else None,
                message=self.stopped,
                freed_by=backward_ids[freed_by] if freed_by is not None else None,
            )
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
                    grad_outputs=step.grad_outputs,
                    grad_inputs=step.grad_inputs,
                    step=step.step,
                )
                for step in self.steps
            ],
            freed=[node_ids[node.index] for node in self.freed],
            failure=failure,
            internal=self.internal,
        )
