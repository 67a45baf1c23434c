"""``with record(model, every=100) as run:`` around a training loop: which steps are observed, and what is kept of them.

A step ends with ``optimizer.step()``. Between recorded steps one hook of PyTorch's counts, and nothing else is there.
What a recorded step has shown becomes a trace when the training is over, if it is kept until then: most are not.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Literal, overload

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from ..capture.failures import failure_of
from ..capture.updates import parameters_of
from ..figures import Budget
from ..source import SourceLimits
from ..trace import MOST_UPLOADED_BYTES, Caps, Note, Packed, Trace, encode_trace, pack
from ..trace.recording import (
    MOST_TRACE_BYTES,
    KeptTrace,
    RecordedStep,
    Recording,
    RecordingFile,
    decode_recording,
    encode_recording,
)
from .numbers import Numbers
from .page import IN_A_FILE, IN_A_NOTEBOOK, framed, player_page
from .place import Place, place_of
from .window import Window

# Of one step: a large model has some thousand nodes; a file of a dozen such steps can still be opened.
CAPS = Caps(
    steps=5_000,
    tensors=10_000,
    values_per_tensor=64,
    values=100_000,
    summarised_elements=200_000_000,
    grids=1_500,
    nodes=30_000,
    engine_steps=60_000,
)
_MOST_TRACES = 12
_MOST_NOTES = 50
_MOST_JSON = 96 << 20
_LONGEST_REASON = 300
_OTHER_THREAD = "Steps of an optimizer in another thread are not counted: a recording follows the thread that began it."
_NO_STEP = "No optimizer ended a step, and run.step() was not called, so all of it is one step."
# Of what waits to become traces: records (a dozen steps of a large model), the bytes of tensors' numbers, those of one.
_MOST_RECORDS = 100_000
_MOST_HELD, _MOST_HELD_OF_ONE = 128 << 20, 16 << 20
# Of the file: what is over is let go until it can be opened.
_ROOM = MOST_UPLOADED_BYTES - (256 << 10)

_Leave = Callable[[type[BaseException] | None, BaseException | None, TracebackType | None], Literal[False]]


def record(model: nn.Module | None = None, every: int = 100, steps: int | None = None, *, caps: Caps = CAPS) -> Run:
    """Record a training where it runs: ``with record(model, every=100, steps=1_000) as run:`` around its loop.

    Steps 0, ``every``, 2 * ``every``, ... are recorded, and the last one where ``steps`` says how many there are. A
    step ends with ``step()`` of an optimizer that trains a parameter of ``model``, of any optimizer where no model is
    given, or with ``run.step()``. The training itself stays as it is, number for number.

    Raises:
        ValueError: ``every`` or ``steps`` is less than 1.
    """
    if every < 1 or (steps is not None and steps < 1):
        raise ValueError("every and steps must be at least 1")
    frame = sys._getframe(1)
    return Run(place_of(frame.f_code.co_filename, frame.f_lineno), _models(model, frame), every, steps, caps)


def _models(model: nn.Module | None, frame: FrameType) -> dict[str, nn.Module]:
    """Return the model by the name that it has where it is recorded."""
    if model is None:
        return {}
    names = [name for name, value in frame.f_locals.items() if value is model and not name.startswith("_")]
    return {names[0] if names else type(model).__name__: model}


@dataclass
class _Kept:
    """What is kept of the steps that were recorded; of whole traces the first, the last and some between."""

    traces: dict[int, Window | bytes | Packed] = field(default_factory=dict)
    """As JSON when the training is over, packed when it is asked for; earlier where it is much."""
    notes: list[Note] = field(default_factory=list)
    stride: int = 1
    """Every how many recorded steps a whole trace is kept."""
    count: int = 0
    numbers: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = Numbers(self.note)

    def note(self, message: str) -> None:
        """Write something down for the reader of the recording, once."""
        if len(self.notes) < _MOST_NOTES and all(note.message != message for note in self.notes):
            self.notes.append(Note(observer=None, message=message, line=None))

    def add_trace(self, window: Window) -> None:
        """Keep what becomes a trace; the one before goes if it was there only because it was the last."""
        last = max(self.traces, default=None)
        if last is not None and self.count > 1 and (self.count - 1) % self.stride:
            self._let_go(last)
        self.traces[window.step] = window
        self.count += 1
        while len(self.traces) > 2 and len(self.traces) > _MOST_TRACES:
            self._thin()
        while sum(each.records for each in self._waiting()) > _MOST_RECORDS:
            self._write(self._waiting()[0])

    @property
    def room(self) -> int:
        """For how many bytes of tensors' numbers there is room until the traces are made."""
        return min(_MOST_HELD_OF_ONE, max(0, _MOST_HELD - sum(each.held for each in self._waiting())))

    def _waiting(self) -> list[Window]:
        return [each for each in self.traces.values() if isinstance(each, Window)]

    def write(self) -> None:
        """Make the traces of all that waits."""
        for each in self._waiting():
            self._write(each)

    def _write(self, window: Window) -> None:
        try:
            data = encode_trace(window.trace())
        except Exception as problem:  # the training goes on
            self._let_go(window.step)
            self.note(f"Step {window.step} was not recorded ({type(problem).__name__}: {problem}).")
            return
        if len(data) > MOST_TRACE_BYTES:
            del self.traces[window.step]
            self.note(f"The trace of step {window.step} has {len(data) >> 20} MiB, which is too much to be kept.")
            return
        self.traces[window.step] = data
        if sum(len(each) for each in self.traces.values() if isinstance(each, bytes)) > _MOST_JSON:
            self._pack()

    def _let_go(self, step: int) -> None:
        trace = self.traces.pop(step)
        if isinstance(trace, Window):
            trace.forget()

    @property
    def kept(self) -> list[int]:
        """The steps of which there is a whole trace."""
        self.write()
        return list(self.traces)

    def _pack(self) -> None:
        for step, data in self.traces.items():
            if isinstance(data, bytes):
                self.traces[step] = pack(data)

    def packed(self) -> dict[int, Packed]:
        """Return the traces packed; where they are more than a file may have, some are let go."""
        self.write()
        self._pack()
        while len(self.traces) > 2 and sum(len(each.data) for each in self._all_packed().values()) > _ROOM:
            self._thin()
        return self._all_packed()

    def _all_packed(self) -> dict[int, Packed]:
        return {step: data for step, data in self.traces.items() if isinstance(data, Packed)}

    def _thin(self) -> None:
        """Let every second one go, but the first and the last."""
        self.stride *= 2
        for step in list(self.traces)[1:-1:2]:
            self._let_go(step)

    def add_step(self, window: Window, seconds: float, plain_seconds: float | None) -> None:
        """Keep the numbers of a step, as far as there is room."""
        step = RecordedStep(step=window.step, losses=window.losses, seconds=seconds, plain_seconds=plain_seconds)
        self.numbers.add(step, window.norms, self.traces)

    def file(self, place: Place, every: int, seen: int) -> bytes:
        """Return the recording."""
        steps, histograms = self.numbers.steps, self.numbers.histograms
        traces = self.packed()
        while True:
            head = Recording(
                file=place.name,
                every=every,
                seen=seen,
                parameters=self.numbers.parameters,
                steps=steps,
                traces=[KeptTrace(step=step, packed=0, size=0) for step in traces],
                notes=self.notes,
                histograms=histograms,
            )
            data = encode_recording(head, list(traces.values()))
            if len(data) <= MOST_UPLOADED_BYTES or not traces:
                return data
            between = list(traces)[1:-1] or list(traces)[:1]
            del traces[between[len(between) // 2]]


class _Exit:
    """``__exit__``, which a ``with`` fetches as it begins and holds until it is over: so its end is known in any case.

    Ctrl+C may come when ``__exit__`` was called and its first line has not begun, where nothing catches it.
    """

    @overload
    def __get__(self, run: None, owner: type[Run]) -> Callable[..., Literal[False]]: ...
    @overload
    def __get__(self, run: Run, owner: type[Run]) -> _Leave: ...
    def __get__(self, run: Run | None, owner: type[Run]) -> Callable[..., Literal[False]]:
        if run is None:
            return Run._leave
        leave = run._leave
        run._fetched = weakref.ref(leave)
        return leave


class Run:
    """A training that is recorded, or was: see ``record``. ``save``, ``html`` and ``traces`` can be asked at any time.

    One that ``yields`` ends where another begins; then it has ``yielded``.

    Known limitations: one recording at a time, in the thread that began it.
    """

    _running: Run | None = None

    def __init__(
        self,
        place: Place,
        models: Mapping[str, nn.Module],
        every: int,
        steps: int | None,
        caps: Caps,
        *,
        yields: bool = False,
    ) -> None:
        self._place = place
        self._models = models
        self._every = every
        self._last = steps - 1 if steps is not None else None
        self._caps = caps
        self._yields = yields
        self.yielded = False
        self._kept = _Kept()
        self._window: Window | None = None
        self._remove: Callable[[], None] = lambda: None
        self._trained = {id(parameter) for model in models.values() for parameter in model.parameters()}
        # By id: a hash of a person's own class would be their code.
        self._known: dict[int, tuple[weakref.ref[torch.optim.Optimizer], bool]] = {}
        self._plain_since: tuple[int, float] | None = None
        self._thread: int | None = None
        self._fetched: weakref.ref[_Leave] | None = None
        self._held: weakref.ref[_Leave] | None = None
        """What the ``with`` holds as long as it is not over."""
        self.steps_seen = 0
        """How many steps the training has taken."""

    def __enter__(self) -> Run:
        fetched = self._fetched() if self._fetched is not None else None
        running = Run._running
        if running is not None and not running._makes_way():
            raise RuntimeError("another recording is under way: record one training at a time")
        try:
            Run._running = self
            self._thread = threading.get_ident()
            self._held = weakref.ref(fetched, lambda _: self._abandoned()) if fetched is not None else None
            self._remove = register_optimizer_step_post_hook(self._optimizer_done).remove
            self._begin_if_due()
        except BaseException:
            self._take_back()
            raise
        return self

    __exit__ = _Exit()

    def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        try:
            if Run._running is self:
                self._finish(error)
        finally:
            self._take_back()
        return False

    def _finish(self, error: BaseException | None) -> None:
        window = self._window
        if window is not None and (error is not None or window.holds_something or not self._kept.numbers):
            self._end(window, error)
        self._take_back()
        self._kept.write()
        if error is not None:
            self._note_end(error)
        elif not self.steps_seen:
            self._kept.note(_NO_STEP)

    def _take_back(self) -> None:
        """Take everything off that is still on; another recording can begin."""
        try:
            if self._window is not None:
                self._window.stop()
                self._window = None
        finally:
            try:
                self._remove()
                self._known.clear()
            finally:
                if Run._running is self:
                    Run._running = None
                self._held = None

    def _abandoned(self) -> None:
        """The ``with`` is over. If ``__exit__`` had not begun, Ctrl+C came just then."""
        if Run._running is self:
            self._note_end(KeyboardInterrupt())
            self._take_back()

    def _makes_way(self) -> bool:
        """Whether another recording may begin, in this thread: this one is over then."""
        left = self._held is not None and self._held() is None
        if threading.get_ident() != self._thread or not (left or self._yields):
            return False
        self.yielded = not left
        self._take_back()
        return True

    def _note_end(self, error: BaseException) -> None:
        failure = failure_of(error)
        if isinstance(error, KeyboardInterrupt):
            self._kept.note(f"The training was interrupted in step {self.steps_seen}.")
        elif failure is not None:
            said = ": ".join(filter(None, (failure.error_type, failure.message)))[:_LONGEST_REASON]
            self._kept.note(f"The training ended in step {self.steps_seen} with {said}")

    def step(self) -> None:
        """End a step, in a loop that has no optimizer of ``torch.optim``."""
        if Run._running is self and self._is_here():
            self._step_done()

    @property
    def traces(self) -> dict[int, Trace]:
        """The whole traces that are kept, by step."""
        file = self._decoded()
        return {step: self._trace(file, step) for step in file.steps}

    @property
    def recorded(self) -> list[int]:
        """The steps whose whole trace is kept."""
        return self._kept.kept

    @property
    def recording(self) -> Recording:
        """What is known in numbers, of every recorded step."""
        return self._decoded().head

    def save(self, path: str | Path) -> None:
        """Write everything to one compressed file, which the app opens: ``run.save("step.trace")``."""
        Path(path).write_bytes(self._file())

    def html(self, path: str | Path, step: int | None = None) -> None:
        """Write the player of one step as a page that needs no server and no network; by default the last step's.

        Raises:
            ValueError: no trace of this step is kept; the message says of which there is one.
        """
        Path(path).write_text(self._page(step, IN_A_FILE), encoding="utf-8")

    def _repr_html_(self) -> str:
        """Return the player of the last step, for a notebook's cell."""
        return framed(self._page(None, IN_A_NOTEBOOK)) if self._kept.kept else "<p>Nothing is recorded yet.</p>"

    def __repr__(self) -> str:
        return f"<recording of {self._place.name}: {self.steps_seen} steps, traces of {self._kept.kept}>"

    def _file(self) -> bytes:
        return self._kept.file(self._place, self._every, self.steps_seen)

    def _page(self, step: int | None, budget: Budget) -> str:
        kept = self._kept.kept
        chosen = step if step is not None or not kept else kept[-1]
        if chosen is None or chosen not in kept:
            raise ValueError(f"no trace of step {chosen} is kept; there is one of: {kept}")
        return player_page(self._trace(self._decoded(), chosen), f"{self._place.name}, step {chosen}", budget)

    def _decoded(self) -> RecordingFile:
        return decode_recording(self._file(), most_bytes=1 << 40)

    def _trace(self, file: RecordingFile, step: int) -> Trace:
        return file.trace(step, SourceLimits().max_chars, self._caps)

    def _takes(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether an optimizer trains what is recorded."""
        known = self._known.get(id(optimizer))
        if known is None or known[0]() is not optimizer:
            ours = not self._trained or any(id(each) in self._trained for each in parameters_of(optimizer))
            known = self._known[id(optimizer)] = weakref.ref(optimizer), ours
        return known[1] and self._is_here()

    def _is_here(self) -> bool:
        """Whether this is the thread that is recorded."""
        if threading.get_ident() == self._thread:
            return True
        self._kept.note(_OTHER_THREAD)
        return False

    def _optimizer_done(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        if Run._running is self and self._takes(optimizer):
            if self._window is not None:
                self._window.updated()
            self._step_done()

    def _step_done(self) -> None:
        self.steps_seen += 1
        if self._window is None and self.steps_seen % self._every and self.steps_seen != self._last:
            return
        if self._window is not None:
            self._end(self._window, None)
        self._begin_if_due()

    def _begin_if_due(self) -> None:
        step = self.steps_seen
        over = self._last is not None and step > self._last
        if over or (step % self._every and step != self._last):
            return
        window = self._window = Window(self._place, step, self._models, self._caps, self._kept.room)
        with self._let_go_if_it_fails(window):
            window.begin(self._takes)

    def _end(self, window: Window, error: BaseException | None) -> None:
        seconds, plain = window.seconds, self._plain_seconds(window)
        with self._let_go_if_it_fails(window):
            window.end(error)
            self._kept.add_trace(window)
            self._kept.add_step(window, seconds, plain)
        self._window = None
        self._plain_since = self.steps_seen, time.perf_counter()

    @contextmanager
    def _let_go_if_it_fails(self, window: Window) -> Iterator[None]:
        """A step that cannot be recorded leaves a note, and the training goes on; Ctrl+C ends it."""
        try:
            yield
        except BaseException as problem:
            window.stop()
            self._window = None
            if not isinstance(problem, Exception):
                raise
            self._kept.note(f"Step {window.step} was not recorded ({type(problem).__name__}: {problem}).")

    def _plain_seconds(self, window: Window) -> float | None:
        """The mean seconds of the steps since the last recorded one; the one that is recorded now is not among them."""
        if self._plain_since is None:
            return None
        since, ended = self._plain_since
        count = window.step - since
        return (window.started - ended) / count if count > 0 else None
