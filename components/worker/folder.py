"""The private folder of a run: where it lies, how much is in it, and that it is gone afterwards.

A program writes there and nowhere else. What it holds is a stranger's: names of any length, folders nested past what a
path can say, links to anywhere. So everything here goes from one open folder to the next and follows no link.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass

PREFIX = "autograd-lab-"
DATA = "data"
_DEEPEST = 40
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Usage:
    """What is in a folder; counting stops where it is over a bound. ``bytes`` are those that lie on the disk."""

    bytes: int
    files: int
    too_deep: bool = False

    def over(self, most_bytes: int, most_files: int) -> str | None:
        """Say which bound is passed, ``None`` for none."""
        if self.bytes > most_bytes:
            return f"The program wrote more than {most_bytes >> 20:,} MiB into its folder and was stopped."
        if self.files > most_files:
            return f"The program made more than {most_files:,} files and folders and was stopped."
        return "The program nested folders too deeply and was stopped." if self.too_deep else None


def make_base() -> str:
    """Make the folder that holds the runs' folders of one worker, for its user alone."""
    return tempfile.mkdtemp(prefix=PREFIX)


def usage(path: str, most_bytes: int, most_files: int) -> Usage:
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
            if total > most_bytes or files > most_files or len(stack) > _DEEPEST:
                return Usage(total, files, len(stack) > _DEEPEST)
            while stack and not stack[-1][1]:
                os.close(stack.pop()[0])
            if not stack:
                return Usage(total, files)
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
    try:
        below = os.open(name, _OPEN, dir_fd=top)
    except OSError:
        with suppress(OSError):
            os.chmod(name, 0o700, dir_fd=top)
        return number
    try:
        for inner in _clear(below):
            number += 1
            with suppress(OSError):
                os.rename(inner, f".raised-{number}", src_dir_fd=below, dst_dir_fd=top)
    finally:
        os.close(below)
    return number
