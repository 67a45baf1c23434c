"""The private folder of a run: where it lies, how much is in it, and that it is gone afterwards.

A program writes there and nowhere else. What it holds is a stranger's: names of any length, folders nested past what a
path can say, links to anywhere. So everything here goes from one open folder to the next and follows no link.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass

PREFIX = "autograd-lab-"
DATA = "data"
_DEEPEST = 40
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Bound:
    """How many bytes and files a folder may hold."""

    bytes: int
    files: int


@dataclass(frozen=True)
class Usage:
    """What is in a folder; counting stops where it is over a bound. ``bytes`` are those that lie on the disk."""

    bytes: int
    files: int
    too_deep: bool = False

    def over(self, bound: Bound, slack: float = 1.0) -> str | None:
        """Say which bound is passed by more than this factor, ``None`` for none."""
        if self.bytes > slack * bound.bytes:
            return f"The program wrote more than {bound.bytes >> 20:,} MiB into its folder and was stopped."
        if self.files > slack * bound.files:
            return f"The program made more than {bound.files:,} files and folders and was stopped."
        return "The program nested folders too deeply and was stopped." if self.too_deep else None


def make_base(user: int | None = None) -> str:
    """Make the folder that holds the runs' folders of one worker, for its user alone; only root can name another."""
    base = tempfile.mkdtemp(prefix=PREFIX)
    if user is not None and os.getuid() == 0:
        os.chown(base, user, user)
    return base


def free_bytes(path: str) -> int:
    """Return how much room is left where a folder lies; if it is gone, no lack of it."""
    try:
        found = os.statvfs(path)
    except OSError:
        return sys.maxsize
    return found.f_bavail * found.f_frsize


def usage(path: str, bound: Bound, slack: float = 1.0) -> Usage:
    """Count what is in a folder, without following links; an empty answer if it is gone."""
    total = files = 0
    stack: list[tuple[int, list[str]]] = []  # open folders, each with those in it that are still to be counted
    here, name = None, path
    try:
        while True:
            with suppress(OSError):
                opened = os.open(name, _OPEN, dir_fd=here)
                stack.append((opened, []))
                folders, size, count = _look(opened)
                stack[-1][1].extend(folders)
                total, files = total + size, files + count
            found = Usage(total, files, len(stack) > _DEEPEST)
            if found.over(bound, slack) is not None:
                return found
            while stack and not stack[-1][1]:
                os.close(stack.pop()[0])
            if not stack:
                return found
            here, name = stack[-1][0], stack[-1][1].pop()
    finally:
        for descriptor, _ in stack:
            os.close(descriptor)


def _look(descriptor: int) -> tuple[list[str], int, int]:
    """Return the folders in an open folder, the bytes of its files, and how many entries it has."""
    folders: list[str] = []
    total = count = 0
    with os.scandir(descriptor) as entries:
        for entry in entries:
            count += 1
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                total += entry.stat(follow_symlinks=False).st_blocks * 512
    return folders, total, count


def remove(path: str) -> None:
    """Remove a folder with all that is in it, however deep; what cannot be removed stays."""
    number, before = 0, list[str]()
    try:
        top = os.open(path, _OPEN)
    except OSError:
        return
    try:
        while (folders := _clear(top)) and folders != before:
            before = folders
            for name in folders:
                # What is inside comes up, so that nothing is ever far down.
                number = _raise(top, name, number)
                with suppress(OSError):
                    os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    with suppress(OSError):
        os.rmdir(path)


def _clear(top: int) -> list[str]:
    """Remove the files and empty folders of an open folder, and return the other folders."""
    folders: list[str] = []
    for name in os.listdir(top):
        try:
            if stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
                try:
                    os.rmdir(name, dir_fd=top)
                except OSError:
                    folders.append(name)
            else:
                os.unlink(name, dir_fd=top)
        except OSError:
            continue
    return folders


def _raise(top: int, name: str, number: int) -> int:
    """Remove the files of a folder and move its folders up into ``top``, under new names."""
    with suppress(OSError):
        os.chmod(name, 0o700, dir_fd=top)
    try:
        below = os.open(name, _OPEN, dir_fd=top)
    except OSError:
        return number
    try:
        for inner in _clear(below):
            number += 1
            with suppress(OSError):
                os.chmod(inner, 0o700, dir_fd=below)  # a closed folder cannot be moved
                os.rename(inner, f".raised-{number}", src_dir_fd=below, dst_dir_fd=top)
    finally:
        os.close(below)
    return number
