"""Runs one program under all observers and gives its trace.

This is what the worker's child process calls. A mistake of the program is data (``Trace.failure``), never an exception
here, and neither is a fault of an observer: it steps aside (``aside``).
"""

from __future__ import annotations

import platform
import re
import sys
import time
import types
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from msgspec import UNSET
from msgspec.structs import replace

from ..source import PROGRAM_FILENAME, SourceLimits
from ..source.compiler import VALUE, Compiled, compile_program
from ..trace import Caps, Device, Environment, Failure, Program, Trace, Warned
from .assemble import Ids, Makers, finished_edges, finished_nodes, located
from .drafts import BackwardDraft, GradientDraft, NodeDraft, TensorDraft, Truncations
from .engine import EngineObserver, Reached
from .failures import Asides, failure_of, forget_to_stop
from .gradients import GradientLog
from .main_module import MainModule, as_python_collects, as_python_warns, seed
from .modules import ABOUT_HOOKS, ModuleObserver
from .names import Named, current_namespaces, named_tensors, program_line, weak_names
from .nodes import NodeLog
from .output import Addresses, DisplayLog, Notebook, Stdout, built_in
from .quiet import is_quiet, quiet
from .steps import StepObserver
from .tensors import TensorLog
from .torch_nodes import GraphNode, next_node_number
from .torchviz_dot import DrawingLog
from .values import ValueReader

_FOREIGN_FRAME = re.compile(r'^ *File "(?!<program>)[^\n]*\n?(?: {4}[^\n]*\n?)*', re.MULTILINE)
_LONGEST_WARNING = 2_000
_LAST_WORDS = re.compile(r"__del__|weakref")
_MOST_HELD = 500


def _nothing(text: str) -> None:
    """Where printed text and faults go if nobody listens."""


def capture_program(
    program: Program,
    caps: Caps = Caps(),
    on_output: Callable[[str], None] = _nothing,
    source_limits: SourceLimits = SourceLimits(),
    log: Callable[[str], None] = _nothing,
) -> Trace:
    """Run ``program`` and return everything that was observed; its memory is measured in a run of its own.

    ``on_output`` is given printed text as it comes, ``log`` the traceback of an observer that fails. PyTorch, Python
    and NumPy are seeded with ``program.seed`` before the first line.
    """
    return _run(program, caps, on_output, source_limits, log, forget=True)[0]


def capture_with_names(
    program: Program,
    caps: Caps = Caps(),
    on_output: Callable[[str], None] = _nothing,
    source_limits: SourceLimits = SourceLimits(),
    log: Callable[[str], None] = _nothing,
) -> tuple[Trace, dict[str, Any]]:
    """Observe as ``capture_program`` does, and return the program's global names, for questions about it."""
    return _run(program, caps, on_output, source_limits, log, forget=False)


def _run(
    program: Program,
    caps: Caps,
    on_output: Callable[[str], None],
    source_limits: SourceLimits,
    log: Callable[[str], None],
    *,
    forget: bool,
) -> tuple[Trace, dict[str, Any]]:
    asides = Asides(caps.notes, log)
    try:
        compiled = compile_program(program.source, source_limits)
    except Exception as problem:
        observers = _Observers(program, caps, on_output, asides, None)
        return observers.assemble(failure_of(problem), None, 0), {}
    observers = _Observers(program, caps, on_output, asides, compiled)
    return observers.trace(compiled, forget=forget and _LAST_WORDS.search(compiled.text) is not None), observers.names


class _Observers:
    """The observers of one run, wired to each other."""

    def __init__(
        self,
        program: Program,
        caps: Caps,
        on_output: Callable[[str], None],
        asides: Asides,
        compiled: Compiled | None,
    ) -> None:
        self._program = program
        self._asides = asides
        self._weak = weak_names(compiled.tree) if compiled is not None else frozenset()
        self._truncations = Truncations()
        self._values = ValueReader(caps, self._truncations)
        # The two logs need each other: a tensor's node is written down with it, a node's leaf with the node.
        self._tensors = TensorLog(caps, self._truncations, self._values, asides, self._register)
        self._nodes = NodeLog(caps, self._truncations, self._tensors, self._values, asides)
        self._gradients = GradientLog(caps, self._truncations, self._values, asides)
        self._drawings = DrawingLog(program, caps, self._truncations, asides)
        calls = self._truncations.allowance("nodes", caps.calls, "later calls of modules that autograd did not record")
        self._modules = ModuleObserver(asides, calls)
        addresses = Addresses()
        self._stdout = Stdout(caps.stdout_chars, on_output, self._printed, addresses)
        self._displays = DisplayLog(caps, self._truncations, self._stdout, addresses, self._position)
        self._notebook = Notebook(self._displays, asides, compiled.cells if compiled is not None else ())
        text = compiled.text if compiled is not None else program.source
        self._main = MainModule(text, self._stdout.write, self._displays.error, built_in(self._notebook, VALUE))
        self._steps = self._step_observer(caps)
        self._engine = self._engine_observer(caps)
        self._warnings_left = self._truncations.allowance("warnings", caps.warnings, "later warnings")
        self._warned: list[Warned] = []
        self._first_number = 0
        self._numbered = 0

    def _step_observer(self, caps: Caps) -> StepObserver:
        return StepObserver(
            caps,
            self._truncations,
            self._tensors,
            self._asides,
            self._weak,
            self._gradients.watch,
            self._gradients.compare,
            self._notebook.line_begins,
        )

    def _engine_observer(self, caps: Caps) -> EngineObserver:
        return EngineObserver(
            caps,
            self._truncations,
            self._values,
            reach=self._nodes.reach,
            step=lambda: self._steps.current,
            begun=lambda: self._steps.begun,
            before_run=self._before_engine_run,
            accumulated=self._accumulated,
            asides=self._asides,
        )

    @property
    def names(self) -> dict[str, Any]:
        """What the program's global names stand for."""
        return self._main.names

    def _register(self, node: GraphNode) -> NodeDraft | None:
        return self._nodes.register(node)

    def _printed(self, start: int, end: int) -> None:
        self._steps.printed(start, end)

    def _position(self) -> tuple[int | None, int | None]:
        """The step and the line that run; after the last line, the last step."""
        current = self._steps.current
        return (current, program_line()) if current is not None else (self._steps.begun, program_line())

    def trace(self, compiled: Compiled, *, forget: bool) -> Trace:
        """Run, look at what is left, let go of it if it may have a last word, assemble."""
        for line in compiled.left_out:
            self._asides.note(None, f"Line {line.line} is no Python and was left out: {line.text[:80]}", line.line)
        with self._main:
            duration, error = self._execute(compiled.code)
            failure = failure_of(error) if error is not None else None
            with quiet(), self._asides.aside("nodes", "what was left at the end"):
                self._look_at_the_end()
            trace = self.assemble(failure, error, duration)
            for node in self._nodes.drafts:
                node.forget()
            if forget:
                self._main.forget()
                trace = replace(trace, stdout=self._stdout.text, stdout_truncated=self._stdout.truncated)
        return trace

    def _execute(self, code: types.CodeType) -> tuple[int, BaseException | None]:
        """Run the program; return its clock time in nanoseconds and the exception that ended it."""
        seed(self._program.seed)
        error: BaseException | None = None
        with ExitStack() as active:
            active.enter_context(warnings.catch_warnings())
            as_python_warns()
            warnings.showwarning = self._on_warning
            active.enter_context(self._modules)
            active.enter_context(self._engine)
            Notebook.current = self._notebook
            self._first_number = self._nodes.first_number = next_node_number()
            started = time.perf_counter_ns()
            try:
                with as_python_collects(), self._steps:
                    exec(code, self.names)
            except BaseException as problem:
                error = problem
            try:
                self._end_of_program(error)
            except BaseException as problem:  # interrupted, while it waited for a thread
                error = error or problem
            duration = time.perf_counter_ns() - started
            Notebook.current = None
            self._numbered = next_node_number() - self._first_number
        forget_to_stop()
        return duration, error

    def _end_of_program(self, error: BaseException | None) -> None:
        if isinstance(error, SystemExit) and error.code is not None and not isinstance(error.code, int):
            sys.stderr.write(f"{error.code}\n")
        elif error is not None and sys.excepthook is not sys.__excepthook__ and isinstance(error, Exception):
            sys.excepthook(type(error), error, _of_the_program(error.__traceback__))
        self._main.finish()
        self._notebook.all_figures(own_line=True)

    def _on_warning(
        self, message: Any, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        text = str(message)
        if is_quiet() or text.startswith(ABOUT_HOOKS):
            return  # it is about what an observer does
        if file is not None or sys.stderr is not sys.__stderr__:  # the program reads it itself
            (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))
        if self._warnings_left.take():
            self._warned.append(Warned(line=program_line(), category=category.__name__, message=_without_frames(text)))

    def _before_engine_run(self, outputs: Sequence[torch.Tensor], reached: Reached) -> None:
        leaves = (node.leaf.identity for node, _ in reached if node.leaf is not None)
        if self._drawings.full and all(leaf.name is not None for leaf in leaves):
            return  # looking for names takes long where there are many variables
        names = named_tensors(current_namespaces(), self._weak)
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
            self._gradients.accumulated(leaf, draft, run.step, run.line, run.index, added)

    def _look_at_the_end(self) -> None:
        """Draw what is left: results that nothing consumed, gradients that can be differentiated again."""
        self._gradients.compare(None, None)
        names = named_tensors([self.names], self._weak)
        self._name_leaves(names)
        plain = [(name, tensor) for name, tensor in names.values() if name.isidentifier()]
        held = [(name, tensor) for name, tensor in names.values() if not name.isidentifier() and tensor.requires_grad]
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

    def _observe(self, name: str, tensor: torch.Tensor) -> TensorDraft | None:
        with self._asides.aside("tensors", f"the tensor `{name}`"):
            return self._tensors.observe(tensor, name)
        return None

    def _draw_at_the_end(self, name: str, tensor: torch.Tensor, names: Named) -> None:
        with self._asides.aside("torchviz", f"torchviz's drawing of `{name}`"):
            reached = self._nodes.reach([tensor.grad_fn])[1] if tensor.grad_fn is not None else []
            self._drawings.draw([tensor], names, reached, None, of=name)

    def assemble(self, failure: Failure | None, error: BaseException | None, duration: int) -> Trace:
        """Return the trace of what was observed."""
        ids = Ids(self._nodes.drafts, self._engine.drafts)
        with self._asides.aside("values", "the summaries of some tensors"):
            self._values.finish()
        makers = Makers(self._steps.makers, self._modules.makers, self._engine.makers)
        if failure is not None and error is not None:
            failure = located(failure, error, ids, self._engine.drafts)
        return Trace(
            program=self._program,
            environment=environment(self._program.device),
            stdout=self._stdout.text,
            stdout_truncated=self._stdout.truncated,
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
            displays=self._displays.displays,
            notes=self._asides.notes,
            calls=self._modules.calls() or UNSET,
            numbered=self._numbered,
            duration_ns=duration,
        )


def _without_frames(text: str) -> str:
    """Leave out the lines that anomaly mode quotes from PyTorch's files and ours; they are the server's business."""
    return _FOREIGN_FRAME.sub("", text)[:_LONGEST_WARNING].rstrip()


def _of_the_program(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Leave out the frames of who runs the program."""
    while trace is not None and trace.tb_frame.f_code.co_filename != PROGRAM_FILENAME:
        trace = trace.tb_next
    return trace


def environment(device: Device = "cpu") -> Environment:
    """Return where this process runs programs."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine() or "unknown"
    return Environment(torch=str(torch.__version__), python=platform.python_version(), device_name=name)
