"""The observers of one run, wired to each other, and the trace that comes of what they wrote down.

Common to a program that the Lab runs (``observed_run``) and to a training that is recorded where it runs
(``components/recorder``): those two say what else there is, where names are looked for and when it begins and ends.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence

import torch
from msgspec import UNSET

from ..trace import Caps, Device, Display, Environment, Failure, Program, Trace, Warned
from .assemble import Ids, Makers, finished_edges, finished_nodes, located
from .drafts import BackwardDraft, GradientDraft, NodeDraft, TensorDraft, Truncations
from .engine import EngineObserver, Reached
from .failures import Asides
from .gradients import GradientLog
from .modules import ModuleObserver
from .names import Named, Namespace, current_namespaces, named_tensors
from .nodes import NodeLog
from .steps import StepObserver
from .tensors import TensorLog
from .torch_nodes import GraphNode, is_numbered
from .torchviz_dot import DrawingLog
from .values import ValueReader

_MOST_HELD = 500


class Observers:
    """Makes the observers and lets each know those that it needs.

    ``weak`` are the names that stand for one thing after another; ``room`` is for how many bytes of tensors' numbers
    may wait for the trace to be made.
    """

    def __init__(
        self,
        program: Program,
        caps: Caps,
        asides: Asides,
        weak: frozenset[str],
        room: int = 0,
    ) -> None:
        self._program = program
        self._asides = asides
        self._weak = weak
        self._truncations = Truncations()
        self._values = ValueReader(caps, self._truncations, room)
        # The two logs need each other: a tensor's node is written down with it, a node's leaf with the node.
        self._tensors = TensorLog(caps, self._truncations, self._values, asides, self._register)
        self._nodes = NodeLog(caps, self._truncations, self._tensors, self._values, asides)
        self._gradients = GradientLog(caps, self._truncations, self._values, asides)
        self._drawings = DrawingLog(program, caps, self._truncations, asides)
        calls = self._truncations.allowance("nodes", caps.calls, "later calls of modules that autograd did not record")
        self._modules = ModuleObserver(asides, calls)
        self._steps = StepObserver(
            caps,
            self._truncations,
            self._tensors,
            asides,
            weak,
            self._gradients.watch,
            self._gradients.compare,
            self._line_begins,
        )
        self._engine = EngineObserver(
            caps,
            self._truncations,
            self._values,
            reach=self._nodes.reach,
            step=lambda: self._steps.current,
            begun=lambda: self._steps.begun,
            before_run=self._before_engine_run,
            accumulated=self._accumulated,
            asides=asides,
        )
        self._warnings_left = self._truncations.allowance("warnings", caps.warnings, "later warnings")
        self._warned: list[Warned] = []
        self._first_number = 0
        self._numbered = 0

    def namespaces(self) -> Sequence[Namespace]:
        """Return where names are looked for while the program runs."""
        return current_namespaces()

    def _line_begins(self, line: int) -> None:
        """A line of the top level begins."""

    def _is_older(self, node: GraphNode) -> bool:
        """Whether a node was made before the run began; of a program that the Lab runs, none was."""
        return False

    def _register(self, node: GraphNode) -> NodeDraft | None:
        return None if self._is_older(node) else self._nodes.register(node)

    def _before_engine_run(self, outputs: Sequence[torch.Tensor], reached: Reached) -> None:
        leaves = (node.leaf.identity for node, _ in reached if node.leaf is not None)
        if self._drawings.full and all(leaf.name is not None for leaf in leaves):
            return  # looking for names takes long where there are many variables
        names = named_tensors(self.namespaces(), self._weak)
        self._name_leaves(names)
        self._drawings.draw(outputs, names, reached, self._steps.current)

    def _name_leaves(self, names: Named) -> None:
        for name, tensor in names.values():
            draft = self._tensors.known(tensor)
            if draft is not None and draft.identity.name is None:
                draft.identity.name = name

    def _accumulated(self, node: NodeDraft, leaf: torch.Tensor, run: BackwardDraft, added: GradientDraft) -> None:
        draft = self._tensors.observe(leaf) or node.leaf
        if draft is not None:
            begun = self._steps.begun
            self._gradients.accumulated(leaf, draft, run.step, run.line, run.index, added, begun)

    def _look_at_the_end(self, namespaces: Sequence[Namespace]) -> None:
        """Draw what is left: results that nothing consumed, gradients that can be differentiated again."""
        self._gradients.compare(None, None)
        names = named_tensors(namespaces, self._weak)
        self._name_leaves(names)
        ours = [pair for pair in names.values() if pair[1].grad_fn is None or not self._is_older(pair[1].grad_fn)]
        plain = [(name, tensor) for name, tensor in ours if name.isidentifier()]
        held = [(name, tensor) for name, tensor in ours if not name.isidentifier() and tensor.requires_grad]
        results = [(name, tensor) for name, tensor in held if not tensor.is_leaf][:_MOST_HELD]
        left = [(name, tensor, self._observe(name, tensor)) for name, tensor in [*plain, *results]]
        consumed = {
            target[0].index for node in self._nodes.drafts for target in node.targets or () if target is not None
        }
        for name, tensor, draft in left:
            if tensor.grad_fn is not None and (draft is None or draft.node is None or draft.node.index not in consumed):
                self._draw_at_the_end(name, tensor, names)
        for name, tensor in [*plain, *held]:
            grad = tensor.grad if tensor.is_leaf else None
            if grad is not None and grad.grad_fn is not None:
                self._draw_at_the_end(f"{name}.grad", grad, names)
        if not self._drawings.drawings and left:
            self._draw_at_the_end(left[-1][0], left[-1][1], names)
        self._name_leaves(names)  # those of graphs that were seen only now

    def _observe(self, name: str, tensor: torch.Tensor) -> TensorDraft | None:
        with self._asides.aside("tensors", f"the tensor `{name}`"):
            return self._tensors.observe(tensor, name)
        return None

    def _draw_at_the_end(self, name: str, tensor: torch.Tensor, names: Named) -> None:
        with self._asides.aside("torchviz", f"torchviz's drawing of `{name}`"):
            reached = self._nodes.reach([tensor.grad_fn])[1] if tensor.grad_fn is not None else []
            self._drawings.draw([tensor], names, reached, None, of=name)

    def _forget_tensors(self) -> None:
        """The run is over: keep what was written down, and nothing by which a tensor is recognised."""
        self._values.nothing_passes()
        for log in (self._tensors, self._nodes, self._gradients):
            log.forget()

    def _trace(
        self,
        failure: Failure | None,
        error: BaseException | None,
        duration: int,
        *,
        stdout: str,
        cut: bool,
        displays: list[Display],
    ) -> Trace:
        """Return the trace of what was observed; ``stdout`` is what was printed, ``cut`` whether that is all."""
        ids = Ids(self._nodes.drafts, self._engine.drafts)
        with self._asides.aside("values", "the summaries of some tensors"):
            self._values.finish()
        makers = Makers(self._steps.makers, self._modules.makers, self._engine.makers)
        if failure is not None and error is not None:
            failure = located(failure, error, ids, self._engine.drafts)
        return Trace(
            program=self._program,
            environment=environment(self._program.device),
            stdout=stdout,
            stdout_truncated=cut,
            failure=failure,
            steps=[step.finish() for step in self._steps.drafts],
            steps_truncated=self._steps.truncated,
            tensors=[tensor.finish(ids.nodes) for tensor in self._tensors.drafts],
            nodes=finished_nodes(ids, makers, self._steps.drafts, self._first_number),
            edges=finished_edges(ids),
            backwards=[draft.finish(ids.nodes, ids.backwards) for draft in self._engine.drafts],
            gradients=[change.finish(ids.backwards) for change in self._gradients.changes],
            memory=None,
            torchviz=self._drawings.finished(ids.nodes),
            warnings=self._warned,
            truncations=self._truncations.reached,
            displays=displays,
            notes=self._asides.notes,
            calls=self._modules.calls() or UNSET,
            numbered=self._numbered,
            duration_ns=duration,
        )


def is_older(node: GraphNode, first_number: int) -> bool:
    """Whether a node has a number of its own, and a smaller one."""
    number = node._sequence_nr()
    return is_numbered(number) and number < first_number


def environment(device: Device = "cpu") -> Environment:
    """Return where this process runs programs."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine() or "unknown"
    return Environment(torch=str(torch.__version__), python=platform.python_version(), device_name=name)
