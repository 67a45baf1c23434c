"""The filter's program, run by a small machine of its own, and its numbers, against the kernel's headers."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.worker.confine.seccomp import ALLOW, ARCHITECTURES, KILL, REFUSE, Instruction, assemble
from components.worker.confine.syscalls import ALLOWED, allowed_numbers

MACHINES = sorted(ARCHITECTURES)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(machine: str, number: int, architecture: int | None = None) -> int:
    """Run the filter of ordinary runs on one call: four kinds of instruction are all it has."""
    architecture = ARCHITECTURES[machine] if architecture is None else architecture
    return answer(assemble(machine, allowed_numbers(machine)), struct.pack("II", number, architecture))


def answer(program: Sequence[Instruction], data: bytes) -> int:
    """Run a filter on the kernel's description of one call."""
    place, accumulator = 0, 0
    while True:
        code, if_true, if_false, constant = program[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("I", data, constant)[0]
        elif code == 0x15:
            place += if_true if accumulator == constant else if_false
        elif code == 0x35:
            place += if_true if accumulator >= constant else if_false
        else:
            assert code == 0x06
            return constant


@pytest.mark.parametrize("machine", MACHINES)
def test_the_list_is_allowed_and_all_else_is_refused(machine: str) -> None:
    allowed = set(allowed_numbers(machine))
    for number in range(600):
        assert verdict(machine, number) == (ALLOW if number in allowed else REFUSE)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    assert verdict(machine, allowed_numbers(machine)[0], architecture=0x4000_0003) == KILL  # i386


def test_the_x32_table_kills() -> None:
    assert verdict("x86_64", 0x4000_0000 + 1) == KILL


def test_an_unknown_architecture_is_an_error() -> None:
    with pytest.raises(OSError, match="no system call table for sparc"):
        assemble("sparc", [1])
    with pytest.raises(OSError, match="no system call table for sparc"):
        allowed_numbers("sparc")


@pytest.mark.parametrize(("column", "machine"), [(1, "x86_64"), (2, "aarch64")])
def test_the_numbers_are_the_kernels(column: int, machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"the kernel's headers are not installed: {HEADERS[machine]}")
    text = HEADERS[machine].read_text(encoding="ascii")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    for row in ALLOWED:
        if row[column] is not None:
            assert numbers[row[0]] == row[column], row[0]


OUTWARDS = (
    "open openat creat socket connect bind fork vfork clone clone3 execve execveat ptrace kill tkill tgkill prctl "
    "setuid mount chroot unlink rename ioctl fcntl pipe pipe2 sendmsg recvmsg memfd_create bpf prlimit64 "
    "io_uring_setup userfaultfd process_vm_readv process_vm_writev pidfd_open keyctl unshare setns"
)


@pytest.mark.parametrize("name", OUTWARDS.split())
def test_what_reaches_outwards_is_not_on_the_list(name: str) -> None:
    assert name not in {row[0] for row in ALLOWED}
