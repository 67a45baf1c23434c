"""The public door: programs in, traces out, a bounded number at once, whatever the programs do.

One pool serves all sessions of a server. It starts its zygote in the background, replaces it when it dies, and hands
runs to a few threads, each of which minds one child at a time. Importing this module does not import torch.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import Counter
from contextlib import suppress

from msgspec import UNSET

from ..explanations import explain
from ..trace import Failure, MeasuredRun, Program, Trace, why_not_measured, with_measured
from . import failures
from .confine import Wall
from .confine.gpu import has_gpu
from .execution import Execution
from .exercises import judged
from .fair_queue import FairQueue, QueueFull
from .limits import Limits
from .run import Run
from .sent import read
from .supervisor import ZygoteDied, ZygoteOptions, ZygoteProcess

USER_VARIABLE = "AUTOGRAD_LAB_WORKER_UID"
GPU_VARIABLE = "AUTOGRAD_LAB_GPU"
_START_SECONDS = 120.0
_ATTEMPTS = 2
_log = logging.getLogger(__name__)


def default_size() -> int:
    """Return how many programs run at once by default: one for each processor, at least two."""
    return max(2, os.cpu_count() or 1)


class Pool:
    """Runs programs in confined processes; safe to use from many threads.

    ``size`` programs run at once; ``queue`` more may wait, ``queue_per_owner`` of one owner. Owners take turns.
    Programs for CUDA go to a pool of their own, ``gpu``, one at a time, since they share the device's memory; where
    there is no GPU they are refused. A user id in the environment variable ``AUTOGRAD_LAB_WORKER_UID`` is what programs
    run as when the server is root.
    """

    def __init__(
        self,
        size: int | None = None,
        queue: int = 256,
        queue_per_owner: int = 8,
        options: ZygoteOptions | None = None,
        gpu: Pool | None = None,
    ) -> None:
        self._size = size or default_size()
        self._options = options or ZygoteOptions(user=_user_from_environment())
        self.gpu = gpu
        self._queue: FairQueue[Run] = FairQueue(queue, queue_per_owner)
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._zygote: ZygoteProcess | None = None
        self._zygote_lock = threading.Lock()
        atexit.register(self.close)

    def start(self) -> None:
        """Begin to start the zygote, without waiting for it. Done by the first run if nobody did it before."""
        with self._changed:
            if self._threads or self._closed:
                return
            self._threads = [
                threading.Thread(target=self._work, name=f"run-{number}", daemon=True) for number in range(self._size)
            ]
        for thread in self._threads:
            thread.start()
        self._warm_again()

    def submit(self, program: Program, limits: Limits | None = None, owner: str = "") -> Run:
        """Queue a program for its owner and return its run at once; a full queue gives a run that has failed."""
        if program.device == "cuda" and self.gpu is not None:
            return self.gpu.submit(program, limits, owner)
        return self._queued(Run(program, limits or Limits(), owner))

    def measure(self, trace: Trace, limits: Limits | None = None, owner: str = "") -> Run:
        """Queue the second, bare run of a trace's program; its run gives the trace with its memory."""
        if trace.program.device == "cuda" and self.gpu is not None:
            return self.gpu.measure(trace, limits, owner)
        run = Run(trace.program, limits or Limits(), owner, of=trace)
        why_not = why_not_measured(trace)
        if why_not is not None:
            run.finish(with_measured(trace, MeasuredRun(memory=None, note=why_not)))
            return run
        return self._queued(run)

    def _queued(self, run: Run) -> Run:
        program, owner = run.program, run.owner
        failure = failures.before_running(program, run.limits.source.max_chars, has_gpu=self._options.gpu)
        if failure is not None:
            self._finish(run, failure)
            return run
        self.start()
        with self._changed:
            try:
                if self._closed:
                    raise QueueFull(failures.CLOSED)
                run.count_ahead = self._ahead
                run.on_stop = self._stop_waiting
                self._queue.put(owner, run)
                self._changed.notify()
            except QueueFull as full:
                failure = Failure(kind="timeout", message=str(full))
        if failure is not None:
            self._finish(run, failure)
        return run

    def run(self, program: Program, limits: Limits | None = None, *, memory: bool = False) -> Trace:
        """Run a program and return its trace, however it went; with its ``memory`` in a second run, if asked for."""
        trace = self.submit(program, limits).wait()
        assert trace is not None
        if memory and trace.steps:
            trace = self.measure(trace, limits).wait()
            assert trace is not None
        return trace

    def names(self) -> tuple[str, ...]:
        """Return what an editor completes, as the installed modules have it; nothing before the zygote has said it."""
        with self._zygote_lock:
            return self._zygote.names if self._zygote is not None else ()

    def walls(self) -> list[Wall]:
        """Return which walls stand, waiting for the zygote to try them; if it cannot start, none do."""
        self.start()
        try:
            return self._living_zygote().walls
        except ZygoteDied as error:
            return [Wall(name="worker", standing=False, detail=str(error))]

    def known_walls(self) -> list[Wall]:
        """Return which walls stand as far as that is known, without waiting: nothing before the zygote has said it."""
        with self._zygote_lock:
            return self._zygote.walls if self._zygote is not None else []

    def close(self) -> None:
        """End all runs and the zygote; every run gets a trace that says so."""
        with self._changed:
            self._closed = True
            waiting = self._queue.clear()
            self._changed.notify_all()
        for run in waiting:
            self._finish(run, failures.crashed(failures.CLOSED))
        if self.gpu is not None:
            self.gpu.close()
        with self._zygote_lock:
            if self._zygote is not None:
                self._zygote.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)
        atexit.unregister(self.close)

    def _work(self) -> None:
        """Mind one run after another until the pool is closed."""
        while True:
            with self._changed:
                while not (self._closed or len(self._queue)):
                    self._changed.wait()
                run = None if self._closed else self._queue.take(self._running)
                if run is None:
                    return
                self._running[run.owner] += 1
            try:
                self._mind(run)
            except Exception:
                _log.exception("A run failed for a reason of our own.")
                self._finish(run, failures.crashed("Autograd Lab itself failed."))
            finally:
                with self._changed:
                    self._running -= Counter([run.owner])
                    self._changed.notify_all()

    def _mind(self, run: Run) -> None:
        for _ in range(_ATTEMPTS):
            try:
                execution = Execution(run, self._living_zygote())
                run.begin()
                result = execution.result()
                if run.of is None and run.program.question is not UNSET:
                    result = judged(run, read(result), self._executed)
            except ZygoteDied as error:
                failure = failures.crashed(failures.CLOSED if self._closed else str(error))
                self._retire()
                continue
            run.finish(explain(result) if isinstance(result, Trace) and run.of is None else result)
            execution.release()
            return
        self._finish(run, failure)

    def _executed(self, run: Run) -> Trace:
        execution = Execution(run, self._living_zygote())
        try:
            return read(execution.result())
        finally:
            execution.release()

    def _finish(self, run: Run, failure: Failure) -> None:
        if run.of is not None:
            note = failures.not_measured(failure)
            run.finish(with_measured(run.of, MeasuredRun(memory=None, note=note)))
            return
        run.finish(explain(failures.failed_trace(run.program, failure)))

    def _ahead(self, run: Run) -> int:
        with self._changed:
            return self._queue.ahead(run)

    def _stop_waiting(self, run: Run) -> None:
        with self._changed:
            waiting = self._queue.remove(run)
        if waiting:
            self._finish(run, Failure(kind="timeout", message=failures.STOPPED_IN_QUEUE))

    def _warm_again(self) -> None:
        """Start a zygote, or the next one, before anybody has to wait for it."""
        threading.Thread(target=self._warm, name="zygote-start", daemon=True).start()

    def _warm(self) -> None:
        with suppress(ZygoteDied):  # the first run will say so
            self._living_zygote()

    def _retire(self) -> None:
        """Let the next run start a new zygote, also where this one's end was felt before it was seen."""
        with self._zygote_lock:
            gone, self._zygote = self._zygote, None
        if gone is not None:
            gone.close()

    def _living_zygote(self) -> ZygoteProcess:
        """Return the zygote, starting or replacing it; waits until it is ready. Raises ``ZygoteDied``."""
        with self._zygote_lock:
            if self._closed:
                raise ZygoteDied(failures.CLOSED)
            if self._zygote is None or not self._zygote.alive:
                self._zygote = ZygoteProcess(self._options, self._warm_again)
            zygote = self._zygote
        zygote.wait_ready(_START_SECONDS)
        return zygote


def pool_of_this_machine(size: int | None = None, *, gpu: bool | None = None) -> Pool:
    """Return a pool that uses the processors, ``size`` of them, and, where there is one, the GPU of this machine.

    ``gpu`` says whether it may be used; by default the environment variable ``AUTOGRAD_LAB_GPU`` does, if it is 1.
    """
    wanted = os.environ.get(GPU_VARIABLE) == "1" if gpu is None else gpu
    if not (wanted and has_gpu()):
        return Pool(size)
    options = ZygoteOptions(user=_user_from_environment(), gpu=True)
    return Pool(size, gpu=Pool(size=1, options=options))


def _user_from_environment() -> int | None:
    text = os.environ.get(USER_VARIABLE, "")
    return int(text) if text.isdigit() else None
