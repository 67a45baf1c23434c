"""What programs may read: Python's own folders, system libraries, fonts, time zones, and a folder of data.

The application's own folder is not among them, though the virtual environment may lie inside it.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path

from ...settings import DATA

_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/dev/random",
    "/etc/mime.types",
)
_COMPONENTS = Path(__file__).resolve().parents[2]
_ROOT = _COMPONENTS.parent


@cache
def readable() -> tuple[str, ...]:
    """Return the folders and files that exist, without their links; the application's own folder is left out."""
    paths = sysconfig.get_paths()
    python = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries = [os.path.join(prefix, "lib") for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)]
    added = [path for path in sys.path if path and os.path.isdir(path)]
    found = {os.path.realpath(path) for path in (*python, *libraries, *site.getsitepackages(), *added, *_SYSTEM)}
    return tuple(sorted(path for path in found if os.path.exists(path) and not _holds_the_application(path)))


@cache
def data_folder() -> str | None:
    """Return the folder of data that programs read as ``data/``, if the environment names one that is there.

    Never one that would show the application to programs.
    """
    named = DATA.value()
    path = os.path.realpath(named) if named and os.path.isdir(named) else None
    return path if path is not None and not _shows_the_application(path) else None


def _shows_the_application(path: str) -> bool:
    inside = any(Path(path).is_relative_to(part) for part in (_ROOT / "app", _COMPONENTS))
    return inside or _holds_the_application(path)


def _holds_the_application(path: str) -> bool:
    """Whether a folder is the application's own, or one above it: reading it would show its checks."""
    return Path(path) == _ROOT or Path(path) in _ROOT.parents


@cache
def without_the_application(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's search path for a program: it cannot import the application by being beside it."""
    return tuple(entry for entry in path if entry and not _holds_the_application(os.path.realpath(entry)))
