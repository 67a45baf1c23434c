"""Landlock without rules: no path can be opened, made, listed or removed, whoever the process runs as.

Only a run on a GPU gets rules, for what its libraries read when they are first used.

Numbers are from ``linux/landlock.h``. What the kernel can restrict has grown with its versions ("ABI"); each handled
access without a rule is denied.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence

from components.worker.confine.libc import syscall
from components.worker.confine.process import no_new_privileges

# The same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_ABI = 1
# ABI: bits of file system access known so far (execute, read, write, ... refer, truncate, ioctl on devices).
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_PATH_BENEATH = 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_BIND_AND_CONNECT_TCP = 0b11  # from ABI 4 on
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # from ABI 6 on


def landlock_abi() -> int:
    """Return the kernel's Landlock version; raises ``OSError`` where there is none."""
    return syscall(_CREATE_RULESET, 0, 0, _GET_ABI)


def ruleset(abi: int) -> bytes:
    """Return ``struct landlock_ruleset_attr`` that handles all that this version can."""
    files = (1 << _FILE_BITS[min(abi, max(_FILE_BITS))]) - 1
    fields = [files]
    if abi >= 4:
        fields.append(_BIND_AND_CONNECT_TCP)
    if abi >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"{len(fields)}Q", *fields)


def deny_files(readable: Sequence[str] = ()) -> int:
    """Deny this process all further access to files and, as far as the kernel can, to TCP and signals outwards.

    What lies in the folders or files ``readable`` may still be read and mapped as code.

    Returns:
        The kernel's Landlock version: 4 adds TCP, 6 adds signals and abstract sockets.

    Raises:
        OSError: the kernel has no Landlock, or it is switched off.
    """
    abi = landlock_abi()
    attributes = ruleset(abi)
    descriptor = syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in readable:
            _let_read(descriptor, path)
        no_new_privileges()
        syscall(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)
    return abi


def _let_read(ruleset_descriptor: int, path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | _EXECUTE | (_READ_FOLDER if os.path.isdir(path) else 0)
        syscall(_ADD_RULE, ruleset_descriptor, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
