"""Landlock: which files can be opened, listed, made and removed at all, whoever the process runs as.

What it does not look at (permissions, owners, times; on old kernels ``truncate`` by path) the system call filter
refuses; whether a path exists, and how large a file is, can be asked.

Numbers are from ``linux/landlock.h``. What the kernel can restrict has grown with its versions ("ABI"); each handled
access without a rule is denied.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence

from .libc import syscall
from .process import no_new_privileges

# The same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_ABI = 1
# ABI: bits of file system access known so far (execute, read, write, ... refer, truncate, ioctl on devices).
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# What programs throw away and take zeros from; nothing of it stays.
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
# Write, read, list; remove folders and files; make folders, files, links; move between folders (ABI 2), truncate (3).
_OWN = sum(1 << bit for bit in (1, 2, 3, 4, 5, 7, 8, 12, 13, 14))
_BIND_AND_CONNECT_TCP = 0b11  # from ABI 4 on
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # from ABI 6 on


def landlock_abi() -> int:
    """Return the kernel's Landlock version; raises ``OSError`` where there is none."""
    return syscall(_CREATE_RULESET, 0, 0, _GET_ABI)


def _handled(abi: int) -> int:
    return (1 << _FILE_BITS[min(abi, max(_FILE_BITS))]) - 1


def ruleset(abi: int) -> bytes:
    """Return ``struct landlock_ruleset_attr`` that handles all that this version can."""
    fields = [_handled(abi)]
    if abi >= 4:
        fields.append(_BIND_AND_CONNECT_TCP)
    if abi >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"{len(fields)}Q", *fields)


def restrict_files(readable: Sequence[str] = (), own: str | None = None) -> int:
    """Deny this process all further access to files and, as far as the kernel can, to TCP and signals outwards.

    What lies in the folders or files ``readable`` may still be read and mapped as code; in the folder ``own`` files and
    folders may be made, changed and removed.

    Returns:
        The kernel's Landlock version: 2 lets files be moved between folders, 3 denies ``truncate`` by path, 4 adds TCP,
        6 adds signals and abstract sockets.

    Raises:
        OSError: the kernel has no Landlock, or it is switched off.
    """
    abi = landlock_abi()
    attributes = ruleset(abi)
    descriptor = syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in filter(os.path.exists, _DEVICES):
            _allow(descriptor, path, _READ_FILE | _WRITE_FILE)
        for path in readable:
            if os.path.exists(path):
                rights = _READ_FILE | _EXECUTE | (_READ_FOLDER if os.path.isdir(path) else 0)
                _allow(descriptor, path, rights)
        if own is not None:
            _allow(descriptor, own, _OWN & _handled(abi))
        no_new_privileges()
        syscall(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)
    return abi


def _allow(ruleset_descriptor: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        syscall(_ADD_RULE, ruleset_descriptor, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
