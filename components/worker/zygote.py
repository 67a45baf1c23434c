"""The process from which children are forked: torch is imported and warmed up here once, and nothing else happens.

It forks as soon as torch is there, and warms up between its forks: a server's first picture does not wait for what its
program does not use. It ends when its socket to the pool closes. It has one thread, because a fork after a
multi-threaded operation of torch hangs, and it never sees a program's text. Which module the pool starts for it is said
in ``supervisor``; that module hands in what the children call.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import resource
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NoReturn

from .answerer import Answerer
from .child import Surroundings, run_child
from .confine import KNOCKS, NAMESPACES, Wall, names, namespaces, prepare, summary
from .confine.libc import IS_LINUX, advise
from .confine.process import drop_user, not_dumpable
from .folder import remove
from .limits import Limits
from .messages import (
    Ended,
    Fork,
    Forked,
    Hello,
    Kill,
    Late,
    Lines,
    Look,
    Lower,
    Message,
    NotForked,
    Pause,
    Resume,
    Stop,
    Warm,
    decode_all,
    encode,
    to_zygote,
)
from .trial import try_walls
from .watch import LATE, LOOK, STOP

_MAX_DESCRIPTORS = 16
_SIGNALS: dict[type[Message], int] = {
    Stop: STOP,
    Late: LATE,
    Look: LOOK,
    Kill: signal.SIGKILL,
    Pause: signal.SIGSTOP,
    Resume: signal.SIGCONT,
}
# How much a long run yields to short ones, as ``nice`` counts: some three parts in four where both want a processor.
# More would let it stand still for minutes on a machine that others keep busy.
_YIELDS = 5
# It warms up when nothing was asked for so long, since a start's first page and its program want the processors; and
# goes on with it, whatever is asked, when it has put it off for so long.
_QUIET_SECONDS, _PUT_OFF_SECONDS = 1.0, 5.0


class Zygote:
    """Forks, signals and reaps children as the pool asks."""

    def __init__(
        self,
        pool: socket.socket,
        answerer: Answerer,
        steps: Iterator[None],
        walls: list[Wall],
        gpu: bool,
        base: str,
        first: int | None,
    ) -> None:
        self._pool = pool
        self._answerer = answerer
        self._steps = steps
        self._warm = False
        self._walls = walls
        self._gpu = gpu
        self._base = base
        self._first = first
        self._plan = frozenset(wall.name for wall in walls if wall.standing) - {KNOCKS}
        self._pid = os.getpid()
        self._lowered = max(_YIELDS, os.getpriority(os.PRIO_PROCESS, 0))
        self._children: dict[int, int] = {}  # process id -> run
        self._descriptors: list[int] = []
        self._lines = Lines()

    def serve(self, *, warm: bool) -> NoReturn:
        """Work until the pool closes its end of the socket; ``warm``: nothing is left to be loaded."""
        wake_read, wake_write = os.pipe()
        for descriptor in (wake_read, wake_write):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._pool, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        self._tell(Hello(self._walls))
        if warm:
            self._is_warm()
        heard = began = time.monotonic()
        while True:
            quiet = min(heard + _QUIET_SECONDS, began + _PUT_OFF_SECONDS) - time.monotonic()
            wait = None if self._warm else max(0.0, quiet) * 1_000
            ready = {descriptor for descriptor, _ in poll.poll(wait)}
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self._pool.fileno() in ready:
                self._listen()
                heard = time.monotonic()
            elif not (self._warm or ready):
                self._warm_more()

    def _is_warm(self) -> None:
        self._warm = True
        self._tell(Warm(list(self._answerer.names())))

    def _warm_more(self) -> None:
        """Do one more step of warming up. Where one fails, the rest is left out, and programs are slower."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                next(self._steps)
        except StopIteration:
            self._is_warm()
        except Exception:
            traceback.print_exc()

    def _listen(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._pool, 65_536, _MAX_DESCRIPTORS)
        except ConnectionError:
            data, descriptors = b"", []
        if not data:
            self._end()
        # Messages and descriptors arrive in the order in which they were sent, though not always together.
        self._descriptors += descriptors
        for message in decode_all(to_zygote, self._lines.feed(data)):
            if isinstance(message, Fork):
                self._fork(message, self._descriptors.pop(0), self._descriptors.pop(0))
            elif isinstance(message, Lower):
                self._lower(message.run)
            else:
                self._signal(message.run, _SIGNALS[type(message)])

    def _fork(self, message: Fork, request: int, result: int) -> None:
        run = message.run
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(NotForked(run, f"The system could not start a process: {error}."))
        else:
            if pid == 0:
                folder = os.path.join(self._base, f"run-{run}")
                around = Surroundings(self._plan, self._pid, folder, message.limits, self._gpu)
                run_child(self._answerer, around, request, result)
            self._children[pid] = run
            self._tell(Forked(run, pid))
        finally:
            os.close(request)
            os.close(result)

    def _lower(self, run: int) -> None:
        for pid, owner in self._children.items():
            if owner == run:
                with suppress(OSError):
                    os.setpriority(os.PRIO_PGRP, pid, self._lowered)  # of all its threads
                if IS_LINUX:  # where each session is weighed as a whole, its threads' does nothing
                    with suppress(OSError), open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
                        file.write(str(self._lowered))

    def _signal(self, run: int, number: int) -> None:
        # Only children that were not reaped yet are in the table, so the process id cannot be another's.
        for pid, owner in self._children.items():
            if owner == run:
                try:
                    os.killpg(pid, number)
                except OSError:  # it has no group of its own yet
                    os.kill(pid, number)

    def _reap(self) -> None:
        while self._children or self._first is not None:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self._first:
                self._end()  # without it no process can be made in there
            run = self._children.pop(pid)
            seconds = usage.ru_utime + usage.ru_stime
            unit = 1 << 10 if IS_LINUX else 1 << 20  # Linux counts KiB, macOS bytes
            self._tell(Ended(run, status, seconds, usage.ru_maxrss // unit))

    def _tell(self, message: Message) -> None:
        try:
            self._pool.sendall(encode(message))
        except OSError:
            self._end()

    def _end(self) -> NoReturn:
        for pid, run in list(self._children.items()):
            self._signal(run, signal.SIGKILL)
            with suppress(OSError):
                os.waitpid(pid, 0)
        remove(self._base)
        os._exit(0)


def warming(answerer: Answerer) -> Iterator[None]:
    """Load all that programs load lazily, step by step, and keep the collector from touching shared pages."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    yield from answerer.warming()
    gc.collect()
    gc.freeze()
    use_large_pages()


_COLLAPSE, _LARGE_PAGE = 25, 2 << 20
_OWN_MEMORY = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ \S+ +(?:\[heap\])?$", re.MULTILINE)


def use_large_pages() -> None:
    """Put what the children will share into pages of 2 MiB: a fork copies a table of them, and an end takes it apart.

    Of the small ones there are some 60,000. Where the kernel does not do that (before 6.1), nothing changes.
    """
    if not IS_LINUX:
        return
    with open("/proc/self/maps", encoding="utf-8") as file:
        places = [(int(start, 16), int(end, 16)) for start, end in _OWN_MEMORY.findall(file.read())]
    for start, end in places:
        for address in range(-(-start // _LARGE_PAGE) * _LARGE_PAGE, end - _LARGE_PAGE + 1, _LARGE_PAGE):
            advise(address, _LARGE_PAGE, _COLLAPSE)


_STACK_BYTES = 112 << 20


def _deepen_stack() -> None:
    """Leave room for PyTorch to free a long chain: once Python has seen its nodes, that takes some 200 B for each."""
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))


def main(make_answerer: Callable[[bool], Answerer], arguments: list[str] | None = None) -> NoReturn:
    """Run the zygote on the inherited socket that the command line names.

    ``make_answerer`` gets to know whether programs are for a GPU. It may import torch: it is called when the process is
    in its namespaces, which only a process of one thread can enter.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--walls", default=",".join(names()))
    parser.add_argument("--user", type=int)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _deepen_stack()
    os.nice(options.nice)
    wanted = options.walls.split(",")
    if not options.gpu and options.user is None:
        _enter_namespaces(wanted)
    pool = socket.socket(fileno=options.socket)
    answerer = make_answerer(options.gpu)
    steps = warming(answerer)
    # The first may start threads, which a process that is to have others in a namespace of their own cannot.
    warm = not any(True for _ in islice(steps, 1))
    gc.freeze()
    if drops := options.user is not None and os.getuid() == 0:
        warm = not any(steps)  # only now it can write what is kept for its next start
    first = namespaces.own_processes()
    # Found out and remembered while Python's own folders can be read and the environment is there.
    prepare(gpu=options.gpu)
    if drops:
        drop_user(options.user)
    if IS_LINUX:
        not_dumpable()
    walls = try_walls(wanted, Limits(), os.path.join(options.folder, "trial"), gpu=options.gpu)
    print(f"Autograd Lab worker{' on a GPU' * options.gpu}: {summary(walls)}", file=sys.stderr, flush=True)
    Zygote(pool, answerer, steps, walls, options.gpu, options.folder, first).serve(warm=warm)


def _enter_namespaces(wanted: list[str]) -> None:
    """Enter namespaces where they are wanted and granted; whether the wall stands, its trial says."""
    if NAMESPACES in wanted and IS_LINUX:
        with suppress(OSError):
            namespaces.enter()
