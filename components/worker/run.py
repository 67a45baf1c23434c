"""One run as the pages see it: its place in the queue, its progress, a Stop button and, at last, its trace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from ..trace import FailureKind, ObservedRun, Program, Trace
from .fair_queue import Owner
from .limits import Limits
from .sent import Sent, SentMemory, read

ANYBODY = Owner()
State = Literal["queued", "running", "standing", "ending", "done"]


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of a run now.

    ``standing`` is a program that stands still until it is its turn to go on among long ones, ``ending`` one that is
    over, or was stopped, while what was recorded of it is put together. ``ahead`` counts the programs that will begin,
    or go on, before it; ``line`` is the line that ran last (``None`` before the first look, a tenth of a second after
    the start); ``seconds`` since it began to run, or to wait; ``stdout`` so far.
    """

    state: State
    ahead: int
    line: int | None
    seconds: float
    stdout: str


class Run:
    """A submitted program. All methods may be called from any thread, and none raises for what the program does.

    ``observed`` is what an observed run of the program knew, where its memory is to be measured; ``of`` is the trace
    of that run, where ``wait`` is to give it with its memory.
    """

    def __init__(
        self,
        program: Program,
        limits: Limits,
        owner: Owner = ANYBODY,
        observed: ObservedRun | None = None,
        of: Trace | None = None,
    ) -> None:
        self.program = program
        self.observed = observed
        self._of = of
        self.limits = limits
        self.owner = owner
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._result: Trace | Sent | SentMemory | None = None
        self._last_line: int | None = None
        self._since = time.monotonic()
        self._seconds: float | None = None
        self._waited = 0.0
        self._running = False
        self._stopped_at: float | None = None
        # The pool and the execution put these in while they are responsible for the run.
        self.look: Callable[[], tuple[int | None, str]] = lambda: (None, "")
        self.standing: Callable[[], int | None] = _nowhere
        self.is_over: Callable[[], bool] = _not_yet
        self.count_ahead: Callable[[Run], int] = _nothing
        self.on_stop: Callable[[Run], object] = _nothing
        self.on_done: Callable[[Run], object] = _nothing

    def progress(self) -> RunProgress:
        """Return how far the run is."""
        standing = self.standing()
        ahead = standing or (0 if self._running or self._done.is_set() else self.count_ahead(self))
        with self._lock:
            result = self._result
            if result is not None:
                seconds = self._seconds or 0.0
                return RunProgress(state="done", ahead=0, line=self._last_line, seconds=seconds, stdout=result.stdout)
            line, stdout = self.look()
            state: State = "queued" if not self._running else "running" if standing is None else "standing"
            if self._running and (self._stopped_at is not None or self.is_over()):
                state = "ending"
            seconds = time.monotonic() - self._since
            return RunProgress(state=state, ahead=ahead, line=line, seconds=seconds, stdout=stdout)

    def stop(self) -> None:
        """End the run soon; its trace then says so. Harmless when it is over."""
        with self._lock:
            if self._result is not None or self._stopped_at is not None:
                return
            self._stopped_at = time.monotonic()
        self.on_stop(self)

    def wait(self, timeout: float | None = None) -> Trace | None:
        """Wait up to ``timeout`` seconds (``None``: as long as it takes) and return the trace, or ``None``."""
        result = self.result(timeout)
        if result is None:
            return None
        if isinstance(result, SentMemory):
            assert self._of is not None  # else nobody waits for a trace
            result = result.read(self._of)
        self._result = trace = read(result)
        return trace

    def result(self, timeout: float | None = None) -> Trace | Sent | SentMemory | None:
        """Wait as ``wait`` does and return the trace as it was sent, which nobody has read yet."""
        self._done.wait(timeout)
        return self._result

    @property
    def measures(self) -> bool:
        """Whether it is a second run, which measures memory."""
        return self.observed is not None

    @property
    def stopped_at(self) -> float | None:
        """When Stop was pressed, on the monotonic clock."""
        return self._stopped_at

    @property
    def times(self) -> tuple[float, float | None]:
        """The seconds that it waited, and those that it has run or ran; ``None`` where it never began."""
        seconds = time.monotonic() - self._since if self._seconds is None else self._seconds
        return (self._waited, seconds) if self._running else (seconds, None)

    @property
    def failure(self) -> FailureKind | None:
        """The kind of its trace's failure, as far as that is known without reading it."""
        if isinstance(self._result, Sent):
            return "timeout" if self._result.late else None
        failure = self._result.failure if isinstance(self._result, Trace) else None
        return failure.kind if failure is not None else None

    @property
    def done(self) -> bool:
        """Whether the trace is there."""
        return self._done.is_set()

    def begin(self) -> None:
        """Mark the run as running. For the pool."""
        with self._lock:
            self._running, now = True, time.monotonic()
            self._waited, self._since = now - self._since, now

    def finish(self, result: Trace | Sent | SentMemory) -> None:
        """Hand over the trace; only the first one counts. For the pool."""
        first = False
        with self._lock:
            if self._result is None:
                self._seconds = time.monotonic() - self._since
                failure = result.failure if isinstance(result, Trace) else None
                self._last_line = failure.line if failure is not None and failure.line else self.look()[0]
                self._result = result
                # Let go of the child's buffers: pages keep runs for long.
                self.look = lambda: (None, "")
                self.standing = _nowhere
                self.is_over = _not_yet
                self.on_stop = self.count_ahead = _nothing
                first = True
        if first:
            self.on_done(self)
        self._done.set()


def _nothing(run: Run) -> int:
    return 0


def _nowhere() -> None:
    return None


def _not_yet() -> bool:
    return False
