"""The filter's program, run by a small machine of its own, and its numbers, against the kernel's headers."""

from __future__ import annotations

import errno
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.worker.confine.seccomp import (
    ALLOW,
    ARCHITECTURES,
    KILL,
    NOBODY,
    REFUSE,
    Instruction,
    assemble,
    code_for_tools,
    prepared_code,
    the_filter,
)
from components.worker.confine.syscalls import (
    ALLOWED,
    ANSWERED,
    FILES,
    REFUSED_TO_TOOLS,
    Table,
    allowed_numbers,
    answered_numbers,
    commands,
    refused_to_tools,
)

MACHINES = sorted(ARCHITECTURES)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
OWN, OTHER = 4_242, 4_243
ANSWER = 0x0005_0000
DONE = ANSWER
TABLES = (ALLOWED, FILES, *(table for _, table in ANSWERED))
# Calls with rules, as in the kernel's tables: number on x86-64 and on AArch64.
RULED: Table = (
    ("clone", 56, 220),
    ("fcntl", 72, 25),
    ("ioctl", 16, 29),
    ("prctl", 157, 167),
    ("prlimit64", 302, 261),
    ("kill", 62, 129),
    ("tgkill", 234, 131),
    ("umask", 95, 166),
    ("mkdir", 83, None),
    ("mkdirat", 258, 34),
    ("fallocate", 285, 47),
)
ROWS = [row for table in (*TABLES, RULED) for row in table]
NUMBERS = {
    "x86_64": {name: number for name, number, _ in ROWS if number is not None},
    "aarch64": {name: number for name, _, number in ROWS if number is not None},
}


def verdict(
    machine: str,
    number: int,
    *arguments: int,
    architecture: int | None = None,
    files: bool = True,
    gpu: bool = False,
) -> int:
    """Run the filter of a process with the number ``OWN`` on one call."""
    architecture = ARCHITECTURES[machine] if architecture is None else architecture
    words = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(word & (1 << 64) - 1 for word in words))
    return answer(the_filter(machine, OWN, files=files, gpu=gpu), data)


def answer(program: Sequence[Instruction], data: bytes) -> int:
    """Run a filter on the kernel's description of one call: five kinds of instruction are all it has."""
    place, accumulator = 0, 0
    while True:
        code, if_true, if_false, constant = program[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, constant)[0]
        elif code == 0x54:
            accumulator &= constant
        elif code == 0x15:
            place += if_true if accumulator == constant else if_false
        elif code == 0x35:
            place += if_true if accumulator >= constant else if_false
        else:
            assert code == 0x06
            return constant


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_allowed_or_answered_and_all_else_is_refused(machine: str, files: bool) -> None:
    allowed = set(allowed_numbers(machine, files=files))
    answered = dict(answered_numbers(machine, files=files))
    ruled = {rule.number for rule in commands(machine, OWN, files=files)}
    assert len({*allowed, *answered, *ruled}) == len(allowed) + len(answered) + len(ruled)
    for number in set(range(600)) - ruled:
        expected = ALLOW if number in allowed else ANSWER | answered[number] if number in answered else REFUSE
        assert verdict(machine, number, files=files) == expected, number


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_with_a_rule_is_in_this_test(machine: str) -> None:
    ruled = {NUMBERS[machine][row[0]] for row in RULED if row[0] in NUMBERS[machine]}
    assert {rule.number for rule in commands(machine, OWN)} == ruled
    assert {rule.number for rule in commands(machine, OWN, gpu=True)} == ruled


# A call, its arguments, and what becomes of it.
_THREAD = 0x003D_0F00  # what the C library's pthread_create asks for
RULES: list[tuple[str, tuple[int, ...], int]] = [
    ("clone", (_THREAD,), ALLOW),
    ("clone", (17,), REFUSE),  # fork
    ("clone", (0x4111,), REFUSE),  # vfork
    *(("clone", (_THREAD | 1 << bit,), REFUSE) for bit in (17, 25, 26, 27, 28, 29, 30)),  # in namespaces of its own
    ("clone", (0xFFFF_FFFF,), REFUSE),
    ("clone", (0,), REFUSE),
    ("kill", (OWN, 9), ALLOW),
    ("kill", (OTHER, 9), REFUSE),
    ("kill", (0, 9), REFUSE),
    ("kill", (-1, 9), REFUSE),
    ("kill", (-OWN, 9), REFUSE),
    ("kill", (1, 0), REFUSE),
    ("tgkill", (OWN, OTHER, 9), ALLOW),
    ("tgkill", (OTHER, OWN, 9), REFUSE),
    ("tgkill", (-1, OWN, 9), REFUSE),
    ("prlimit64", (0, 7, 0, 0), ALLOW),
    ("prlimit64", (OWN, 7, 0, 0), ALLOW),
    ("prlimit64", (OTHER, 7, 0, 0), REFUSE),
    ("prctl", (15, 0), ALLOW),  # PR_SET_NAME
    *(("prctl", (option, 0), REFUSE) for option in (1, 4, 8, 22, 24, 35, 36, 38, 47, 0x59616D61)),
    *(("fcntl", (3, command), ALLOW) for command in (0, 1, 2, 3, 4, 5, 6, 7, 1030)),
    # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ, F_ADD_SEALS
    *(("fcntl", (3, command), REFUSE) for command in (8, 10, 15, 1024, 1026, 1031, 1033)),
    ("fcntl", (3, 1 << 32 | 8), REFUSE),  # the kernel looks at the low half too
    *(("ioctl", (3, command), ALLOW) for command in (0x5401, 0x5413, 0x541B, 0x5451, 0x5450)),
    # TIOCSTI, TIOCLINUX, FIOASYNC, FIOSETOWN, SIOCSPGRP, FICLONE, FS_IOC_SETFLAGS, one of a driver's
    *(
        ("ioctl", (3, command), REFUSE)
        for command in (0x5412, 0x541C, 0x5452, 0x8901, 0x8902, 0x4004_9409, 0x4008_6602, 0x4620)
    ),
    *(("umask", (mask,), ALLOW) for mask in (0, 0o022, 0o077)),
    *(("umask", (mask,), REFUSE) for mask in (0o777, 0o100, 0o400, 0o277)),
    *(("mkdir", (0, mode), ALLOW) for mode in (0o777, 0o700, 0o1755)),
    *(("mkdir", (0, mode), REFUSE) for mode in (0, 0o300, 0o500, 0o077)),
    ("mkdirat", (0, 0, 0o777), ALLOW),
    ("mkdirat", (0o700, 0o700, 0o300), REFUSE),
    ("fallocate", (3, 0, 0, 10), ALLOW),
    ("fallocate", (3, 1, 0, 10), REFUSE),  # past the size of the file
    ("fallocate", (3, 3, 0, 10), REFUSE),
]


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: str) -> None:
    numbers = NUMBERS[machine]
    got = [(name, words, verdict(machine, numbers[name], *words)) for name, words, _ in RULES if name in numbers]
    assert got == [rule for rule in RULES if rule[0] in numbers]


@pytest.mark.parametrize(
    ("command", "expected"),
    [(0x4620, ALLOW), (0x5412, REFUSE), (0x5452, REFUSE), (0x8901, REFUSE), (1 << 32 | 0x8901, REFUSE)],
)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_gpus_driver_is_spoken_to_and_nothing_else_is_wider(machine: str, command: int, expected: int) -> None:
    assert verdict(machine, NUMBERS[machine]["ioctl"], 3, command, gpu=True) == expected
    others = [rule for rule in RULES if rule[0] in NUMBERS[machine] and rule[0] != "ioctl"]
    for name, words, ordinary in others:
        assert verdict(machine, NUMBERS[machine][name], *words, gpu=True) == ordinary


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chmod", DONE),
        ("fchmod", DONE),
        ("fchmodat", DONE),
        ("fchown", DONE),
        ("utimensat", DONE),
        ("getxattr", ANSWER | errno.EOPNOTSUPP),
        ("flistxattr", ANSWER | errno.EOPNOTSUPP),
        ("clone3", ANSWER | errno.ENOSYS),
    ],
)
def test_some_calls_are_answered_without_being_made(machine: str, name: str, expected: int) -> None:
    if name in NUMBERS[machine]:
        assert verdict(machine, NUMBERS[machine][name]) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_the_closed_filter_lets_nothing_be_opened_or_changed(machine: str) -> None:
    numbers = NUMBERS[machine]
    for row in (*FILES, *(row for row in RULED if row[0] in ("mkdir", "mkdirat", "fallocate"))):
        if row[0] in numbers:
            assert verdict(machine, numbers[row[0]], 0, 0o700, 0o700, files=False) == REFUSE, row[0]
    assert verdict(machine, numbers["read"], files=False) == ALLOW
    assert verdict(machine, numbers["clone"], _THREAD, files=False) == ALLOW
    assert verdict(machine, numbers["clone3"], files=False) == ANSWER | errno.ENOSYS
    assert verdict(machine, numbers["fchmod"], files=False) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    assert verdict(machine, allowed_numbers(machine)[0], architecture=0x4000_0003) == KILL  # i386


@pytest.mark.parametrize("number", [1, 56, 72, 257])
def test_the_x32_table_kills(number: int) -> None:
    assert verdict("x86_64", 0x4000_0000 + number, _THREAD) == KILL


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
    numbers.setdefault("newfstatat", numbers.get("fstatat", -1))
    for row in (row for table in (*TABLES, RULED) for row in table):
        if row[column] is not None and row[0] != "fchmodat2":  # newer than some headers
            assert numbers[row[0]] == row[column], row[0]


OUTWARDS = (
    "socket socketpair connect bind listen accept accept4 sendto sendmsg recvmsg sendmmsg fork vfork execve execveat "
    "ptrace tkill pidfd_open pidfd_send_signal pidfd_getfd rt_sigqueueinfo rt_tgsigqueueinfo setuid setgid setgroups "
    "setresuid capset mount umount2 chroot pivot_root link linkat mknod mknodat truncate "
    "setxattr fsetxattr memfd_create memfd_secret bpf io_uring_setup userfaultfd process_vm_readv process_vm_writev "
    "keyctl add_key unshare setns setpgid setsid setpriority sched_setscheduler sched_setaffinity shmget semget msgget "
    "mq_open inotify_init1 fanotify_init name_to_handle_at open_by_handle_at perf_event_open seccomp personality "
    "timer_create signalfd4 splice vmsplice landlock_create_ruleset openat2 open_tree fsopen"
)


@pytest.mark.parametrize("name", OUTWARDS.split())
def test_what_reaches_outwards_is_on_no_list(name: str) -> None:
    assert name not in {row[0] for table in (*TABLES, RULED) for row in table}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("files", [True, False])
def test_a_child_has_only_its_number_to_put_into_the_filter(machine: str, files: bool) -> None:
    for number in (1, OWN, 4_194_304):
        expected = b"".join(struct.pack("HBBI", *one) for one in the_filter(machine, number, files=files, gpu=False))
        prepared = prepared_code(machine, files=files, gpu=False)
        assert prepared.replace(NOBODY, struct.pack("I", number)) == expected


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_tool_may_do_all_but_what_is_refused(machine: str) -> None:
    code = code_for_tools(machine)
    program = [struct.unpack_from("HBBI", code, at) for at in range(0, len(code), struct.calcsize("HBBI"))]
    refused = set(refused_to_tools(machine))
    assert refused
    for number in range(500):
        data = struct.pack("<IIQ6Q", number, ARCHITECTURES[machine], 0, *[0] * 6)
        assert answer(program, data) == (REFUSE if number in refused else ALLOW)
    assert answer(program, struct.pack("<IIQ6Q", 0, 1, 0, *[0] * 6)) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_of_what_tools_are_refused_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("no headers of the kernel")
    text = HEADERS[machine].read_text()
    for name, on_x86, on_arm in REFUSED_TO_TOOLS:
        number = on_x86 if machine == "x86_64" else on_arm
        assert re.search(rf"#define __NR3?_?{name} {number}$", text, re.MULTILINE), name
