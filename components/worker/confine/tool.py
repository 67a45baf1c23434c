"""Walls around a program of the server's own that works on a stranger's text, as the one that lays graphs out.

What a process is denied here, its thread is denied: so a thread goes behind the walls, starts the program there, which
inherits them, and ends. That costs no process and next to no time; the server itself stays as it is.
"""

from __future__ import annotations

import os
import platform
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Any

from .landlock import restrict_files
from .libc import IS_LINUX
from .process import drop_capabilities, no_new_privileges
from .readable import readable
from .seccomp import code_for_tools, install

# Where the system's fonts have their tables.
_MORE = ("/var/cache/fontconfig",)
_KEPT = ("LD_LIBRARY_PATH",)


def start_tool(
    command: Sequence[str], environment: dict[str, str], *, given: IO[bytes], out: IO[bytes], said: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a program that reads its own file, Python's and the system's libraries and fonts, and nothing else.

    It writes to ``out`` and ``said`` only, has no network, signals nobody, and of the server's environment finds
    nothing. Walls that the system does not have are left out. Raises ``OSError`` if the program cannot be started.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    words = {"PATH": os.defpath, "LANG": "C.UTF-8", **kept, **environment}
    made: list[subprocess.Popen[bytes]] = []
    errors: list[BaseException] = []

    def start() -> None:
        try:
            _go_behind_walls(command[0])
            made.append(subprocess.Popen(command, stdin=given, stdout=out, stderr=said, env=words, close_fds=True))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=start, name="tool")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return made[0]


def _go_behind_walls(program: str) -> None:
    if not IS_LINUX:
        return
    walls: tuple[Callable[[], Any], ...] = (
        no_new_privileges,
        drop_capabilities,
        lambda: restrict_files((*readable(), *_MORE, program, _libraries(program))),
        lambda: install(code_for_tools(platform.machine())),
    )
    for wall in walls:
        with suppress(OSError):  # an old kernel, another architecture: what can stand, stands
            wall()


def _libraries(program: str) -> str:
    """Return where a program of another folder than the system's has its libraries: ``lib`` beside its ``bin``."""
    return os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(program))), "lib")
