"""The pool's side of one zygote: start it, ask it for children, notice its death.

One thread reads what the zygote says and wakes whoever waits for it. A ``ZygoteProcess`` lives once; the pool replaces
it when it has died.
"""

from __future__ import annotations

import itertools
import os
import re
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import UnsetType

from ..settings import DATA
from ..trace import Program
from .confine import Wall
from .confine.process import PLOT_BACKEND
from .folder import make_base, remove
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
    from_zygote,
)

# The module that is started, of the package that this one is in, and the folder from which that package is imported.
MAIN = (f"{__name__.rsplit('.', 2)[0]}.zygote_main",)
_ROOT = Path(__file__).resolve().parents[__name__.count(".")]
_KEPT_VARIABLES = (
    *("HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", DATA.name),
    *("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "ATEN_CPU_CAPABILITY"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
)
# Asking whether there is a GPU must not start the driver in a process that forks.
_CUDA = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
# A fixed hash seed gives equal programs equal traces whichever zygote they meet; one arena of the C library's allocator
# leaves the address space to tensors.
_FIXED = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "MPLBACKEND": PLOT_BACKEND}
# How long a zygote that is told to end may take to end its children, and a child to die with it.
_ENDING_SECONDS = 2.0
_TORCH = r"torch(?:\.nn(?:\.functional)?)?"
_PLAIN_IMPORT = re.compile(
    rf"^(?:import (?:{_TORCH}|math)(?: as \w+)?|from {_TORCH} import [\w, ]+)[ \t\r]*(?:#.*)?$", re.MULTILINE
)
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}


class ZygoteDied(Exception):
    """The zygote is gone, or could not start."""


@dataclass(frozen=True)
class ZygoteOptions:
    """How to start a zygote: by which module, which walls (``None``: all), as which user (only root can).

    ``main`` is followed by arguments of its own: it says what the children call. ``gpu`` opens the walls for a GPU's
    driver. ``nice`` is how much it and its children yield to others, at least.
    """

    main: tuple[str, ...] = MAIN
    walls: tuple[str, ...] | None = None
    user: int | None = None
    gpu: bool = False
    nice: int = 0

    def command(self, descriptor: int, folder: str) -> list[str]:
        """Return the command line of a zygote whose runs have their folders in ``folder``."""
        words = [sys.executable, "-m", *self.main, "--socket", str(descriptor), "--folder", folder]
        if self.walls is not None:
            words += ["--walls", ",".join(self.walls)]
        if self.user is not None:
            words += ["--user", str(self.user)]
        if self.nice:
            words += ["--nice", str(self.nice)]
        return [*words, "--gpu"] if self.gpu else words


@dataclass
class Child:
    """One child as its run sees it; the reader thread fills it in.

    ``answered`` is set when the zygote has made it, refused to, or died; ``ended`` when it is gone. ``status`` is its
    wait status, ``None`` if that was lost with the zygote.
    """

    run: int
    answered: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    exists: bool = False
    pid: int = 0
    refused: str | None = None
    status: int | None = None
    cpu_seconds: float = 0.0
    peak_mb: int = 0


class ZygoteProcess:
    """A running zygote. Safe to use from many threads.

    ``on_death`` is called, in the reader's thread, when it ends although it was ready and nobody closed it.
    """

    def __init__(self, options: ZygoteOptions, on_death: Callable[[], object] = lambda: None) -> None:
        self._on_death = on_death
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.folder = make_base(options.user)
        variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                options.command(theirs.fileno(), self.folder),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**variables, **_ONE_THREAD, **_CUDA, **_FIXED},
                start_new_session=True,
            )
        self._socket = ours
        self._numbers = itertools.count()
        self._send_lock = threading.Lock()
        self._lock = threading.Lock()
        self._children: dict[int, Child] = {}
        self._hello, self._warm = threading.Event(), threading.Event()
        self._greeted = self._closed = False
        self._dead = threading.Event()
        self.walls: list[Wall] = []
        self.names: tuple[str, ...] = ()
        self._reader = threading.Thread(target=self._read, name="zygote-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._dead.is_set()

    @property
    def ready(self) -> bool:
        """Whether it can fork."""
        return self._hello.is_set() and self.alive

    @property
    def warm(self) -> bool:
        """Whether all is loaded that programs need."""
        return self._warm.is_set() and self.alive

    def wait_ready(self, timeout: float) -> None:
        """Wait until it can fork; raises ``ZygoteDied``, also after ``timeout`` seconds."""
        self._hello.wait(timeout)
        if not self._hello.is_set() or self._dead.is_set():
            raise ZygoteDied("The process that runs programs could not start.")

    def wait_warm(self, timeout: float) -> None:
        """Wait until all is loaded that programs need, for ``timeout`` seconds at most, or until it is dead."""
        self._warm.wait(timeout)

    def wait_for(self, program: Program, timeout: float) -> None:
        """Wait as ``wait_warm`` does if the program may need more than PyTorch and its observers.

        A child reads no file of ours, so what is not loaded before it is forked it can never load.
        """
        if not self.warm and not (isinstance(program.question, UnsetType) and _needs_only_torch(program.source)):
            self.wait_warm(timeout)

    def fork(self, request: int, result: int, limits: Limits) -> Child:
        """Ask for a child that reads the descriptor ``request`` and writes ``result``; raises ``ZygoteDied``."""
        with self._lock:
            child = Child(next(self._numbers))
            self._children[child.run] = child
        if self._dead.is_set():
            self._lose_all()
        self._send(Fork(child.run, limits), [request, result])
        return child

    def stop(self, child: Child) -> None:
        """Ask the child to interrupt its program; nothing happens if either is gone."""
        self._send_quietly(Stop(child.run))

    def late(self, child: Child) -> None:
        """Tell the child that its program's time is over; nothing happens if either is gone."""
        self._send_quietly(Late(child.run))

    def look(self, child: Child) -> None:
        """Make the child write its stack; nothing happens if either is gone."""
        self._send_quietly(Look(child.run))

    def lower(self, child: Child) -> None:
        """Let all others have the processor before the child; nothing happens if either is gone."""
        self._send_quietly(Lower(child.run))

    def pause(self, child: Child) -> None:
        """Let the child stand still; nothing happens if either is gone."""
        self._send_quietly(Pause(child.run))

    def resume(self, child: Child) -> None:
        """Let the child go on; nothing happens if either is gone."""
        self._send_quietly(Resume(child.run))

    def kill(self, child: Child) -> None:
        """End the child; nothing happens if either is gone."""
        self._send_quietly(Kill(child.run))

    def close(self) -> None:
        """End the zygote and with it all children."""
        self._closed = True
        self._dead.set()
        with suppress(OSError):  # the reader may have closed it
            self._socket.shutdown(socket.SHUT_RDWR)
        self._end_process()
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout=5)
        self._lose_all()

    def _end_process(self) -> None:
        """Let the zygote end its children, and then itself, if it listens; end it if not."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS if self._greeted else 0)
        self._process.kill()
        self._process.wait()

    def _send_quietly(self, message: Message) -> None:
        with suppress(ZygoteDied):
            self._send(message, [])

    def _send(self, message: Message, descriptors: list[int]) -> None:
        data = encode(message)
        try:
            with self._send_lock:
                sent = socket.send_fds(self._socket, [data], descriptors)
                self._socket.sendall(data[sent:])
        except OSError as error:
            self._dead.set()  # its end is felt here before the reader sees it
            raise ZygoteDied(f"The process that runs programs is gone: {error}.") from None

    def _read(self) -> None:
        lines = Lines()
        try:
            while data := self._socket.recv(65_536):
                for message in decode_all(from_zygote, lines.feed(data)):
                    self._take(message)
        except (OSError, msgspec.MsgspecError):
            pass  # a zygote that cannot be understood is as good as dead
        unexpected = self._greeted and not self._closed
        self._dead.set()
        self._hello.set()
        self._warm.set()
        self._socket.close()
        self._end_process()
        self._lose_all()
        if unexpected:
            self._on_death()

    def _take(self, message: Hello | Warm | Forked | NotForked | Ended) -> None:
        if isinstance(message, Hello):
            self.walls, self._greeted = message.walls, True
            self._hello.set()
            return
        if isinstance(message, Warm):
            self.names = tuple(message.names)
            self._warm.set()
            return
        with self._lock:
            child = self._children.get(message.run)
            if child is None:
                return
            if not isinstance(message, Forked):
                del self._children[message.run]
        if isinstance(message, Forked):
            child.exists, child.pid = True, message.pid
        elif isinstance(message, NotForked):
            child.refused = message.message
        else:
            child.status, child.cpu_seconds, child.peak_mb = message.status, message.cpu_seconds, message.peak_mb
        child.answered.set()
        if not isinstance(message, Forked):
            child.ended.set()

    def folder_of(self, child: Child) -> str:
        """Return the child's private folder."""
        return os.path.join(self.folder, f"run-{child.run}")

    def _lose_all(self) -> None:
        """Tell all who wait for a child that nothing more will be heard of it."""
        with self._lock:
            lost, self._children = list(self._children.values()), {}
        for child in lost:
            _await_end(child.pid)
            child.answered.set()
            child.ended.set()
        remove(self.folder)


def _needs_only_torch(source: str) -> bool:
    """Whether a program plainly imports nothing else; what ``torch.compile`` is to leave alone is said later, too."""
    rest = _PLAIN_IMPORT.sub("", source)
    return "import" not in rest and "compile" not in rest


def _await_end(pid: int) -> None:
    """Wait for a process that is dying, so that it makes no file any more when its folder is removed."""
    with suppress(OSError, AttributeError):  # it is gone; the system does not offer this
        descriptor = os.pidfd_open(pid)
        try:
            select.select([descriptor], [], [], _ENDING_SECONDS)
        finally:
            os.close(descriptor)
