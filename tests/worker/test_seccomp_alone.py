"""The system call filter by itself."""

from __future__ import annotations

import platform

import pytest

from tests.worker.helpers import (
    MakePool,
    attempt,
    bare,
    needs_linux,
    only,
    printed,
    run,
)

X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64")

# Number and arguments; without the filter each is answered in another way than EPERM, mostly because of bad arguments.
CALLS = {
    "open": (2, 0),
    "openat": (257, -100, 0),
    "stat": (4, 0, 0),
    "getdents64": (217, -1, 0, 0),
    "unlink": (87, 0),
    "rename": (82, 0, 0),
    "chmod": (90, 0, 0),
    "memfd_create": (319, 0, 0),
    "socket": (41, 1, 1, 0),
    "connect": (42, -1, 0, 0),
    "bind": (49, -1, 0, 0),
    "sendto": (44, -1, 0, 0, 0, 0, 0),
    "sendmsg": (46, -1, 0, 0),
    "pipe2": (293, 0, 0),
    "fcntl": (72, -1, 1, 0),
    "ioctl": (16, -1, 0, 0),
    "dup2": (33, -1, 0),
    "execve": (59, 0, 0, 0),
    "kill": (62, 0x7FFFFFFE, 0),
    "tgkill": (234, 0x7FFFFFFE, 0x7FFFFFFE, 0),
    "pidfd_open": (434, 0x7FFFFFFE, 0),
    "ptrace": (101, 16, 0x7FFFFFFE, 0, 0),
    "process_vm_readv": (310, 0x7FFFFFFE, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 0x7FFFFFFE, 0, 0, 0, 0, 0),
    "prctl": (157, 999, 0, 0, 0, 0),
    "prlimit64": (302, 0, 7, 0, 0),
    "getpgid": (121, 0),
    "getuid": (102,),
    "setuid": (105, 0xFFFFFFFF),
    "umask": (95, 0o22),
    "uname": (63, 0),
    "sysinfo": (99, 0),
    "shmget": (29, 0, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "inotify_init": (253,),
    "epoll_create1": (291, -1),
    "timer_create": (222, -1, 0, 0),
    "sched_setaffinity": (203, 0, 0, 0),
    "arch_prctl": (158, 0, 0),
    "clone3": (435, 0, 0),
}


@needs_linux
@X86
def test_seccomp_refuses_calls(shared: MakePool) -> None:
    source = f"""
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for name, (number, *arguments) in {CALLS!r}.items():
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    print(name, errno.errorcode.get(ctypes.get_errno(), "done"))
"""
    without = dict(line.split() for line in printed(bare(shared), source).splitlines())
    assert [name for name, answer in without.items() if answer == "EPERM"] == []
    with_filter = dict(line.split() for line in printed(only(shared, "seccomp"), source).splitlines())
    assert with_filter == dict.fromkeys(CALLS, "EPERM")


@needs_linux
@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("open('/dev/null')", "EPERM"),
        ("os.listdir('/')", "EPERM"),
        ("socket.socket()", "EPERM"),
        ("os.fork() or os._exit(0)", "EPERM"),
        ("os.execv('/bin/true', ['true'])", "EPERM"),
        ("subprocess.run(['true'])", "EPERM"),
        ("threading.Thread(target=int).start()", "RuntimeError"),
        ("os.kill(os.getppid(), 9)", "EPERM"),
        ("os.kill(os.getpid(), 9)", "EPERM"),
        ("os.setsid()", "EPERM"),
        ("resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "ValueError"),
    ],
)
def test_seccomp_refuses_python_too(shared: MakePool, statement: str, answer: str) -> None:
    assert attempt(only(shared, "seccomp"), statement) == answer


@needs_linux
@X86
def test_calls_by_the_32_bit_door_kill(shared: MakePool) -> None:
    # mov eax, 20 (getpid of i386); int 0x80; ret. The kernel would take the number from the other table.
    source = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    failure = run(only(shared, "seccomp"), source).failure
    assert failure is not None
    assert failure.kind == "crashed"
    assert "SIGSYS" in failure.message or "SIGSEGV" in failure.message  # the latter where the kernel has no such door
