"""One throw-away process: confine itself, run one program, hand over one trace, end.

Forked from the zygote, so torch is there already; often ahead of its program, for which it waits behind its walls.
Nothing of the program's text has ever been in the zygote's memory, where the next person's child would inherit it: it
arrives through a pipe of this run.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import signal
import sys
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from ..trace import MeasuredRun, Trace
from .answerer import Answerer
from .channel import Channel
from .confine import LANDLOCK, SECCOMP, WALLS, Confinement
from .confine.process import first_to_go, keep_only, own_environment, own_session
from .confine.readable import data_folder, without_the_application
from .folder import DATA
from .limits import Limits
from .messages import Problem, Request, request_decoder
from .stream import too_large_message
from .watch import LOOK, Watch

RESULT_DESCRIPTOR = 3
_REQUEST_DESCRIPTOR = 4
SCRIPT = "program.py"
# Address space that a program cannot use, given back before the trace is encoded. Untouched, it costs no memory.
_RESERVE_BYTES = 64 << 20


@dataclass(frozen=True)
class Surroundings:
    """What a child finds: the walls to put up by name, the process that made it, its private folder, its limits."""

    plan: Collection[str]
    parent: int
    folder: str
    limits: Limits
    gpu: bool = False


def run_child(answerer: Answerer, around: Surroundings, request: int, result: int) -> NoReturn:
    """Run the program that arrives at the descriptor ``request``; the answer goes to ``result``. Never returns.

    A child that cannot put up one of the walls of its plan does not run its program. What the answerer makes ready (on
    a GPU the driver's context) comes before the walls, and these before the program arrives.
    """
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        isolate(around.folder, result, request)
        channel = Channel(RESULT_DESCRIPTOR, around.limits.stdout_chars)
        reserve = mmap.mmap(-1, _RESERVE_BYTES)
        try:
            answerer.prepare()
            own_environment(around.folder)
            watch = Watch(channel, around.limits, answerer, around.folder)
            script = confine(around.plan, confinement_of(around))
        except ProcessLookupError:
            pass  # whoever made it is gone: then the run is tried again elsewhere
        except OSError as error:
            channel.problem(Problem("crashed", f"The program was not run: it could not be confined ({error})."))
        except Exception as error:
            channel.problem(Problem("crashed", f"The program was not run: the device is not ready ({error})."[:2_000]))
        else:
            message = _read_request(_REQUEST_DESCRIPTOR)
            if message is not None:
                _write_script(script, message.program.source)
                channel.begun()
                _run(answerer, message, around.limits, channel, watch, reserve)
        status = 0
    finally:
        os._exit(status)


def isolate(folder: str, *descriptors: int) -> None:
    """Give up terminal, directory and all file descriptors but these; make the private folder."""
    own_session()
    keep_only(*descriptors, at=RESULT_DESCRIPTOR)
    first_to_go()
    os.mkdir(folder, 0o700)
    sys.path[:] = without_the_application(tuple(sys.path))
    sys.dont_write_bytecode = False


def confinement_of(around: Surroundings) -> Confinement:
    """Return what the walls need to know of a run."""
    limits = around.limits
    return Confinement(
        around.parent,
        limits.memory_mb,
        limits.processor_seconds(),
        around.folder,
        limits.folder_mb,
        limits.file_mb,
        limits.files,
        opens_files=LANDLOCK in around.plan or SECCOMP not in around.plan,
        gpu=around.gpu,
    )


def confine(plan: Collection[str], confinement: Confinement) -> int:
    """Put up the walls of the plan, in order, and go into the private folder; raises ``OSError``.

    Returns the descriptor of a file there for the program's text, which arrives later.
    """
    first = next(wall for wall in WALLS if not wall.optional)
    script = -1
    for wall in WALLS:
        if wall is first:
            script = _enter_folder(confinement.folder)
        if wall.name in plan:
            wall.put_up(confinement)
    return script


def _enter_folder(folder: str) -> int:
    """Make the file in which the program lies, as ``python program.py`` would have it; put the data beside it."""
    os.chdir(folder)
    data = data_folder()
    if data is not None and os.listdir(data):  # an empty one would stand in the way of a folder that programs make
        os.symlink(data, DATA)
    return os.open(SCRIPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def _write_script(descriptor: int, source: str) -> None:
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(source)


def _run(
    answerer: Answerer, request: Request, limits: Limits, channel: Channel, watch: Watch, reserve: mmap.mmap
) -> None:
    try:
        # When it crashes, and when the parent asks, the child writes its stack into the pipe: from a handler in C, so
        # that native code that runs for long, or has gone wrong, does not hide the line.
        faulthandler.enable(RESULT_DESCRIPTOR, all_threads=False)
        faulthandler.register(LOOK, RESULT_DESCRIPTOR, all_threads=False)
        watch.start()
        answer = _answer(answerer, request, limits, channel)
        watch.finish()
        reserve.close()
        data = msgspec.json.encode(answer)
    except BaseException as error:
        watch.finish()
        reserve.close()
        channel.problem(_explain(answerer, limits, error))
    else:
        if len(data) > limits.trace_bytes:
            channel.problem(Problem("too_large", too_large_message(len(data), limits.trace_bytes)))
        else:
            channel.result(data)


def _answer(answerer: Answerer, request: Request, limits: Limits, channel: Channel) -> Trace | MeasuredRun:
    caps = limits.capture_caps()
    if request.observed is not None:
        return answerer.measure(request.program, request.observed, caps, limits.source)
    return answerer.answer(request.program, caps, channel.output, limits.source, channel.fault)


def _explain(answerer: Answerer, limits: Limits, error: BaseException) -> Problem:
    """Say what came out of the observers: no memory left for themselves, or a bug of ours."""
    if isinstance(error, answerer.interrupted):
        return Problem(error.kind, str(error.message)[:2_000])
    # PyTorch's C++ code raises RuntimeError("std::bad_alloc").
    if isinstance(error, MemoryError) or "bad_alloc" in str(error):
        return Problem("out_of_memory", f"The program used more than its {limits.memory_mb:,} MiB of memory.")
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""
    return Problem("crashed", f"Autograd Lab itself failed: {type(error).__name__}: {error}"[:1_500] + f"{place}.")


def _read_request(descriptor: int) -> Request | None:
    """Wait for the program; ``None`` if it was decided that there is none."""
    with open(descriptor, "rb") as pipe:
        data = pipe.read()
    return request_decoder.decode(data) if data else None
