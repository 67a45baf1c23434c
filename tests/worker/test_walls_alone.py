"""Each wall by itself: what a program could do without it, and what it answers with it."""

from __future__ import annotations

import os
import platform
import select
import socket
from pathlib import Path

import pytest

from components.trace import Program
from components.worker import Pool
from components.worker.confine import names
from components.worker.confine.landlock import landlock_abi, ruleset
from tests.worker.helpers import IS_ROOT, NOBODY, MakePool, attempt, needs_linux, needs_root, printed, run, until

ORDINARY = NOBODY if IS_ROOT else None
X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are of x86-64")


def only(shared: MakePool, wall: str, user: int | None = None) -> Pool:
    """Return a pool with one wall, after making sure that it stands."""
    pool = shared(walls=(wall,), user=user)
    assert {found.name: found.standing for found in pool.walls()}[wall]
    return pool


def bare(shared: MakePool, user: int | None = None) -> Pool:
    """Return a pool with no wall at all."""
    return shared(walls=(), user=user)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and an empty folder in it."""
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


FILES = {
    "read": "open('{folder}/file').close()",
    "write": "open('{folder}/new', 'w').close()",
    "list": "os.listdir('{folder}')",
    "remove": "os.unlink('{folder}/file')",
    "make a directory": "os.mkdir('{folder}/directory')",
    "remove a directory": "os.rmdir('{folder}/empty')",
}


@needs_linux
@pytest.mark.parametrize("statement", FILES.values(), ids=FILES.keys())
def test_landlock_denies_files(shared: MakePool, folder: Path, statement: str) -> None:
    statement = statement.format(folder=folder)
    assert attempt(only(shared, "landlock"), statement) == "EACCES"
    assert attempt(bare(shared), statement) == "done"


@needs_linux
def test_landlock_denies_running_another_program(shared: MakePool) -> None:
    assert attempt(only(shared, "landlock"), "os.execv('/bin/true', ['true'])") == "EACCES"


@needs_linux
@pytest.mark.parametrize("method", ["bind", "connect"])
def test_landlock_denies_tcp(shared: MakePool, method: str) -> None:
    if landlock_abi() < 4:
        pytest.skip("this kernel's Landlock does not know TCP")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ("127.0.0.1", server.getsockname()[1] if method == "connect" else 0)
        statement = f"socket.socket().{method}({address})"
        assert attempt(bare(shared), statement) == "done"
        assert attempt(only(shared, "landlock"), statement) == "EACCES"


@needs_linux
def test_landlock_denies_signals_to_the_server(shared: MakePool) -> None:
    if landlock_abi() < 6:
        pytest.skip("this kernel's Landlock does not know signals")
    statement = f"os.kill({os.getpid()}, 0)"
    assert attempt(bare(shared), statement) == "done"
    assert attempt(only(shared, "landlock"), statement) == "EPERM"


@pytest.mark.parametrize(("abi", "words"), [(1, 1), (3, 1), (4, 2), (5, 2), (6, 3), (99, 3)])
def test_the_ruleset_fits_the_kernels_version(abi: int, words: int) -> None:
    assert len(ruleset(abi)) == 8 * words


LIMITED = {
    "open a file": ("open('{folder}/file').close()", "EMFILE"),
    "make a socket": ("socket.socket()", "EMFILE"),
    "make a pipe": ("os.pipe()", "EMFILE"),
    "start a process": ("os.fork() or os._exit(0)", "EAGAIN"),
    "start a thread": ("threading.Thread(target=int).start()", "RuntimeError"),
    "raise the limits": ("resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))", "ValueError"),
    "write to a file": ("os.ftruncate(os.memfd_create('x'), 10)", "EMFILE"),
}


@pytest.mark.parametrize(("statement", "answer"), LIMITED.values(), ids=LIMITED.keys())
def test_rlimits_for_an_ordinary_user(shared: MakePool, folder: Path, statement: str, answer: str) -> None:
    assert attempt(only(shared, "rlimits", ORDINARY), statement.format(folder=folder)) == answer


def test_rlimits_dump_no_core(shared: MakePool) -> None:
    assert printed(only(shared, "rlimits"), "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))") == (
        "(0, 0)"
    )


def test_rlimits_end_a_program_that_uses_up_the_processor(shared: MakePool) -> None:
    # Blocking the timer's signal leaves the kernel's limit alone to end it.
    source = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    trace = run(only(shared, "rlimits"), source, cpu_seconds=1)
    assert trace.failure is not None
    assert trace.failure.kind == "timeout"
    assert "more than 1 seconds of processor time" in trace.failure.message


def test_memory_limit(shared: MakePool) -> None:
    source = "x = bytearray(600 << 20)\nprint(len(x))"
    assert run(bare(shared), source, memory_mb=512).stdout == f"{600 << 20}\n"
    failure = run(only(shared, "memory-limit"), source, memory_mb=512).failure
    assert failure is not None
    assert (failure.kind, failure.message) == ("out_of_memory", "The program used more than its 512 MiB of memory.")


@needs_linux
@needs_root
@pytest.mark.parametrize(
    "statement",
    [
        "os.setuid(65534)",
        "os.setgid(65534)",
        "os.setgroups([])",
        "os.chroot('/')",
        "os.chown('/tmp', 65534, -1) or os.chown('/tmp', 0, -1)",
        "os.nice(-5)",
        "os.mknod('/tmp/autograd-lab-device', 0o20600, os.makedev(1, 3)) or os.unlink('/tmp/autograd-lab-device')",
    ],
)
def test_root_without_capabilities_is_a_plain_user(shared: MakePool, statement: str) -> None:
    if attempt(bare(shared), statement) != "done":
        pytest.skip("root has lost this capability here already")
    assert attempt(only(shared, "capabilities"), statement) == "EPERM"


@needs_linux
@needs_root
def test_no_capability_is_left(shared: MakePool) -> None:
    source = "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')))"
    assert printed(only(shared, "capabilities"), source) == " ".join(["0" * 16] * 5)


@needs_linux
def test_no_new_privileges(shared: MakePool) -> None:
    source = "import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))"  # PR_GET_NO_NEW_PRIVS
    assert [printed(bare(shared), source), printed(only(shared, "no-new-privileges"), source)] == ["0", "1"]


@needs_linux
def test_not_dumpable_closes_its_memory_to_others(shared: MakePool) -> None:
    # For a process that is not dumpable, /proc/self belongs to root, and its memory to nobody.
    pool = only(shared, "not-dumpable", ORDINARY)
    assert attempt(pool, "open('/proc/self/mem', 'rb')") == "EACCES"
    assert printed(pool, "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))") == "0"  # PR_GET_DUMPABLE


@needs_linux
def test_the_zygote_cannot_be_read_by_its_children(shared: MakePool) -> None:
    assert attempt(bare(shared, ORDINARY), "open(f'/proc/{os.getppid()}/mem', 'rb')") == "EACCES"


@needs_linux
def test_a_child_dies_with_the_zygote(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    source = "import os\nprint(os.getpid(), os.getppid())\nwhile True: pass"
    running = pool.submit(Program(source=source))
    until(lambda: running.progress().stdout, running)
    child, zygote = map(int, running.progress().stdout.split())
    watched = os.pidfd_open(child)
    os.kill(zygote, 9)
    assert select.select([watched], [], [], 20)[0], "the child lives on"
    os.close(watched)
    trace = running.wait(20)
    assert trace is not None
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"


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


def test_every_child_gives_up_environment_descriptors_and_session(shared: MakePool) -> None:
    source = """
import ctypes, os
print(dict(os.environ), ctypes.CDLL(None).getenv(b"PATH"), os.getsid(0) == os.getpid(), os.getcwd())
print(sorted(os.listdir("/dev/fd"))[:-1], [os.readlink(f"/dev/fd/{n}") for n in range(3)] == ["/dev/null"] * 3)
"""
    expected = "{} 0 True /\n['0', '1', '2', '3'] True"
    assert printed(bare(shared), source) == expected


def test_the_zygote_was_given_next_to_no_environment(shared: MakePool) -> None:
    source = "import os; print(open(f'/proc/{os.getppid()}/environ').read())"
    if not IS_ROOT:
        pytest.skip("only root may read it: the zygote is not dumpable")
    text = printed(bare(shared), source)
    assert "OMP_NUM_THREADS=1" in text
    assert "HOME=" not in text


@needs_root
def test_the_server_can_run_programs_as_another_user(shared: MakePool) -> None:
    source = "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
    assert printed(bare(shared, NOBODY), source) == f"{(NOBODY,) * 3} {(NOBODY,) * 3} []"


def test_a_pool_with_no_wall_says_so(shared: MakePool) -> None:
    (wall,) = bare(shared).walls()
    assert (wall.name, wall.standing) == ("trial program", False)
    assert wall.detail == "it could open a file, make a socket, start a process"


@needs_linux
@pytest.mark.parametrize("user", {None, ORDINARY})
def test_all_walls_stand_here(shared: MakePool, user: int | None) -> None:
    walls = shared(user=user).walls()
    assert [wall.name for wall in walls] == [*names(), "trial program"]
    assert [wall.name for wall in walls if not wall.standing] == []


@needs_linux
@pytest.mark.parametrize("statement", [*FILES.values(), *(call for call, _ in LIMITED.values())])
def test_all_walls_together_hold(walled: Pool, folder: Path, statement: str) -> None:
    assert attempt(walled, statement.format(folder=folder)) != "done"


def test_a_child_that_cannot_be_confined_runs_nothing(walled: Pool) -> None:
    # A limit that no kernel takes: 2**45 MiB are 2**65 bytes.
    trace = run(walled, "print(1)", memory_mb=1 << 45)
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"
    assert "could not be confined" in trace.failure.message
    assert trace.stdout == ""
