"""The system call filter by itself, closed for files as it is without Landlock, and open behind it."""

from __future__ import annotations

import platform

import pytest

from tests.worker.helpers import MakePool, attempt, bare, needs_linux, only, printed, run

X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64")

# Number and arguments; without the filter each is answered in another way than EPERM, mostly because of bad arguments.
CALLS = {
    "open": (2, 0),
    "openat": (257, -100, 0),
    "stat": (4, 0, 0),
    "getdents64": (217, -1, 0, 0),
    "unlink": (87, 0),
    "rename": (82, 0, 0),
    "mkdir": (83, 0, 0o700),
    "fallocate": (285, -1, 0, 0, 1),
    "chmod": (90, 0, 0),
    "truncate": (76, 0, 0),
    "link": (86, 0, 0),
    "memfd_create": (319, 0, 0),
    "socket": (41, 1, 1, 0),
    "connect": (42, -1, 0, 0),
    "bind": (49, -1, 0, 0),
    "sendto": (44, -1, 0, 0, 0, 0, 0),
    "sendmsg": (46, -1, 0, 0),
    "fcntl F_SETOWN": (72, -1, 8, 0),
    "ioctl TIOCSTI": (16, -1, 0x5412, 0),
    "execve": (59, 0, 0, 0),
    "kill": (62, 0x7FFFFFFE, 0),
    "tgkill": (234, 0x7FFFFFFE, 0x7FFFFFFE, 0),
    "pidfd_open": (434, 0x7FFFFFFE, 0),
    "ptrace": (101, 16, 0x7FFFFFFE, 0, 0),
    "process_vm_readv": (310, 0x7FFFFFFE, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 0x7FFFFFFE, 0, 0, 0, 0, 0),
    "prctl": (157, 999, 0, 0, 0, 0),
    "prlimit64 of another": (302, 0x7FFFFFFE, 7, 0, 0),
    "setuid": (105, 0xFFFFFFFF),
    "umask without the owner": (95, 0o777),
    "shmget": (29, 0, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "inotify_init": (253,),
    "timer_create": (222, -1, 0, 0),
    "sched_setaffinity": (203, 0, 0, 0),
    "arch_prctl": (158, 0, 0),
    "clone with no flags of a thread": (56, 0x1000_0000 | 0x10000, 0, 0, 0, 0),
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
    print(name + ":" + errno.errorcode.get(ctypes.get_errno(), "done"))
"""
    without = dict(line.split(":") for line in printed(bare(shared), source).splitlines())
    assert [name for name, answer in without.items() if answer == "EPERM"] == []
    with_filter = dict(line.split(":") for line in printed(only(shared, "seccomp"), source).splitlines())
    assert with_filter == dict.fromkeys(CALLS, "EPERM")


@needs_linux
@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("open('/dev/null')", "EPERM"),
        ("os.listdir('/')", "EPERM"),
        ("os.listdir('.')", "EPERM"),
        ("open('own', 'w')", "EPERM"),
        ("os.mkdir('own')", "EPERM"),
        ("socket.socket()", "EPERM"),
        ("os.fork() or os._exit(0)", "EPERM"),
        ("os.execv('/bin/true', ['true'])", "EPERM"),
        ("subprocess.run(['true'])", "EPERM"),
        ("os.kill(os.getppid(), 9)", "EPERM"),
        ("os.kill(0, 0)", "EPERM"),
        ("os.kill(os.getpid(), 0)", "done"),
        ("os.setsid()", "EPERM"),
        ("threading.Thread(target=int).start()", "done"),
        ("os.write(os.pipe()[1], b'x')", "done"),
        ("resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)", "EPERM"),
    ],
)
def test_seccomp_refuses_python_too(shared: MakePool, statement: str, answer: str) -> None:
    assert attempt(only(shared, "seccomp"), statement) == answer


@needs_linux
def test_what_is_imported_works_where_no_file_can_be_opened(shared: MakePool) -> None:
    source = """
import json, math
print(json.dumps({"pi": round(math.pi, 3)}))
try:
    import colorsys
except ModuleNotFoundError as error:
    print(error)
"""
    assert printed(only(shared, "seccomp"), source) == "{\"pi\": 3.142}\nNo module named 'colorsys'"


@needs_linux
def test_a_pool_without_landlock_says_that_no_file_can_be_reached(shared: MakePool) -> None:
    walls = {wall.name: wall for wall in only(shared, "seccomp").walls()}
    assert walls["trial program"].detail == "it reached no file, no network and no process"


@needs_linux
@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("os.chmod('program.py', 0)", "done"),
        ("os.utime('program.py', (1, 1))", "done"),
        ("os.chown('program.py', 1, 1)", "done"),
        ("os.getxattr('program.py', 'user.x')", "ENOTSUP"),
        ("os.setxattr('program.py', 'user.x', b'')", "EPERM"),
        ("os.mkdir('kept out', 0o300)", "EPERM"),
        ("os.umask(0o077)", "done"),
        ("os.symlink('program.py', 'link')", "done"),
        ("os.link('program.py', 'link')", "EPERM"),
        ("os.mkfifo('pipe')", "EPERM"),
        ("os.truncate('program.py', 0)", "EPERM"),
        ("os.posix_fallocate(os.open('new', os.O_CREAT | os.O_RDWR), 0, 100)", "done"),
    ],
)
def test_behind_landlock_the_filter_lets_files_be_used(shared: MakePool, statement: str, answer: str) -> None:
    assert attempt(shared(("landlock", "seccomp")), statement) == answer


@needs_linux
def test_what_is_answered_is_not_done(shared: MakePool) -> None:
    source = """
import os
before = os.stat("program.py")
os.chmod("program.py", 0o777)
os.utime("program.py", (1, 1))
os.chown("program.py", 1, 1)
after = os.stat("program.py")
print([name for name in ("st_mode", "st_uid", "st_gid", "st_mtime") if getattr(before, name) != getattr(after, name)])
"""
    assert printed(shared(("landlock", "seccomp")), source) == "[]"


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
