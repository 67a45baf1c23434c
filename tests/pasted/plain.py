"""Runs programs as ``python program.py`` would, each in a process and a folder of its own, and says how they ended.

Started as a process of its own that imports torch once and forks: an oracle that knows nothing of ours.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import sys
import tempfile
import time
import traceback
from pathlib import Path

import matplotlib.pyplot
import torch
import torch._dynamo

LOADED = (matplotlib.pyplot, torch._dynamo)
_SECONDS = 60.0


def main() -> None:
    """Read names and texts from standard input, and write for each what it printed and what ended it."""
    torch.set_num_threads(1)
    results = {}
    for name, source in json.load(sys.stdin).items():
        results[name] = run(source)
    json.dump(results, sys.stdout)


def run(source: str) -> tuple[str, list[object] | None]:
    """Return what a program printed, and the type and innermost line of its exception."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out:
        script = Path(folder, "program.py")
        script.write_text(source, encoding="utf-8", newline="")
        pid = os.fork()
        if pid == 0:
            _child(script, out.fileno(), writing)
        os.close(writing)
        ended = _read(reading, pid)
        os.waitpid(pid, 0)
        out.seek(0)
        return out.read().decode("utf-8", "backslashreplace"), json.loads(ended) if ended else None


def _read(reading: int, pid: int) -> bytes:
    until, pieces = time.monotonic() + _SECONDS, []
    while select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(reading, 65_536)
        if not piece:
            break
        pieces.append(piece)
    else:
        os.kill(pid, 9)
    os.close(reading)
    return b"".join(pieces)


def _child(script: Path, out: int, writing: int) -> None:
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for given, standard in ((null, 0), (out, 1), (null, 2)):
            os.dup2(given, standard)
        os.environ.update(HOME=str(script.parent), TMPDIR=str(script.parent))
        os.chdir(script.parent)
        tempfile.tempdir = None
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv, sys.path[0] = ["program.py"], str(script.parent)
        torch.manual_seed(0)
        try:
            sys.modules.pop("__main__")
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit:
            pass
        except BaseException as error:
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
            line = frames[-1].lineno if frames else getattr(error, "lineno", None)
            os.write(writing, json.dumps([type(error).__name__, line]).encode())
        os.close(writing)
        sys.exit(0)  # threads are waited for and what atexit was given is called, as at the end of a program
    except SystemExit:
        raise
    except BaseException:
        os._exit(3)


if __name__ == "__main__":
    main()
