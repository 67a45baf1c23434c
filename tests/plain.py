"""The oracle for what programs print and how they end: plain Python, in a process that knows nothing of ours.

One process for all tests of a worker imports PyTorch once and forks for each program, which then runs as
``python program.py`` would run it, in a folder of its own. Run as a script, this file is that process.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import re
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal, NoReturn

_SECONDS = 60.0
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg"}

_LAST_WORDS = re.compile(r"__del__|weakref")

Warnings = Literal["ignore", "error", "always"]


@dataclass(frozen=True)
class Plain:
    """What a program wrote, what it was warned of (where asked for) and what ended it; a traceback is not in it."""

    stdout: str
    stderr: str
    warned: frozenset[str]
    error_type: str | None = None
    message: str | None = None
    line: int | None = None
    exit_code: int = 0
    """What the program gave to ``sys.exit``, as the shell would see it."""

    @property
    def error(self) -> tuple[str, str] | None:
        """The type and the message of what ended it."""
        return (self.error_type, self.message or "") if self.error_type else None


@cache
def plain_python(source: str, warned: Warnings = "ignore") -> Plain:
    """Run a program; with ``always`` its warnings are collected, with ``error`` they are raised."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([source, warned]) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, "plain Python has ended"
    answer = json.loads(line)
    assert "died" not in answer, f"plain Python was killed or crashed: {answer['died']}"
    return Plain(**answer | {"warned": frozenset(answer["warned"])})


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__],
        env=os.environ | _ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        process.communicate()

    atexit.register(end)
    return process


def _serve() -> None:
    import matplotlib.pyplot
    import torch
    import torch._dynamo
    import torchviz

    loaded = (matplotlib.pyplot, torch._dynamo, torchviz)
    assert loaded
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        source, warned = json.loads(line)
        print(json.dumps(_run(source, warned)), flush=True)


def _run(source: str, warned: Warnings) -> dict[str, Any]:
    reading, writing = os.pipe()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        script = Path(folder, "program.py")
        script.write_text(source, encoding="utf-8", newline="")
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _child(script, (out.fileno(), err.fileno(), writing), warned)
        os.close(writing)
        ended = _read(reading, pid)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not ended or status:
            return {"died": f"status {status}: {_text(err, script)}"}
        answer: dict[str, Any] = {"stdout": _text(out, script), "stderr": _text(err, script)}
        answer |= json.loads(ended)
        return answer


def _text(file: IO[bytes], script: Path) -> str:
    """Return what was written; the Lab calls the program's file ``<program>``."""
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace").replace(str(script), "<program>")


def _read(reading: int, pid: int) -> bytes:
    until, pieces = time.monotonic() + _SECONDS, []
    while select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(reading, 65_536)
        if not piece:
            break
        pieces.append(piece)
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(reading)
    return b"".join(pieces)


def _child(script: Path, descriptors: tuple[int, int, int], warned: Warnings) -> NoReturn:
    try:
        out, err, writing = descriptors
        for given, standard in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
            os.dup2(given, standard)
        atexit._clear()
        os.environ.update(HOME=str(script.parent), TMPDIR=str(script.parent))
        os.chdir(script.parent)
        tempfile.tempdir = None
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv, sys.path[0] = ["program.py"], str(script.parent)
        sys.modules.pop("__main__")
        os.write(writing, json.dumps(_ended(script, warned)).encode())
        os.close(writing)
        if _LAST_WORDS.search(script.read_text(encoding="utf-8")):
            sys.exit(0)
        _end()
    except SystemExit:
        raise
    except BaseException:
        os._exit(3)


def _end() -> NoReturn:
    """End as a program does: threads are waited for, then what atexit was given is called.

    Modules are torn down only where that can be heard: PyTorch's would take longer than most programs.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _ended(script: Path, warned: Warnings) -> dict[str, Any]:
    """Run the program in this process; return what ended it and what it was warned of."""
    import torch

    torch.manual_seed(0)
    ended: dict[str, Any] = {}
    with warnings.catch_warnings(record=warned == "always") as messages:
        warnings.simplefilter(warned)
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as error:
            ended = {"exit_code": error.code if isinstance(error.code, int) else int(error.code is not None)}
        except BaseException as error:
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
            line = frames[-1].lineno if frames else getattr(error, "lineno", None)
            ended = {"error_type": type(error).__name__, "message": str(error), "line": line}
    return ended | {"warned": sorted({str(message.message) for message in messages or ()})}


if __name__ == "__main__":
    _serve()
