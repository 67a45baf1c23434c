"""The public door: programs in, traces out, a bounded number at once, whatever the programs do.

One pool serves all sessions of a server. It starts its zygote in the background, replaces it when it dies, and lets a
thread mind each run that has a place. Importing this module does not import torch.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from weakref import WeakSet

from .. import settings
from ..explanations import explain
from ..trace import Exercise, Failure, ObservedRun, Program, Trace, observed_run, why_not_measured
from . import failures
from .allowance import Allowance, Spending, allowance_of_settings
from .confine import Wall
from .confine.gpu import has_gpu
from .execution import Execution
from .exercises import judged
from .fair_queue import FairQueue, Owner, QueueFull
from .limits import Limits
from .line import Spare
from .machine import Shape, shape_of, shape_of_settings, this_machine
from .places import Places, Turn
from .run import ANYBODY, Run
from .sent import SentMemory, read
from .supervisor import ZygoteDied, ZygoteOptions, ZygoteProcess

_START_SECONDS = 120.0
_ATTEMPTS = 2
_LATELY_SECONDS = 30.0
# How long a zygote has served when the next one is started, which takes seconds of processor time.
_FOLLOWING_SECONDS = 30.0
# Its start must not be felt: it yields to the runs, and cannot take that back. Its own runs yield as much.
_FOLLOWING_NICE = 10
_log = logging.getLogger(__name__)


class Pool:
    """Runs programs in confined processes; safe to use from many threads.

    ``size`` programs run at once; with a ``shape`` in its place, there are places for short and for long runs.
    ``queue`` more may wait, ``queue_per_owner`` of one person, half of all of one address. Owners take turns, and each
    has an ``allowance``. Programs for CUDA go to a pool of their own, ``gpu``, one at a time, since they share the
    device's memory; where there is no GPU they are refused.
    """

    def __init__(
        self,
        size: int | None = None,
        queue: int = 256,
        queue_per_owner: int = 8,
        options: ZygoteOptions | None = None,
        gpu: Pool | None = None,
        shape: Shape | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self._shape = shape or (Shape(size) if size else shape_of(this_machine()))
        self._limits = Limits(memory_mb=self._shape.memory_mb)
        self._spare = Spare(self._limits if self._shape.spare_child else None)
        self._options = options or ZygoteOptions(user=settings.WORKER_UID.value())
        self.gpu = gpu
        self._queue: FairQueue[Run] = FairQueue(queue, queue_per_owner, max(queue_per_owner, queue // 2))
        self._changed = threading.Condition()
        self._places = Places(self._shape, self._changed, self._begin_runs)
        self._allowance = allowance or Allowance()
        self._spending = Spending(self._allowance)
        self._closed = False
        self._runs: WeakSet[Run] = WeakSet()
        self._refusal: Failure | None = None
        self.on_done: Callable[[Run], object] = lambda run: None
        """Called with each run that is over, in the thread that ended it."""
        self._started = False
        self._well = float("-inf")
        self._threads: set[threading.Thread] = set()
        self._zygote: ZygoteProcess | None = None
        self._following: ZygoteProcess | None = None
        self._zygote_lock = threading.Lock()
        atexit.register(self.close)

    def start(self) -> None:
        """Begin to start the zygote, without waiting for it. Done by the first run if nobody did it before."""
        with self._changed:
            if self._started or self._closed:
                return
            self._started = True
        self._warm_again()

    def submit(self, program: Program, limits: Limits | None = None, owner: Owner = ANYBODY) -> Run:
        """Queue a program for its owner and return its run at once; a full queue gives a run that has failed."""
        if program.device == "cuda" and self.gpu is not None:
            return self.gpu.submit(program, limits, owner)
        return self._queued(Run(program, limits or self._limits, owner))

    def measure(
        self, trace: Trace, limits: Limits | None = None, owner: Owner = ANYBODY, *, stacks: bool = False
    ) -> Run:
        """Queue the second, bare run of a trace's program; its run gives the trace with its memory."""
        observed = observed_run(trace, stacks)
        return self._measuring(Run(trace.program, limits or self._limits, owner, observed, trace), trace)

    def measure_observed(self, program: Program, observed: ObservedRun, owner: Owner = ANYBODY) -> Run:
        """Queue the second, bare run of a program of whose trace this is known; its run gives a ``SentMemory``."""
        return self._measuring(Run(program, self._limits, owner, observed), None)

    def _measuring(self, run: Run, trace: Trace | None) -> Run:
        if run.program.device == "cuda" and self.gpu is not None:
            return self.gpu._measuring(run, trace)
        why_not = why_not_measured(trace) if trace is not None else None
        if why_not is not None:
            run.finish(SentMemory(None, run.limits, why_not))
            return run
        return self._queued(run)

    def _queued(self, run: Run) -> Run:
        program, owner = run.program, run.owner
        run.on_done = self.on_done
        with self._changed:
            self._runs.add(run)
            failure = self._refusal
        failure = failure or failures.before_running(program, run.limits.source.max_chars, has_gpu=self._options.gpu)
        if failure is not None:
            self._finish(run, failure)
            return run
        self.start()
        with self._changed:
            try:
                why_not = failures.CLOSED if self._closed else self._spending.why_not(owner)
                if why_not is not None:
                    raise QueueFull(why_not)
                run.count_ahead = self._ahead
                run.on_stop = self._stop_waiting
                self._queue.put(owner, run)
                self._begin_runs()
            except QueueFull as full:
                failure = Failure(kind="timeout", message=str(full))
        if failure is not None:
            self._finish(run, failure)
        return run

    def run(
        self, program: Program, limits: Limits | None = None, *, memory: bool = False, stacks: bool = False
    ) -> Trace:
        """Run a program and return its trace, however it went; with its ``memory`` in a second run, if asked for, and
        with the call ``stacks`` of its allocations."""
        trace = self.submit(program, limits).wait()
        assert trace is not None
        if memory and trace.steps:
            trace = self.measure(trace, limits, stacks=stacks).wait()
            assert trace is not None
        return trace

    def wait_warm(self) -> None:
        """Wait until all is loaded that programs need: what is measured is measured then."""
        self.start()
        with suppress(ZygoteDied):
            self._living_zygote().wait_warm(_START_SECONDS)

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

    def drain(self, seconds: float) -> bool:
        """Take no more programs; wait ``seconds`` at most for those under way; return whether all of them ended."""
        with self._changed:
            self._refusal = failures.crashed(failures.STOPPING)
        ends = time.monotonic() + seconds
        ended = [run.result(max(0.0, ends - time.monotonic())) is not None for run in self.under_way()]
        return all(ended) and (self.gpu is None or self.gpu.drain(ends - time.monotonic()))

    def under_way(self) -> list[Run]:
        """Return the runs that wait or run."""
        with self._changed:
            return [run for run in self._runs if not run.done]

    @property
    def draining(self) -> bool:
        """Whether it takes no more programs."""
        return self._refusal is not None

    def healthy(self, seconds: float = 4.0) -> str | None:
        """Return why programs cannot be run, ``None`` if they can: one has been run lately, or is run now.

        Waits for ``seconds`` at most.
        """
        with self._changed:
            if self._closed or self._refusal is not None:
                return failures.CLOSED
            if time.monotonic() - self._well < _LATELY_SECONDS:
                return None
        run = self.submit(Program(source="healthy = True"), owner=Owner("", "health"))
        trace = run.wait(seconds)
        if trace is None:
            run.stop()
            return f"No program could be run within {seconds:g} seconds."
        return trace.failure.message if trace.failure is not None else None

    def pace(self) -> float:
        """Return after how many seconds it is worth while to ask for a run's progress again: more when many wait."""
        with self._changed:
            return min(2.0, 0.4 + 0.05 * len(self._queue))

    def close(self) -> None:
        """End all runs and the zygote; every run gets a trace that says so."""
        with self._changed:
            self._closed = True
            waiting = self._queue.clear()
        for run in waiting:
            self._finish(run, failures.crashed(failures.CLOSED))
        if self.gpu is not None:
            self.gpu.close()
        self._spare.drop()
        with self._zygote_lock:
            for zygote in (self._zygote, self._following):
                if zygote is not None:
                    zygote.close()
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(timeout=5)
        atexit.unregister(self.close)

    def _begin_runs(self) -> None:
        """Let as many runs begin as there are places for; the lock is held."""
        while not self._closed and self._places.free:
            run = self._queue.take(self._places.running, self._allowance.runs or None)
            if run is None:
                return
            turn = self._places.begin(run.owner)
            thread = threading.Thread(target=self._work, args=(run, turn), name="run", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _work(self, run: Run, turn: Turn) -> None:
        """Mind one run, and leave its place to the next."""
        try:
            self._mind(run, turn)
        except Exception:
            _log.exception("A run failed for a reason of our own.")
            self._finish(run, failures.crashed("Autograd Lab itself failed."))
        finally:
            with self._changed:
                turn.end()
                self._begin_runs()
                self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    def _mind(self, run: Run, turn: Turn) -> None:
        for _ in range(_ATTEMPTS):
            try:
                zygote = self._living_zygote()
                zygote.wait_for(run.program, _START_SECONDS)
                execution = Execution(run, zygote, turn, self._spare)
                run.begin()
                result = execution.result()
                if not isinstance(result, SentMemory) and isinstance(run.program.question, Exercise):
                    result = judged(run, read(result), lambda judge: self._executed(judge, turn))
            except ZygoteDied as error:
                failure = failures.crashed(failures.CLOSED if self._closed else str(error))
                continue
            run.finish(explain(result) if isinstance(result, Trace) else result)
            self._release(execution)
            return
        self._finish(run, failure)

    def _executed(self, run: Run, turn: Turn) -> Trace:
        execution = Execution(run, self._living_zygote(), turn, self._spare)
        try:
            result = execution.result()
            assert not isinstance(result, SentMemory)  # it is a judge
            return read(result)
        finally:
            self._release(execution)

    def _release(self, execution: Execution) -> None:
        execution.release()
        with self._changed:
            self._spending.add(execution.owner, execution.processor_seconds)
            self._well = max(self._well, execution.began)

    def _finish(self, run: Run, failure: Failure) -> None:
        if run.measures:
            run.finish(SentMemory(None, run.limits, failures.not_measured(failure)))
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
            zygote = self._living_zygote()
            zygote.wait_warm(_START_SECONDS)
            self._spare.make(zygote)

    def _living_zygote(self) -> ZygoteProcess:
        """Return the zygote, starting or replacing it; waits until it is ready. Raises ``ZygoteDied``."""
        with self._zygote_lock:
            if self._closed:
                raise ZygoteDied(failures.CLOSED)
            if self._zygote is None or not self._zygote.alive:
                following, self._following = self._following, None
                if following is None or not following.alive:
                    following = ZygoteProcess(self._options, self._warm_again)
                self._zygote = following
                if self._shape.spare_zygote:
                    later = threading.Timer(_FOLLOWING_SECONDS, self._start_following)
                    later.daemon = True
                    later.start()
            zygote = self._zygote
        try:
            zygote.wait_ready(_START_SECONDS)
        except ZygoteDied:
            zygote.close()  # the next run starts a new one
            raise
        return zygote

    def _start_following(self) -> None:
        """Start the zygote that takes over when this one dies, so that nobody waits until a new one is warm."""
        with self._zygote_lock:
            if not self._closed and (self._following is None or not self._following.alive):
                self._following = ZygoteProcess(replace(self._options, nice=_FOLLOWING_NICE), self._warm_again)


@cache
def shared_pool() -> Pool:
    """Return the one pool of this process, which starts with the first call: before anybody needs it."""
    pool = pool_of_this_machine()
    pool.start()
    return pool


def pool_of_this_machine(size: int | None = None, *, gpu: bool | None = None) -> Pool:
    """Return a pool that uses this machine, or what its container may use of it, and its GPU where there is one.

    The settings of the environment hold for it, unless it is to have ``size`` places for one person's own programs.
    ``gpu`` says whether a GPU may be used; by default the setting ``GPU`` does.
    """
    wanted = settings.GPU.value() if gpu is None else gpu
    options = ZygoteOptions(user=settings.WORKER_UID.value(), gpu=True)
    of_the_gpu = Pool(size=1, options=options) if wanted and has_gpu() else None
    if size is not None:
        return Pool(size, gpu=of_the_gpu)
    machine = this_machine()
    return Pool(
        queue_per_owner=settings.PERSON_WAITING.value(),
        gpu=of_the_gpu,
        shape=shape_of_settings(machine),
        allowance=allowance_of_settings(machine),
    )
