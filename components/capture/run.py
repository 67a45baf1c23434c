"""Runs one program under all observers and gives its trace.

This is what the worker's child process calls. A mistake of the program is data (``Trace.failure``), never an exception
here.
"""

from __future__ import annotations

import re
import time
import types
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch

from components.capture.assemble import Ids, finished_edges, finished_nodes, located
from components.capture.engine import EngineObserver, Reached
from components.capture.engine_drafts import BackwardDraft
from components.capture.environment import environment
from components.capture.failures import failure_of
from components.capture.gradients import GradientLog
from components.capture.marks import next_node_number
from components.capture.memory_pass import with_memory
from components.capture.memory_ties import Observed
from components.capture.modules import ModuleObserver
from components.capture.names import Named, current_namespaces, named_tensors, program_line
from components.capture.nodes import NodeDraft, NodeLog
from components.capture.output import Output
from components.capture.quiet import quiet
from components.capture.steps import StepObserver
from components.capture.stopping import forget_to_stop
from components.capture.switches import switches_kept
from components.capture.tensors import TensorDraft, TensorLog
from components.capture.torchviz_dot import DrawingLog
from components.capture.truncations import Truncations
from components.capture.values import ValueReader
from components.language import SourceLimits
from components.language.compiler import compile_program
from components.language.runtime import program_globals
from components.trace import Caps, Failure, Gradient, Program, Trace, Warned

_FOREIGN_FRAME = re.compile(r'^ *File "(?!<program>)[^\n]*\n?(?: {4}[^\n]*\n?)*', re.MULTILINE)
_LONGEST_WARNING = 2_000


def capture_program(
    program: Program,
    caps: Caps = Caps(),
    on_output: Callable[[str], None] = lambda text: None,
    source_limits: SourceLimits = SourceLimits(),
) -> Trace:
    """Run ``program`` and return everything that was observed.

    ``on_output`` is given printed text as it comes. PyTorch is seeded with ``program.seed`` before the first line.
    """
    run = _Run(program, caps, on_output)
    trace = run.trace(source_limits)
    return with_memory(trace, caps, source_limits, run.let_go())


def capture_with_names(
    program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits
) -> tuple[Trace, dict[str, Any]]:
    """Observe as ``capture_program`` does, without memory; return the program's global names for questions about it."""
    run = _Run(program, caps, on_output)
    return run.trace(source_limits), run.names


class _Run:
    """The observers of one run, wired to each other."""

    def __init__(self, program: Program, caps: Caps, on_output: Callable[[str], None]) -> None:
        self._program = program
        self._truncations = Truncations()
        self._values = ValueReader(caps, self._truncations)
        self._tensors = TensorLog(caps, self._truncations, self._values)
        self._nodes = NodeLog(caps, self._truncations, self._tensors, self._values)
        self._tensors.nodes = self._nodes
        self._gradients = GradientLog(caps, self._truncations, self._values)
        self._drawings = DrawingLog(caps, self._truncations)
        self._output = Output(caps.stdout_chars, on_output, self._printed)
        self._globals = program_globals(self._output.write)
        self._steps = StepObserver(
            caps,
            self._truncations,
            self._tensors,
            frozenset(self._globals),
            self._gradients.watch,
            self._gradients.compare,
        )
        self._modules = ModuleObserver()
        self._engine = EngineObserver(
            caps,
            self._truncations,
            self._nodes,
            self._values,
            step=lambda: self._steps.current,
            begun=lambda: self._steps.begun,
            before_run=self._before_engine_run,
            accumulated=self._accumulated,
        )
        self._warnings_left = self._truncations.allowance("warnings", caps.warnings, "later warnings")
        self._warned: list[Warned] = []
        self._first_number = 0
        self._made = 0
        self._seconds = 0.0

    @property
    def names(self) -> dict[str, Any]:
        """What the program's global names stand for."""
        return self._globals

    def let_go(self) -> Observed:
        """Forget everything that the program held, and return what a second run of it is tied to."""
        self._globals.clear()
        ids = Ids(self._nodes, self._engine)
        return Observed(
            steps=self._steps.drafts,
            nodes=self._nodes.drafts,
            runs=self._engine.drafts,
            node_ids=ids.nodes,
            backward_ids=ids.backwards,
            first_number=self._first_number,
            made=self._made,
            seconds=self._seconds,
        )

    def _printed(self, start: int, end: int) -> None:
        self._steps.printed(start, end)

    def trace(self, source_limits: SourceLimits) -> Trace:
        """Compile, run, assemble."""
        failure: Failure | None = None
        error: BaseException | None = None
        duration = 0
        try:
            code = compile_program(self._program.source, source_limits)
        except Exception as problem:
            failure = failure_of(problem)
        else:
            duration, error = self._execute(code)
            failure = failure_of(error) if error is not None else None
            with quiet():
                self._look_at_the_end()
        return self._assemble(failure, error, duration)

    def _execute(self, code: types.CodeType) -> tuple[int, BaseException | None]:
        """Run the program; return its clock time in nanoseconds and the exception that ended it."""
        torch.manual_seed(self._program.seed)
        error: BaseException | None = None
        with ExitStack() as active:
            active.enter_context(switches_kept())
            active.enter_context(warnings.catch_warnings())
            warnings.simplefilter("default")
            warnings.showwarning = self._on_warning
            active.enter_context(self._modules)
            active.enter_context(self._engine)
            self._first_number = next_node_number()
            started = time.perf_counter_ns()
            try:
                with self._steps:
                    exec(code, self._globals)
            except BaseException as problem:
                error = problem
            duration = time.perf_counter_ns() - started
            self._seconds = duration / 1e9
            self._made = next_node_number() - self._first_number
        forget_to_stop()
        return duration, error

    def _on_warning(self, message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        if self._warnings_left.take():
            self._warned.append(
                Warned(line=program_line(), category=category.__name__, message=_without_frames(str(message)))
            )

    def _before_engine_run(self, outputs: Sequence[torch.Tensor], reached: Reached) -> None:
        names = named_tensors(current_namespaces())
        self._name_leaves(names)
        self._drawings.draw(outputs, names, reached, self._steps.current)

    def _name_leaves(self, names: Named) -> None:
        for name, tensor in names.values():
            draft = self._tensors.known(tensor)
            if draft is not None and draft.identity.name is None:
                draft.identity.name = name

    def _accumulated(self, node: NodeDraft, leaf: torch.Tensor, run: BackwardDraft, added: Gradient) -> None:
        draft = self._tensors.observe(leaf) or node.leaf
        if draft is not None:
            self._gradients.accumulated(leaf, draft, run.step, run.line, run.index, added)

    def _look_at_the_end(self) -> None:
        """Draw what is left: outputs that nothing consumed, gradients that can be differentiated again."""
        self._gradients.compare(None, None)
        names = named_tensors([self._globals])
        self._name_leaves(names)
        variables = [(name, tensor) for name, tensor in names.values() if name.isidentifier()]
        left: list[tuple[str, torch.Tensor, TensorDraft | None]] = [
            (name, tensor, self._tensors.observe(tensor, name)) for name, tensor in variables
        ]
        consumed = {
            target[0].index for node in self._nodes.drafts for target in node.targets or () if target is not None
        }
        for name, tensor, draft in left:
            if tensor.grad_fn is not None and (draft is None or draft.node is None or draft.node.index not in consumed):
                self._draw_at_the_end(name, tensor, names)
        for name, tensor in variables:
            grad = tensor.grad if tensor.is_leaf else None
            if grad is not None and grad.grad_fn is not None:
                self._draw_at_the_end(f"{name}.grad", grad, names)
        if not self._drawings.drafts and variables:
            self._draw_at_the_end(*variables[-1], names)

    def _draw_at_the_end(self, name: str, tensor: torch.Tensor, names: Named) -> None:
        reached = self._nodes.reach([tensor.grad_fn])[1] if tensor.grad_fn is not None else []
        self._drawings.draw([tensor], names, reached, None, of=name)

    def _assemble(self, failure: Failure | None, error: BaseException | None, duration: int) -> Trace:
        ids = Ids(self._nodes, self._engine)
        if failure is not None and error is not None:
            failure = located(failure, error, ids, self._engine)
        return Trace(
            program=self._program,
            environment=environment(self._program.device),
            stdout=self._output.text,
            stdout_truncated=self._output.truncated,
            failure=failure,
            steps=[step.finish() for step in self._steps.drafts],
            steps_truncated=self._steps.truncated,
            tensors=[tensor.finish(ids.nodes) for tensor in self._tensors.drafts],
            nodes=finished_nodes(ids, self._steps, self._modules, self._engine),
            edges=finished_edges(ids),
            backwards=[draft.finish(ids.nodes, ids.backwards) for draft in self._engine.drafts],
            gradients=[change.finish(ids.backwards) for change in self._gradients.changes],
            memory=None,
            torchviz=[drawing.finish(ids.nodes) for drawing in self._drawings.drafts],
            warnings=self._warned,
            truncations=self._truncations.reached,
            duration_ns=duration,
        )


def _without_frames(text: str) -> str:
    """Leave out the lines that anomaly mode quotes from PyTorch's files and ours; they are the server's business."""
    return _FOREIGN_FRAME.sub("", text)[:_LONGEST_WARNING].rstrip()
