"""What lies where in memory, noted between the lines of a run whose memory is measured.

The profiler knows every block but not what it is for. So at each line's end, and around each run of the engine, a
marker goes into the profiler's own record, and beside it a note of addresses: this one is the variable ``h``, that one
was saved by this node. Matching address and marker says later which block was meant. Noting allocates no tensor and
keeps none alive.

Known limitations: a graph that no variable held at the end of a line, and that was never differentiated, is not seen.
Inside ``vmap`` and ``torch.func.grad`` variables are not looked at. Of a list of tensors names are known at the
program's end only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from ...source import PROGRAM_FILENAME
from ...source.line_marks import ELEMENT, ENTERED, LEFT, LINE, PAUSED, RESUMED
from ..failures import stop_if_asked
from ..names import named_tensors
from ..quiet import quiet
from ..torch_nodes import roots_of, set_engine_door
from .addresses import AddressNote, CheckpointHook, SeenGraph, SeenVariables, address_of

Position = tuple[int | None, int | None]  # line, index of the step
# Files of PyTorch's that only call further Python: modules calling their ``forward``, contexts as decorators.
_PLAIN_PYTHON = ("torch/nn/modules/module.py", "torch/nn/modules/container.py", "torch/utils/_contextlib.py")
_TOP_LEVEL = "<module>"
MARKER = "autograd_lab.interval"
_MOST_INTERVALS = 50_000


@dataclass(slots=True)
class Interval:
    """What is known at one marker, and what holds from there to the next one.

    ``notes`` are ``(address, role, what)``: the name of a variable or leaf, the number of the node that saved it, the
    address of a gradient's leaf, an optimizer's name for its state and the address of its parameter. ``run`` is the
    index of the engine's run.
    """

    line: int | None
    step: int | None
    run: int | None = None
    notes: list[AddressNote] = field(default_factory=list)


class TookTooLong(BaseException):
    """Raised in the program to end it: enough is known of its memory."""


class StepCursor:
    """Which of the observed run's ``steps`` a run without tracing is in, from the calls of its marked code.

    Both runs execute the same lines in the same order, so the next observed step that lies on a statement's lines is
    the statement's. A line that called a function goes on when the function is left.
    """

    def __init__(self, steps: Sequence[tuple[int, str | None]]) -> None:
        self._steps = steps
        self._next = 0
        self._callers: list[tuple[int, Position]] = []
        self.unmatched = 0

    def at(self, first: int, last: int, function: str) -> Position:
        """A statement on the lines from ``first`` to ``last`` begins; without a step for it, its first line is told."""
        inside = None if function == _TOP_LEVEL else function
        for index in range(self._next, len(self._steps)):
            line, of = self._steps[index]
            if first <= line <= last and of == inside:
                self._next = index + 1
                return line, index
        self.unmatched += 1
        return first, None

    def entered(self, frame: int, position: Position) -> None:
        """The function with this frame was called from there, or a generator goes on."""
        self._callers.append((frame, position))

    def left(self, frame: int) -> Position | None:
        """The function is over, or a generator pauses: return where it was called from.

        ``None`` for a generator that ends while it pauses, because nobody wants more of it.
        """
        return self._callers.pop()[1] if self._callers and self._callers[-1][0] == frame else None


class Notes:
    """Divides one run into ``intervals``, each with what is noted in it; ``calls`` are what its marked code calls.

    ``steps`` are the lines of the observed run of the same program, each with its function; they come in that order.
    ``on_step`` is called after each step with its index, ``between_lines`` when the record ``is_long`` and no operation
    of PyTorch is under way.
    A run that takes more than ``most_seconds`` of the processor, or very many lines, is ended with ``TookTooLong``.
    """

    def __init__(self, steps: Sequence[tuple[int, str | None]], weak: frozenset[str], most_seconds: float) -> None:
        self.intervals = [Interval(None, None)]
        self.on_step: Callable[[int], None] = _nothing
        self.is_long: Callable[[], bool] = lambda: False
        self.between_lines: Callable[[], None] = lambda: None
        self._began = 0.0
        self._most_seconds = most_seconds
        self._cursor = StepCursor(steps)
        self._graph = SeenGraph()
        self._variables = SeenVariables(self._graph, weak)
        self._runs = 0
        self._open_runs: list[int] = []
        self._marker = torch._C._profiler._RecordFunctionFast(MARKER)
        self._optimizer_states: dict[int, int] = {}
        self._original: Callable[..., Any] = torch.autograd.graph._engine_run_backward
        self._hooks: list[Any] = []

    @property
    def calls(self) -> Mapping[str, Callable[..., Any]]:
        """The functions that marked code calls, by their names."""
        return {
            LINE: self._line,
            ELEMENT: self._element,
            ENTERED: self._entered,
            LEFT: self._left,
            PAUSED: self._paused,
            RESUMED: self._resumed,
        }

    # --- where the program is

    def begin(self) -> None:
        """The program begins now."""
        self._began = time.process_time()
        CheckpointHook.segments.clear()
        self._move(None, None)

    @property
    def unmatched(self) -> int:
        """How many statements were not among the observed steps."""
        return self._cursor.unmatched

    def _line(self, first: int, last: int) -> None:
        self._go_on()
        if len(self.intervals) >= _MOST_INTERVALS:
            raise TookTooLong
        frame = sys._getframe(1)
        self._variables.look(frame, self.intervals[-1].notes)
        self._move(*self._cursor.at(first, last, frame.f_code.co_name))
        self._read_if_long(frame)

    def _element(self, value: Any) -> Any:
        self._go_on()
        self._read_if_long(sys._getframe(1))
        return value

    def _go_on(self) -> None:
        stop_if_asked()
        if time.process_time() - self._began > self._most_seconds:
            raise TookTooLong

    def _read_if_long(self, frame: FrameType) -> None:
        if self.is_long() and _only_python_runs(frame):
            self.between_lines()

    def _entered(self) -> None:
        now = self.intervals[-1]
        self._cursor.entered(id(sys._getframe(1)), (now.line, now.step))

    def _left(self) -> None:
        frame = sys._getframe(1)
        self._variables.look(frame, self.intervals[-1].notes)
        position = self._cursor.left(id(frame))
        if position is not None:
            self._move(*position)

    def _paused(self, value: Any) -> Any:
        position = self._cursor.left(id(sys._getframe(1)))
        if position is not None:
            self._move(*position)
        return value

    def _resumed(self, value: Any) -> Any:
        frame, now = sys._getframe(1), self.intervals[-1]
        self._cursor.entered(id(frame), (now.line, now.step))
        self._move(frame.f_lineno, None)
        return value

    def _move(self, line: int | None, step: int | None) -> None:
        """Begin a new interval."""
        if self.intervals[-1].step is not None:
            self.on_step(self.intervals[-1].step)
        with self._marker:
            pass
        self.intervals.append(Interval(line, step, self._open_runs[-1] if self._open_runs else None))

    # --- the engine and optimizers

    def __enter__(self) -> Notes:
        set_engine_door(self._run)
        self._hooks = [register_optimizer_step_post_hook(self._stepped)]
        self._checkpoint_hook = torch.utils.checkpoint._checkpoint_hook
        torch.utils.checkpoint._checkpoint_hook = CheckpointHook  # type: ignore[misc]
        return self

    def __exit__(self, *error: object) -> None:
        set_engine_door(self._original)
        torch.utils.checkpoint._checkpoint_hook = self._checkpoint_hook  # type: ignore[misc]
        for hook in self._hooks:
            hook.remove()

    def _run(self, outputs: Sequence[Any], *arguments: Any, **options: Any) -> Any:
        """Do what ``_engine_run_backward`` does, in an interval of its own."""
        now = self.intervals[-1]
        with quiet():
            if self._graph.walk(roots_of(outputs), now.notes):
                self._variables.name(now.notes)
        self._open_runs.append(self._runs)
        self._runs += 1
        self._move(now.line, now.step)
        try:
            return self._original(outputs, *arguments, **options)
        finally:
            self._open_runs.pop()
            if options.get("accumulate_grad"):
                self._graph.note_gradients(self.intervals[-1].notes)
            self._move(now.line, now.step)

    def _stepped(self, optimizer: torch.optim.Optimizer, *arguments: Any) -> None:
        notes = self.intervals[-1].notes
        count = sum(len(state) for state in optimizer.state.values())
        if self._optimizer_states.get(id(optimizer)) == count:
            return
        self._optimizer_states[id(optimizer)] = count
        for parameter, state in optimizer.state.items():
            owner = address_of(parameter)
            for name, value in state.items():
                for tensor in value if isinstance(value, list) else (value,):
                    address = address_of(tensor) if isinstance(tensor, torch.Tensor) else None
                    if address is not None:
                        notes.append((address, "optimizer", (name, owner)))
        self._move(self.intervals[-1].line, self.intervals[-1].step)

    def end(self, variables: Mapping[str, Any]) -> None:
        """The program is over: note what is left, and end the last interval."""
        notes = self.intervals[-1].notes
        self._variables.name_all(variables, notes)
        for _, tensor in named_tensors([variables]).values():
            if tensor.grad_fn is not None:
                self._graph.walk([tensor.grad_fn], notes)
        self._graph.note_gradients(notes)
        self._move(None, None)


def _nothing(step: int) -> None:
    """What is called after each step where nobody asked for that."""


def _only_python_runs(frame: FrameType) -> bool:
    """Whether only the program's own functions and modules are under way, so that no operation of PyTorch is."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_name != _TOP_LEVEL:
        name = caller.f_code.co_filename
        if name != PROGRAM_FILENAME and not name.endswith(_PLAIN_PYTHON):
            return False
        caller = caller.f_back
    return caller is not None and caller.f_code.co_filename == PROGRAM_FILENAME
