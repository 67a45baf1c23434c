"""Namespaces: a network without any device, IPC of its own, other process ids, and mounts that nobody else sees.

One more wall where the system grants them (root, or users who may make user namespaces); never needed, since the
filter of system calls and Landlock refuse the same things. The worker enters them once. Each run then mounts a file
system of its own, in memory, over its private folder: its size and its number of files are the kernel's to bound.
"""

from __future__ import annotations

import ctypes
import os
import signal

from .libc import syscall

_NEW_MOUNTS, _NEW_IPC, _NEW_USERS, _NEW_PIDS, _NEW_NETWORK = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_UNSHARE = {"x86_64": 272, "aarch64": 97}
_MOUNT = {"x86_64": 165, "aarch64": 40}
_PRIVATE, _RECURSIVE, _NO_SUID, _NO_DEVICES = 1 << 18, 1 << 14, 2, 4
_entered = False


def enter() -> None:
    """Enter namespaces of one's own, before there are threads; raises ``OSError``."""
    global _entered  # noqa: PLW0603  a process enters once
    user, group = os.getuid(), os.getgid()
    _unshare(_NEW_USERS | _NEW_MOUNTS | _NEW_IPC | _NEW_NETWORK)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None)
    _entered = True


def own_processes() -> int | None:
    """Let the children live among processes of their own; return the first of those, whose end ends all of them.

    From here on this process cannot start a thread, which the profiler's first start does. ``None`` outside of
    namespaces.
    """
    if not _entered:
        return None
    _unshare(_NEW_PIDS)
    return _start_first_process()


def own_folder(folder: str, most_bytes: int, most_files: int) -> None:
    """Mount a file system in memory over ``folder``, for this process alone; raises ``OSError``."""
    if not _entered:
        raise OSError("the system does not grant them")
    _unshare(_NEW_MOUNTS)
    options = f"size={most_bytes},nr_inodes={most_files + 1},mode=700".encode()
    _mount(b"tmpfs", folder.encode(), b"tmpfs", _NO_SUID | _NO_DEVICES, options)


def _start_first_process() -> int:
    """Start what waits for orphans in a namespace of process ids, and ends with this process.

    It notices that by a pipe: the kernel's own signal does not come if this process ends before it was asked for.
    """
    alive, ours = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            os.dup2(alive, 0)
            os.closerange(1, 1 << 16)
            os.read(0, 1)
        finally:
            os._exit(0)
    os.close(alive)
    os.set_inheritable(ours, False)
    return first


def _unshare(flags: int) -> None:
    syscall(_number(_UNSHARE), flags)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, options: bytes | None) -> None:
    texts = [ctypes.c_char_p(text) for text in (source, target, kind)]
    syscall(_number(_MOUNT), *texts, flags, ctypes.c_char_p(options))


def _number(numbers: dict[str, int]) -> int:
    machine = os.uname().machine
    if machine not in numbers:
        raise OSError(f"no system call table for {machine}")
    return numbers[machine]
