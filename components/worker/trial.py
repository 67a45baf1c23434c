"""Which walls can be put up here: tried once, in a process of its own, before the first program runs.

What a manual page says about a kernel is not what a container's policy allows, so each wall is put up for real, and
then a trial program knocks: it tries to read a file of the application's, to write elsewhere, to make a socket and to
start a process, and to use its own folder.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

import msgspec

from .child import RESULT_DESCRIPTOR, Surroundings, confinement_of, isolate
from .confine import KNOCKS, LANDLOCK, NAMESPACES, SECCOMP, WALLS, Confinement, Wall, WallSpec, names
from .confine.process import own_environment
from .folder import make_base, remove
from .limits import Limits

_decoder = msgspec.json.Decoder(Wall)


def try_walls(wanted: Collection[str], limits: Limits, folder: str, *, gpu: bool = False) -> list[Wall]:
    """Return what became of each wanted wall, and of the trial program's attempts behind them."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _trial(write, wanted, limits, folder, gpu)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = pipe.read().splitlines()
    os.waitpid(pid, 0)
    remove(folder)
    seen = [_decoder.decode(line) for line in lines]
    return seen + _silent(wanted, {wall.name for wall in seen})


def _trial(write: int, wanted: Collection[str], limits: Limits, folder: str, gpu: bool) -> None:
    parent = os.getppid()
    isolate(folder, write)
    own_environment(folder)
    confinement = confinement_of(Surroundings(wanted, parent, folder, limits, gpu))
    elsewhere = os.path.dirname(folder)
    standing: set[str] = set()
    for spec in (one for one in WALLS if one.name in wanted):
        if spec.name == LANDLOCK:
            os.chdir(folder)
        # Without Landlock the filter lets no file be opened at all.
        confinement = replace(confinement, opens_files=LANDLOCK in standing or SECCOMP not in wanted)
        wall = _put_up(spec, confinement)
        standing |= {wall.name} if wall.standing else set()
        _tell(wall)
    knocks = (*_KNOCKS, ("write elsewhere", lambda: os.mkdir(os.path.join(elsewhere, "elsewhere"))))
    possible = [name for name, knock in knocks if _succeeds(knock)]
    if LANDLOCK in standing and not _succeeds(_use_own_folder):
        possible.append("not use its own folder")
    detail = f"it could {', '.join(possible)}" if possible else "it reached no file, no network and no process"
    _tell(Wall(name=KNOCKS, standing=not possible, detail=detail))


def _put_up(spec: WallSpec, confinement: Confinement) -> Wall:
    problem = spec.missing_here()
    try:
        if problem is None:
            spec.put_up(confinement)
    except OSError as error:
        problem = str(error)
    return Wall(name=spec.name, standing=problem is None, detail=problem or spec.detail, optional=spec.optional)


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


def _use_own_folder() -> None:
    with open("own", "wb") as file:
        file.write(b"own")
    os.remove("own")
    os.listdir(".")


_KNOCKS: tuple[tuple[str, Callable[[], object]], ...] = (
    ("open a file", lambda: os.open(__file__, os.O_RDONLY)),
    ("make a socket", lambda: socket.socket().close()),
    ("start a process", _start_process),
)


def standing_here() -> frozenset[str]:
    """Return the names of the walls that stand on this machine, tried in a moment, without torch."""
    base = make_base()
    try:
        wanted = [name for name in names() if name != NAMESPACES]
        return frozenset(
            wall.name for wall in try_walls(wanted, Limits(), os.path.join(base, "trial")) if wall.standing
        )
    finally:
        with suppress(OSError):
            remove(base)


if __name__ == "__main__":
    sys.stdout.write(" ".join(sorted(standing_here())))
