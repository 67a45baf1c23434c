"""The module in which a program runs: a real ``__main__``, as ``python program.py`` gives it.

Its globals, ``sys.argv``, environment, standard streams, source lines, ``atexit`` and threads are the program's while
it runs, and this process's own again afterwards, so that tests may run programs in theirs.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import linecache
import os
import random
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import thread as futures
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy
import torch

from ..source import PROGRAM_FILENAME

SCRIPT = "program.py"
Write = Callable[[str], None]


class MainModule:
    """``__main__`` for one run. ``out`` and ``err`` are given what the program writes to its standard streams.

    ``built_in`` are functions that it finds among Python's own.
    """

    def __init__(self, source: str, out: Write, err: Write, built_in: Mapping[str, Any]) -> None:
        self._source = source
        self._streams = (out, err)
        self._built_in = built_in
        self._module = types.ModuleType("__main__")
        self._exit_calls: list[tuple[Callable[..., Any], Any, Any]] = []
        self._before: list[threading.Thread] = []
        self._active = ExitStack()

    @property
    def names(self) -> dict[str, Any]:
        """The program's global names."""
        return self._module.__dict__

    def __enter__(self) -> dict[str, Any]:
        out, err = self._streams
        script = os.path.abspath(SCRIPT)
        self._module.__dict__.update({"__file__": script, "__builtins__": builtins, "__annotations__": {}})
        for owner, name, value in (
            (sys, "argv", [SCRIPT]),
            (sys, "stdin", io.TextIOWrapper(io.BytesIO())),
            (sys, "stdout", text_stream(1, out)),
            (sys, "stderr", text_stream(2, err)),
            (sys, "excepthook", sys.__excepthook__),
            (sys, "path", [os.path.dirname(script), *sys.path]),
            (atexit, "register", self._register),
            (atexit, "unregister", self._unregister),
            *((builtins, name, value) for name, value in self._built_in.items()),
        ):
            self._put(owner, name, value)
        for name in ("stdin", "stdout", "stderr"):
            self._put(sys, f"__{name}__", getattr(sys, name))
        self._before = threading.enumerate()
        self._active.callback(_put_back, dict(os.environ))
        self._active.callback(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
        sys.modules["__main__"] = self._module
        lines = [f"{line}\n" for line in self._source.split("\n")]
        for name in (PROGRAM_FILENAME, script):
            # Without a time of change the lines are never looked up in a file.
            linecache.cache[name] = (len(self._source), None, lines, name)
            self._active.callback(linecache.cache.pop, name, None)
        return self.names

    def _put(self, owner: Any, name: str, value: Any) -> None:
        if hasattr(owner, name):
            self._active.callback(setattr, owner, name, getattr(owner, name))
        else:
            self._active.callback(_remove, owner, name)
        setattr(owner, name, value)

    def __exit__(self, *error: object) -> None:
        self._active.close()

    def _register(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[..., Any]:
        self._exit_calls.append((function, arguments, options))
        return function

    def _unregister(self, function: Callable[..., Any]) -> None:
        self._exit_calls[:] = [call for call in self._exit_calls if call[0] != function]

    def run(self, code: types.CodeType) -> BaseException | None:
        """Run the program to its end, and what Python does then; return what ended it early."""
        error: BaseException | None = None
        try:
            exec(code, self.names)
        except BaseException as problem:
            error = problem
        try:
            self.finish()
        except BaseException as problem:
            error = error or problem
        return error

    def finish(self) -> None:
        """Do what Python does after the last line: wait for threads, then call what ``atexit`` was given."""
        threads = [each for each in threading.enumerate() if each not in self._before and not each.daemon]
        if threads:
            futures._python_exit()  # lets the threads of executors end
            futures._shutdown = False
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()
        for call in reversed([*self._exit_calls]):
            if not any(call is other for other in self._exit_calls):
                continue  # another one has taken it back
            function, arguments, options = call
            try:
                function(*arguments, **options)
            except SystemExit:
                continue
            except Exception as error:
                sys.stderr.write(f"Exception ignored in atexit callback: {function!r}\n")
                within = error.__traceback__.tb_next if error.__traceback__ is not None else None
                traceback.print_exception(error.with_traceback(within))
        self._exit_calls.clear()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOBase) and not stream.closed:
                stream.flush()

    def forget(self) -> None:
        """Let go of the program's objects as Python does at its end: they may have a last word, and classes for it."""
        names = self.names
        for name in list(names):
            kept = isinstance(names[name], type | types.FunctionType | types.ModuleType)
            if not kept and name != "__builtins__":
                names[name] = None
        gc.collect()


def _remove(owner: Any, name: str) -> None:
    if hasattr(owner, name):
        delattr(owner, name)


def _put_back(environment: dict[str, str]) -> None:
    for name in [*os.environ]:
        if name not in environment:
            del os.environ[name]
    os.environ.update(environment)


def seed(number: int) -> None:
    """Put PyTorch's, Python's and NumPy's generators where every run of a program finds them."""
    if torch.accelerator.is_available():
        torch.manual_seed(number)
    else:  # it would note down the whole stack, for a GPU that may come
        torch.default_generator.manual_seed(number)
    random.seed(number)
    numpy.random.seed(number % 2**32)


@contextmanager
def as_python_collects() -> Iterator[None]:
    """Collect garbage as often as plain Python does: what cycles hold can be most of a program's memory."""
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def as_python_warns() -> None:
    """Show the warnings that ``python program.py`` shows."""
    warnings.resetwarnings()
    for category in (ResourceWarning, ImportWarning, PendingDeprecationWarning, DeprecationWarning):
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")


def text_stream(descriptor: int, write: Write) -> io.TextIOWrapper:
    """Return a stream like ``sys.stdout`` that hands on what is written, at once."""
    return io.TextIOWrapper(_Raw(descriptor, write), encoding="utf-8", write_through=True)


class _Raw(io.RawIOBase):
    """The bytes below a text stream: decoded again, so that ``sys.stdout.buffer`` may be written to as well."""

    def __init__(self, descriptor: int, write: Write) -> None:
        super().__init__()
        self.name = "<stdout>" if descriptor == 1 else "<stderr>"
        self.mode = "wb"
        self._descriptor = descriptor
        self._hand_on = write
        self._rest = b""

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor that such a stream has."""
        return self._descriptor

    def write(self, data: Any) -> int:
        """Take bytes; those of a character that is not whole yet wait for the others."""
        given = bytes(data)
        whole = self._rest + given
        try:
            text, self._rest = whole.decode(), b""
        except UnicodeDecodeError as error:
            cut = error.start if error.end == len(whole) and len(whole) - error.start < 4 else len(whole)
            text, self._rest = whole[:cut].decode(errors="backslashreplace"), whole[cut:]
        if text:
            self._hand_on(text)
        return len(given)
