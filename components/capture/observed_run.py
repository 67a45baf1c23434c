"""Runs one program under all observers and gives its trace.

This is what the worker's child process calls. A mistake of the program is data (``Trace.failure``), never an exception
here, and neither is a fault of an observer: it steps aside (``aside``).
"""

from __future__ import annotations

import re
import sys
import time
import types
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from msgspec.structs import replace

from ..source import PROGRAM_FILENAME, SourceLimits
from ..source.compiler import VALUE, Compiled, compile_program
from ..trace import Caps, Failure, Program, Trace, Warned
from .failures import Asides, failure_of, forget_to_stop
from .main_module import MainModule, as_python_collects, as_python_warns, seed
from .modules import ABOUT_HOOKS
from .names import program_line, weak_names
from .observers import Observers
from .output import Addresses, DisplayLog, Notebook, Stdout, built_in
from .quiet import is_quiet, quiet
from .torch_nodes import next_node_number

_FOREIGN_FRAME = re.compile(r'^ *File "(?!<program>)[^\n]*\n?(?: {4}[^\n]*\n?)*', re.MULTILINE)
_LONGEST_WARNING = 2_000
_LAST_WORDS = re.compile(r"__del__|weakref")


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


class _Observers(Observers):
    """The observers of one run, and what else a program meets: its module, its output, what it shows."""

    def __init__(
        self,
        program: Program,
        caps: Caps,
        on_output: Callable[[str], None],
        asides: Asides,
        compiled: Compiled | None,
    ) -> None:
        weak = weak_names(compiled.tree) if compiled is not None else frozenset()
        super().__init__(program, caps, asides, weak)
        addresses = Addresses()
        self._stdout = Stdout(caps.stdout_chars, on_output, self._printed, addresses)
        self._displays = DisplayLog(caps, self._truncations, self._stdout, addresses, self._position)
        self._notebook = Notebook(self._displays, asides, compiled.cells if compiled is not None else ())
        text = compiled.text if compiled is not None else program.source
        self._main = MainModule(text, self._stdout.write, self._displays.error, built_in(self._notebook, VALUE))

    @property
    def names(self) -> dict[str, Any]:
        """What the program's global names stand for."""
        return self._main.names

    def _line_begins(self, line: int) -> None:
        self._notebook.line_begins(line)

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
                self._look_at_the_end([self.names])
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

    def assemble(self, failure: Failure | None, error: BaseException | None, duration: int) -> Trace:
        """Return the trace of what was observed."""
        shown, cut = self._displays.displays, self._stdout.truncated
        return self._trace(failure, error, duration, stdout=self._stdout.text, cut=cut, displays=shown)


def _without_frames(text: str) -> str:
    """Leave out the lines that anomaly mode quotes from PyTorch's files and ours; they are the server's business."""
    return _FOREIGN_FRAME.sub("", text)[:_LONGEST_WARNING].rstrip()


def _of_the_program(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Leave out the frames of who runs the program."""
    while trace is not None and trace.tb_frame.f_code.co_filename != PROGRAM_FILENAME:
        trace = trace.tb_next
    return trace
