"""A system call filter (seccomp): an allow-list, written as a short program for the kernel's packet filter machine.

Calls that are not on the list fail with EPERM rather than kill: PyTorch and Python try some that they can do without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from functools import cache

from .libc import prctl
from .process import no_new_privileges
from .syscalls import Commands, allowed_numbers, answered_numbers, commands, refused_to_tools

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant

_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
# In struct seccomp_data; of an argument the low half: commands, flags and process ids are 32 bits wide.
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
KILL, ALLOW = 0x8000_0000, 0x7FFF_0000
_ERROR = 0x0005_0000
_ALL_BITS = 0xFFFF_FFFF
REFUSE = _ERROR | errno.EPERM
ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
# On x86-64 this bit in a call's number selects the x32 table, which the list does not describe.
_X32_BIT = 0x4000_0000
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_INSTRUCTION = "HBBI"
# In place of the process's own number, larger than any is.
NOBODY = b"\xf7\xf6\xf5\x7f"


def assemble(
    machine: str,
    numbers: Sequence[int],
    rules: Sequence[Commands] = (),
    answered: Sequence[tuple[int, int]] = (),
    otherwise: int = REFUSE,
) -> list[Instruction]:
    """Return the filter: kill foreign architectures, allow these numbers, refuse all others, or what ``otherwise`` is.

    Calls with ``rules`` pass only with the arguments that these allow; those of ``answered`` are not made but end with
    that error number, 0 for success.

    Raises:
        OSError: an architecture without a table.
    """
    if machine not in ARCHITECTURES:
        raise OSError(f"no system call table for {machine}")
    program: list[Instruction] = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        program += [(_JUMP_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, KILL)]
    for rule in rules:
        program += _checked(rule)
    for number in numbers:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, ALLOW)]
    for number, answer in answered:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | answer)]
    return [*program, (_RETURN, 0, 0, otherwise)]


def _checked(rule: Commands) -> list[Instruction]:
    listed, others = (ALLOW, REFUSE) if rule.only_these else (REFUSE, ALLOW)
    block: list[Instruction] = [(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * rule.argument)]
    if rule.mask != _ALL_BITS:
        block.append((_AND, 0, 0, rule.mask))
    for command in rule.commands:
        block += [(_JUMP_EQUAL, 0, 1, command), (_RETURN, 0, 0, listed)]
    block.append((_RETURN, 0, 0, others))
    return [(_JUMP_EQUAL, 0, len(block), rule.number), *block]


def the_filter(machine: str, own_pid: int, *, files: bool, gpu: bool) -> list[Instruction]:
    """Return the filter for a process of this number; raises ``OSError`` for an architecture without a table."""
    return assemble(
        machine,
        allowed_numbers(machine, files=files),
        commands(machine, own_pid, files=files, gpu=gpu),
        answered_numbers(machine, files=files),
    )


def filter_system_calls(*, files: bool = True, gpu: bool = False) -> None:
    """Allow this process the calls of ``syscalls`` from now on, for good: with those for ``files``, or without.

    Raises:
        OSError: no table for this architecture, or the kernel has no seccomp.
    """
    number = struct.pack("I", os.getpid())
    install(prepared_code(platform.machine(), files=files, gpu=gpu).replace(NOBODY, number))


def install(code: bytes) -> None:
    """Put up a filter for this thread, and for what it starts; raises ``OSError`` if the kernel has no seccomp."""
    held = ctypes.create_string_buffer(code)
    no_new_privileges()
    count = len(code) // struct.calcsize(_INSTRUCTION)
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, struct.pack("HxxxxxxP", count, ctypes.addressof(held)))


@cache
def prepared_code(machine: str, *, files: bool, gpu: bool) -> bytes:
    """Return the filter as the kernel reads it, for a process of no number: it is put together once, not in each child.

    Raises:
        OSError: an architecture without a table.
    """
    return _packed(the_filter(machine, *struct.unpack("I", NOBODY), files=files, gpu=gpu))


@cache
def code_for_tools(machine: str) -> bytes:
    """Return the filter of a program of our own: all calls but some; raises ``OSError`` without a table."""
    refused = [(number, errno.EPERM) for number in refused_to_tools(machine)]
    return _packed(assemble(machine, (), answered=refused, otherwise=ALLOW))


def _packed(program: Sequence[Instruction]) -> bytes:
    return b"".join(struct.pack(_INSTRUCTION, *instruction) for instruction in program)
