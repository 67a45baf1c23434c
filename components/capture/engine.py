"""Every run of the autograd engine, node by node.

``backward()``, ``autograd.grad()`` and all of ``autograd.functional`` go through one door,
``torch.autograd.graph._engine_run_backward``. While this observer is active the door leads here: the graph below the
outputs is written down, each node gets a hook that reports what came in and what went out, and the hooks come off
again when the run ends, however it ends.

Known limitations: a run in another thread of the program's is not observed. A run on a GPU executes its nodes on a
thread of its own; their order is still the true one. Nodes past the cap carry no hooks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import torch

from ..trace import Caps
from .drafts import BackwardDraft, EngineStepDraft, GradientDraft, NodeDraft, Truncations
from .failures import Asides, stop_if_asked, to_raise
from .names import program_line
from .own_code import in_own_thread, is_own
from .quiet import no_collector, quiet
from .torch_nodes import GraphNode, Marks, NodeHooks, is_freed, roots_of, set_engine_door
from .values import ValueReader

Reached = list[tuple[NodeDraft, GraphNode]]
_TORCH = os.path.join(os.path.dirname(torch.__file__), "")
_OF_THE_CALL = ("torch/_tensor.py", "torch/autograd/__init__.py", "torch/autograd/graph.py", "torch/overrides.py")


class EngineObserver:
    """Stands at the engine's door while it is active.

    ``reach(roots)`` writes down the graph below these nodes; it returns their drafts and all that was reached.
    ``before_run(outputs, reached)`` is called while nothing is released yet; ``accumulated(node, leaf, run, added)``
    once for each leaf that the run has added to, after the run. ``step`` says which step is being executed, ``begun``
    which one began last.
    """

    def __init__(
        self,
        caps: Caps,
        truncations: Truncations,
        values: ValueReader,
        *,
        reach: Callable[[Iterable[GraphNode]], tuple[list[NodeDraft], Reached]],
        step: Callable[[], int | None],
        begun: Callable[[], int | None],
        before_run: Callable[[Sequence[torch.Tensor], Reached], None],
        accumulated: Callable[[NodeDraft, torch.Tensor, BackwardDraft, GradientDraft], None],
        asides: Asides,
    ) -> None:
        self._asides = asides
        self._runs_left = truncations.allowance("backwards", caps.backwards, "later engine runs")
        self._steps_left = truncations.allowance("backwards", caps.engine_steps, "nodes of later engine runs")
        self._values = values
        self._reach = reach
        self._step = step
        self._begun = begun
        self._before_run = before_run
        self._accumulated = accumulated
        self._original: Callable[..., Any] = torch.autograd.graph._engine_run_backward
        self.makers: Marks[BackwardDraft | None] = Marks(None)
        self.drafts: list[BackwardDraft] = []
        self._open: list[int] = []

    def __enter__(self) -> EngineObserver:
        set_engine_door(self._run)
        return self

    def __exit__(self, *error: object) -> None:
        set_engine_door(self._original)

    def _run(self, outputs: Sequence[Any], *arguments: Any, **options: Any) -> Any:
        """Do what ``_engine_run_backward`` does; its positional arguments are grad_outputs, retain, create, inputs."""
        if not in_own_thread():
            self._asides.note("backwards", "A backward pass in another thread was not recorded.", None)
            return self._original(outputs, *arguments, **options)
        if not self._runs_left.take():
            return self._original(outputs, *arguments, **options)
        reached: Reached = []
        draft: BackwardDraft | None = None
        with quiet(), no_collector(), self._asides.aside("backwards", "a backward pass"):
            draft = self._prepared(outputs, reached, arguments, options)
        if draft is None:
            return self._original(outputs, *arguments, **options)
        outer = self.makers.current
        self._open.append(draft.index)
        self.makers.switch(draft if draft.create_graph else None)
        hooks = NodeHooks()
        try:
            with quiet(), no_collector(), self._asides.aside("backwards", "the steps of a backward pass"):
                self._values.nothing_passes()
                self._hook(draft, reached, hooks)
            return self._original(outputs, *arguments, **options)
        except BaseException as error:
            draft.error = id(error)
            draft.stopped = str(error)
            raise
        finally:
            self._open.pop()
            self.makers.switch(outer)
            hooks.remove()
            with quiet(), no_collector(), self._asides.aside("backwards", "what a backward pass released and added"):
                self._settle(draft, {node.index: graph_node for node, graph_node in reached})
            with quiet():
                self._values.nothing_passes()

    def _prepared(
        self, outputs: Sequence[Any], reached: Reached, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> BackwardDraft:
        """Write down the graph of a run that begins; what can be reached is put into ``reached``."""
        roots: list[NodeDraft] = []
        with self._asides.aside("nodes", "the graph of a backward pass"):
            roots, below = self._reach(roots_of(outputs))
            reached += below
        draft = self._draft(roots, reached, arguments, options)
        if not draft.internal:
            with self._asides.aside("torchviz", "torchviz's drawing"):
                self._before_run([output for output in outputs if isinstance(output, torch.Tensor)], reached)
        return draft

    def _draft(
        self, roots: list[NodeDraft], reached: Reached, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> BackwardDraft:
        draft = BackwardDraft(
            index=len(self.drafts),
            line=program_line(),
            step=self._step(),
            begun=self._begun(),
            inside=self._open[-1] if self._open else None,
            call="backward" if options.get("accumulate_grad") else "grad",
            outputs=roots,
            retain_graph=bool(arguments[1]),
            create_graph=bool(arguments[2]),
            internal=_is_internal(sys._getframe(2)),
            order=1 + self._order_of_all(reached),
        )
        self.drafts.append(draft)
        return draft

    def _order_of_all(self, reached: Reached) -> int:
        """Return 1 for the forward's graph, n + 1 for one with nodes built by a run over a graph of order n."""
        if not any(run.create_graph for run in self.drafts):
            return 1
        makers = (self.makers.owner_of(node.number) for node, _ in reached if node.leaf is None)
        return max((maker.order for maker in makers if maker is not None), default=1)

    def _hook(self, draft: BackwardDraft, reached: Reached, hooks: NodeHooks) -> None:
        if not self._steps_left.take(len(reached)):
            return
        with hooks.light():
            for node, graph_node in reached:
                stop_if_asked()
                hooks.put(graph_node, partial(self._entered, draft, node), partial(self._left, draft, node))

    def _entered(self, draft: BackwardDraft, node: NodeDraft, grad_outputs: tuple[Any, ...]) -> None:
        draft.entered = node
        if to_raise:
            stop_if_asked()

    def _left(
        self, draft: BackwardDraft, node: NodeDraft, grad_inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]
    ) -> None:
        # First of all: Python tells whoever traces of each call, which takes longer than what is called here.
        trace = sys.gettrace()
        if trace is not None:
            sys.settrace(None)
        try:
            with quiet():
                self._note_step(draft, node, grad_inputs, grad_outputs)
        finally:
            if trace is not None:
                sys.settrace(trace)

    def _note_step(
        self, draft: BackwardDraft, node: NodeDraft, grad_inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]
    ) -> None:
        try:
            begun = self._begun()
            read = self._gradient
            incoming = [None if grad is None else read(grad, begun) for grad in grad_outputs]
            outgoing = [None if grad is None else read(grad, begun) for grad in grad_inputs]
            draft.steps.append(EngineStepDraft(node, incoming, outgoing, begun))
        except Exception as error:
            self._asides.failed("backwards", "some steps of a backward pass", error)

    def _gradient(self, grad: torch.Tensor, begun: int | None) -> GradientDraft:
        try:
            return self._values.passing(grad, begun)
        except Exception as error:
            self._asides.failed("backwards", "some gradients", error)
            return GradientDraft([], None)

    def _settle(self, draft: BackwardDraft, graph_nodes: dict[int, GraphNode]) -> None:
        """After the run: which nodes it released, and what it added to which leaf."""
        if not draft.retain_graph or draft.stopped is not None:
            for step in draft.steps:
                node = step.node
                holds_tensors = node.freed_by is None and any(s.shape is not None for s in node.saved)
                # A run that was not stopped has released what its nodes held; of another one it must be asked.
                if holds_tensors and (draft.stopped is None or is_freed(graph_nodes[node.index])):
                    node.freed_by = draft.index
                    draft.freed.append(node)
        if draft.call != "backward":
            return
        for step in draft.steps:
            added = step.grad_outputs[0] if step.node.leaf is not None and step.grad_outputs else None
            if added is not None:
                self._accumulated(step.node, graph_nodes[step.node.index].variable, draft, added)


def _is_internal(frame: FrameType | None) -> bool:
    """Whether PyTorch's own Python code, not the program, asked for this run."""
    while frame is not None:
        if is_own(frame.f_code):
            return False
        name = frame.f_code.co_filename
        if name.startswith(_TORCH) and not name.endswith(_OF_THE_CALL):
            return True
        frame = frame.f_back
    return True
