"""Which walls can be put up here: tried once, in a process of its own, before the first program runs.

What a manual page says about a kernel is not what a container's policy allows, so each wall is put up for real, and
then a trial program knocks: it tries to open a file, to make a socket and to start a process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection

import msgspec

from components.worker.child import RESULT_DESCRIPTOR, isolate
from components.worker.confine import WALLS, Confinement
from components.worker.confine.process import clear_environment
from components.worker.limits import Limits
from components.worker.walls import Wall

KNOCKS = "trial program"
_decoder = msgspec.json.Decoder(Wall)


def try_walls(wanted: Collection[str], limits: Limits, *, gpu: bool = False) -> list[Wall]:
    """Return what became of each wanted wall, and of the trial program's attempts behind them."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _trial(write, wanted, limits, gpu)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = pipe.read().splitlines()
    os.waitpid(pid, 0)
    seen = [_decoder.decode(line) for line in lines]
    return seen + _silent(wanted, {wall.name for wall in seen})


def _trial(write: int, wanted: Collection[str], limits: Limits, gpu: bool) -> None:
    parent = os.getppid()
    isolate(write)
    clear_environment()
    confinement = Confinement(parent, limits.memory_mb, limits.processor_seconds(), gpu)
    for spec in WALLS:
        if spec.name in wanted:
            problem = spec.missing_here()
            try:
                if problem is None:
                    spec.put_up(confinement)
            except OSError as error:
                problem = str(error)
            _tell(Wall(name=spec.name, standing=problem is None, detail=problem or spec.detail))
    possible = [name for name, knock in _KNOCKS if _succeeds(knock)]
    detail = f"it could {', '.join(possible)}" if possible else "it reached no file, no network and no process"
    _tell(Wall(name=KNOCKS, standing=not possible, detail=detail))


def _tell(wall: Wall) -> None:
    os.write(RESULT_DESCRIPTOR, msgspec.json.encode(wall) + b"\n")


def _silent(wanted: Collection[str], seen: Collection[str]) -> list[Wall]:
    """Return the walls that the trial did not live to report."""
    missing = [name for name in (*(spec.name for spec in WALLS if spec.name in wanted), KNOCKS) if name not in seen]
    return [Wall(name=name, standing=False, detail="the trial process ended early") for name in missing]


def _succeeds(knock: Callable[[], object]) -> bool:
    try:
        knock()
    except OSError:
        return False
    return True


def _start_process() -> None:
    if os.fork() == 0:
        os._exit(0)


_KNOCKS: tuple[tuple[str, Callable[[], object]], ...] = (
    ("open a file", lambda: os.open(os.devnull, os.O_RDONLY)),
    ("make a socket", lambda: socket.socket().close()),
    ("start a process", _start_process),
)
