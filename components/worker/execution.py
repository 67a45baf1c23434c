"""One run in one child, seen from the parent: send the program, listen, keep the time, take what came.

Runs in a thread of the pool. Nothing a child says or does raises here; only the zygote's death before the child
existed does, because then the run can simply be tried again.
"""

from __future__ import annotations

import logging
import os
import select
import time
from contextlib import closing
from io import FileIO

from ..trace import Failure, Trace
from . import failures
from .exercises import for_its_process
from .fair_queue import Owner, QueueFull
from .folder import Bound, free_bytes, remove, usage
from .line import Spare
from .messages import OUTPUT_CHARS, Request, encode
from .places import Turn
from .run import Run
from .sent import Sent, SentMemory
from .stint import Stint
from .stream import ChildStream
from .supervisor import Child, ZygoteDied, ZygoteProcess

# How soon a run notices that Stop was pressed (the program itself is told at once).
_LOOK_SECONDS = 0.1
_FORK_SECONDS = 30.0
# How long a child may take to make itself ready: on a GPU that is a driver's context and a profiler's first start.
_READY_SECONDS = 60.0
# How long a child that is about to be killed has to say where its program was.
_LAST_WORDS_SECONDS = 0.2
_CHUNK = 1 << 18
# The child interrupts its program first; only one that goes on is killed.
_SLACK = 1.25
# Files without a name that stay open are in no folder: what they take shows only in what is left of the disk.
_LEFT_ON_DISK = 128 << 20
_log = logging.getLogger(__name__)


class Execution:
    """The parent's half of one run."""

    def __init__(self, run: Run, zygote: ZygoteProcess, turn: Turn, spare: Spare) -> None:
        self._run = run
        self._turn = turn
        self._spare = spare
        self._limits = run.limits
        self._zygote = zygote
        self._stream = ChildStream(run.limits)
        self._stint = Stint(turn, run.limits, zygote)
        self._killing: float | None = None
        self._too_much: Failure | None = None
        self._look_again = 0.0
        self._least_free = min(_LEFT_ON_DISK, free_bytes(zygote.folder) // 2)
        self._child: Child | None = None

    @property
    def owner(self) -> Owner:
        """Whose run it is."""
        return self._turn.owner

    @property
    def processor_seconds(self) -> float:
        """What the child has used, once it was released."""
        return self._child.cpu_seconds if self._child is not None else 0.0

    @property
    def began(self) -> float:
        """When the program began, on the monotonic clock; long ago if it did not."""
        return self._stint.began if self._stream.begun else float("-inf")

    def result(self) -> Trace | Sent | SentMemory:
        """Run the program and return its trace, as it was sent; raises ``ZygoteDied`` if it never began."""
        line = self._spare.take(self._zygote, self._limits)
        child = self._child = line.child
        with closing(line):
            child.answered.wait(_FORK_SECONDS)
            if child.refused is not None:
                return self._failed(failures.crashed(child.refused))
            if not child.exists:
                self._zygote.close()
                raise ZygoteDied("The process that runs programs does not answer.")
            self._stint.begin()
            self._connect(child)
            self._converse(child, line.request, line.result)
        if self._stream.over or self._too_much is not None or self._killing is not None:
            self._zygote.kill(child)  # reading the result takes a while, in which nobody looks at what it uses
        return self._conclude(child)

    def release(self) -> None:
        """Make sure that the child is gone, and its folder with it."""
        if self._child is None:
            return
        if not self._child.ended.is_set():
            self._zygote.kill(self._child)
            if not self._child.ended.wait(_FORK_SECONDS):
                self._zygote.close()
        remove(self._zygote.folder_of(self._child))

    def _connect(self, child: Child) -> None:
        """Let the run's progress and Stop reach the child; Stop may have been pressed already."""
        self._run.look = lambda: (self._stream.line, self._stream.stdout)
        self._run.standing = lambda: self._turn.ahead() if self._turn.place == "standing" else None
        self._run.is_over = lambda: self._stream.finishing
        self._run.on_stop = lambda run: self._zygote.stop(child)
        if self._run.stopped_at is not None:
            self._zygote.stop(child)

    def _converse(self, child: Child, request: FileIO, result: FileIO) -> None:
        """Send the request and read until the stream is over, the child is gone or its time is."""
        os.set_blocking(request.fileno(), False)
        unsent = memoryview(encode(Request(for_its_process(self._run.program), self._run.observed)))
        poll = select.poll()  # not select(): a busy server has more than 1,024 descriptors
        poll.register(result, select.POLLIN)
        poll.register(request, select.POLLOUT)
        while not self._stream.over:
            if self._stream.begun:
                self._keep_time_and_place(child)
            left = self._left()
            if self._too_much is None and time.monotonic() >= self._look_again:
                self._look_at_what_it_uses()
            if self._too_much is not None:
                return
            if self._killing is None and left <= 0:
                self._killing = time.monotonic()
                self._zygote.look(child)
                continue
            if left <= 0 or (self._killing is not None and self._stream.placed):
                return
            works = self._stream.begun and not self._stream.finishing
            wait = min(left, _LOOK_SECONDS, max(0.0, self._stint.left()) if works else left)
            ready = {descriptor for descriptor, _ in poll.poll(wait * 1000)}
            if not request.closed and request.fileno() in ready:
                unsent = _send_some(request, unsent)
                if not unsent:
                    poll.unregister(request)
                    request.close()
            if result.fileno() in ready:
                data = os.read(result.fileno(), _CHUNK)
                if not data:
                    return
                self._feed(data)

    def _keep_time_and_place(self, child: Child) -> None:
        ending = self._run.stopped_at is not None or self._killing is not None
        try:
            self._stint.keep_place(child, ending=ending)
        except QueueFull as full:
            self._too_much = failures.no_place(str(full), self._limits.wall_seconds, self._stream.line)
        else:
            if not self._stream.finishing:
                self._stint.tell_if_late(child)

    def _look_at_what_it_uses(self) -> None:
        """What the child's kernel does not bound: all that is in its folder, its threads, and the disk that all share.

        An honest program was interrupted by its own watch before; one that was not is killed.
        """
        self._look_again = time.monotonic() + _LOOK_SECONDS
        child, limits = self._child, self._limits
        if child is None or not self._stream.begun:
            return
        bound = Bound(limits.folder_mb << 20, limits.files)
        message = usage(self._zygote.folder_of(child), bound, _SLACK).over(bound, _SLACK)
        if self._stint.look(child).threads > limits.threads and message is None:
            message = f"The program had more than {limits.threads} threads at once and was stopped."
        if message is None and free_bytes(self._zygote.folder) < self._least_free:
            self._too_much = failures.crashed(
                "The server's disk is almost full, so the programs that run were stopped. Run this again later.",
                self._stream.line,
            )
            return
        if message is not None:
            self._too_much = Failure(kind="too_large", message=message, line=self._stream.line)

    def _feed(self, data: bytes) -> None:
        ready = self._stream.begun
        self._stream.feed(data)
        if self._stream.begun and not ready:
            self._stint.begin()
            self._spare.make(self._zygote)

    def _left(self) -> float:
        """Return in how many seconds the child is to be killed."""
        now, limits = time.monotonic(), self._limits
        if self._killing is not None:
            return self._killing + _LAST_WORDS_SECONDS - now
        grace = limits.finish_seconds if self._stream.finishing else limits.stop_seconds
        left = (limits.wall_seconds if self._stream.begun else _READY_SECONDS) - self._stint.seconds()
        if self._run.stopped_at is not None:
            left = min(left, self._run.stopped_at - now)
        return left + grace

    def _reason_for_killing(self) -> Failure:
        line = self._stream.line
        if self._run.stopped_at is not None:
            return Failure(kind="timeout", message=failures.STOPPED, line=line)
        return failures.timed_out(self._limits.wall_seconds, line)

    def _conclude(self, child: Child) -> Trace | Sent | SentMemory:
        stream = self._stream
        for text in stream.faults:
            _log.warning("An observer stepped aside, and said:\n%s", _quoted(text))
        if self._too_much is not None:
            return self._failed(self._too_much)
        if self._killing is not None:
            return self._failed(self._reason_for_killing())
        if stream.broken is not None:
            return self._failed(failures.crashed(f"The program's process was ended: {stream.broken}.", stream.line))
        if stream.problem is not None:
            problem = stream.problem
            return self._failed(failures.crashed(problem.message, stream.line, problem.kind))
        result = stream.result
        if result is None:
            return self._failed(self._cause_of_death(child))
        if self._run.measures:
            return SentMemory(result, self._limits)
        said = stream.stdout, stream.stdout_truncated
        return Sent(result, self._run.program, self._limits, *said, self._stint.seconds(), self._stint.late)

    def _cause_of_death(self, child: Child) -> Failure:
        """The pipe closed without a result: the child died, or a hostile one closed it and lives."""
        if not child.ended.wait(self._limits.stop_seconds):
            return failures.crashed("The program's process closed its connection.", self._stream.line)
        if self._run.stopped_at is not None:
            return self._reason_for_killing()
        if child.status is None and not self._stream.begun:
            raise ZygoteDied("The process that runs programs is gone.")
        return failures.from_status(child.status, self._limits.processor_seconds(), self._stream.line)

    def _failed(self, failure: Failure) -> Trace | SentMemory:
        if self._run.measures:
            return SentMemory(None, self._limits, failures.not_measured(failure))
        return failures.failed_trace(
            self._run.program,
            failure,
            stdout=self._stream.stdout,
            stdout_truncated=self._stream.stdout_truncated,
            duration_ns=int(self._stint.seconds() * 1e9),
        )


def _send_some(pipe: FileIO, data: memoryview) -> memoryview:
    """Write what fits into the pipe and return the rest; nothing is left to send to a child that is gone."""
    try:
        return data[pipe.write(data) or 0 :]
    except OSError:
        return memoryview(b"")


def _quoted(text: str) -> str:
    """A child may have been taken over: what it says must not look like a line of the log's own."""
    lines = ("".join(sign if sign.isprintable() else "?" for sign in line) for line in text.splitlines())
    return "\n".join(f"  | {line}" for line in lines)[-OUTPUT_CHARS:]
