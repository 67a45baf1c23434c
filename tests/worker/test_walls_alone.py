"""Each wall by itself: what a program could do without it, and what it answers with it."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from components.worker import Pool
from components.worker.confine import NAMESPACES, namespaces
from components.worker.confine.landlock import landlock_abi, ruleset
from tests.worker.helpers import (
    FILES,
    LIMITED,
    ORDINARY,
    MakePool,
    attempt,
    bare,
    begun,
    children_of,
    needs_linux,
    needs_root,
    nothing_left,
    only,
    printed,
    run,
    zygote_of,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def granted(shared: MakePool) -> Pool:
    """A pool with namespaces alone, where the system grants them."""
    pool = shared(walls=(NAMESPACES,))
    if not pool.walls()[0].standing:
        pytest.skip("the system grants no namespaces")
    return pool


@needs_linux
@pytest.mark.parametrize("statement", FILES.values(), ids=FILES.keys())
def test_landlock_denies_files(shared: MakePool, folder: Path, statement: str) -> None:
    statement = statement.format(folder=folder)
    assert attempt(only(shared, "landlock"), statement) == "EACCES"
    assert attempt(bare(shared), statement) == "done"


@needs_linux
@pytest.mark.parametrize("user", dict.fromkeys([None, ORDINARY]))
@pytest.mark.parametrize(
    "statement",
    [
        "open('mine', 'w').close() or open('mine', 'r+').close() or os.remove('mine')",
        "os.makedirs('a/b/c') or os.rename('a/b/c', 'c') or os.removedirs('a/b') or os.rmdir('c')",
        "open('one', 'w').write('1') and os.replace('one', 'two') or os.truncate('two', 0) or os.remove('two')",
        "os.listdir('.') and open('program.py').read()",
        "os.chdir('..') or os.chdir(os.environ['HOME']) or open('mine', 'w').close()",
    ],
)
def test_landlock_lets_the_own_folder_be_used(shared: MakePool, statement: str, user: int | None) -> None:
    assert attempt(only(shared, "landlock", user), statement) == "done"


@needs_linux
@pytest.mark.parametrize("call", ["open(os.__file__).read()", "os.listdir(os.path.dirname(os.__file__))"])
def test_landlock_lets_pythons_own_files_be_read_and_nothing_more(shared: MakePool, call: str) -> None:
    pool = only(shared, "landlock")
    assert attempt(pool, call) == "done"
    for change in ("open(os.__file__, 'a')", "os.remove(os.__file__)", "os.mkdir(os.__file__ + 'x')"):
        assert attempt(pool, change) == "EACCES"


@needs_linux
@pytest.mark.parametrize(
    "call",
    [
        *(
            f"open({str(ROOT / path)!r})"
            for path in ("components/worker/zygote.py", "pyproject.toml", "app/__init__.py")
        ),
        *(f"os.listdir({str(ROOT / path)!r})" for path in ("", "components", "app/lessons", "tests")),
        "open('/etc/passwd')",
        "open('/proc/self/status')",
        "open('/proc/1/cmdline')",
        "os.listdir('/')",
        "os.listdir('/proc')",
        "os.listdir('/tmp')",
        "os.listdir('..')",
        "os.listdir(os.path.expanduser('~') + '/..')",
    ],
)
def test_landlock_denies_the_applications_files_and_all_others(shared: MakePool, call: str) -> None:
    assert attempt(only(shared, "landlock"), call) == "EACCES"
    assert attempt(bare(shared), call) == "done"


@needs_linux
def test_the_application_cannot_be_imported(shared: MakePool) -> None:
    source = f"""
import sys
print([path for path in sys.path if path in ({str(ROOT)!r}, "")])
for name in ("app", "bench", "tests.plain", "components.figures"):
    try:
        __import__(name)
    except (ImportError, OSError) as error:
        print(type(error).__name__)
"""
    assert printed(only(shared, "landlock"), source).splitlines() == [
        "[]",
        "ModuleNotFoundError",
        "ModuleNotFoundError",
        "PermissionError",  # the stand-in itself is of this package
        "PermissionError",  # a part of what is in memory already
    ]


@needs_linux
def test_data_is_read_and_not_written(
    own_pool: MakePool, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "numbers.csv").write_text("1,2\n")
    link = tmp_path_factory.mktemp("links") / "data"
    link.symlink_to(folder)
    monkeypatch.setenv("AUTOGRAD_LAB_DATA", str(link))
    pool = own_pool(size=1)
    assert printed(pool, "import os; print(sorted(os.listdir('data')), open('data/inner/numbers.csv').read())") == (
        "['empty', 'file', 'inner'] 1,2"
    )
    for statement in (
        "open('data/file', 'a')",
        "open('data/new', 'w')",
        "os.remove('data/file')",
        "os.rmdir('data/empty')",
    ):
        assert attempt(pool, statement) == "EACCES"
    # What is above it is not data, and a run's end removes the link, not what it leads to.
    assert attempt(pool, "os.listdir('data/..')") == "EACCES"
    assert (folder / "inner" / "numbers.csv").read_text() == "1,2\n"
    nothing_left(pool)


def test_a_folder_of_data_that_is_not_there_is_none(own_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_LAB_DATA", "/no/such/folder")
    assert printed(own_pool(size=1), "import os; print(os.listdir())") == "['program.py']"


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


@pytest.mark.parametrize(("statement", "answer"), LIMITED.values(), ids=LIMITED.keys())
def test_rlimits_for_an_ordinary_user(shared: MakePool, statement: str, answer: str) -> None:
    assert attempt(only(shared, "rlimits", ORDINARY), statement) == answer


def test_rlimits_dump_no_core(shared: MakePool) -> None:
    assert printed(only(shared, "rlimits"), "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))") == (
        "(0, 0)"
    )


def test_rlimits_end_a_program_that_uses_up_the_processor(shared: MakePool) -> None:
    # Blocking the timer's signal leaves the kernel's limit alone to end it.
    source = "import signal\nsignal.signal(signal.SIGRTMAX - 2, signal.SIG_IGN)\nwhile True: pass"
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
@pytest.mark.parametrize("method", ["bind", "connect"])
def test_in_namespaces_there_is_no_network(granted: Pool, shared: MakePool, method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if method == "connect" else 0
        assert attempt(bare(shared), f"socket.socket().{method}(('127.0.0.1', {port}))") == "done"
        assert attempt(granted, f"socket.socket().connect(('127.0.0.1', {port or 9}))") == "ENETUNREACH"
    assert printed(granted, "import socket; print(socket.if_nameindex())") == "[(1, 'lo')]"


@needs_linux
def test_in_namespaces_the_folder_has_its_size_from_the_kernel(granted: Pool) -> None:
    source = """
import errno, os
written = 0
try:
    with open("large", "wb", buffering=0) as file:
        while True:
            written += file.write(b"x" * (1 << 16))
except OSError as error:
    print(errno.errorcode[error.errno], written >> 20)
os.remove("large")
made = len(os.listdir())
try:
    while True:
        os.mkdir(f"folder {made}")
        made += 1
except OSError as error:
    print(errno.errorcode[error.errno], made)
"""
    trace = run(granted, source, folder_mb=2, files=50)
    assert trace.failure is None, trace.failure
    # The program's own text takes a page of it, and the folder itself is one of the files.
    assert trace.stdout in (f"ENOSPC {size}\nENOSPC 50\n" for size in (1, 2))


@needs_linux
def test_the_first_process_of_a_namespace_ends_with_the_one_that_made_it() -> None:
    answer, say = os.pipe()
    wait, go_on = os.pipe()
    maker = os.fork()
    if maker == 0:
        try:
            os.write(say, str(namespaces._start_first_process()).encode())
            os.read(wait, 1)
        finally:
            os._exit(0)
    watched = os.pidfd_open(int(os.read(answer, 100)))
    assert not select.select([watched], [], [], 0)[0]
    os.write(go_on, b"x")
    os.waitpid(maker, 0)
    assert select.select([watched], [], [], 20)[0], "it lives on"
    for descriptor in (answer, say, wait, go_on, watched):
        os.close(descriptor)


@needs_linux
def test_in_namespaces_there_are_no_other_processes(granted: Pool) -> None:
    assert attempt(granted, f"os.kill({os.getpid()}, 0)") == "ESRCH"
    assert printed(granted, "import os; print(os.getppid())") == "0"


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
    pool = bare(shared, ORDINARY)
    assert attempt(pool, f"open('/proc/{zygote_of(pool).pid}/mem', 'rb')") == "EACCES"


@needs_linux
def test_a_child_dies_with_the_zygote(own_pool: MakePool) -> None:
    pool = own_pool(size=1)
    running = begun(pool)
    (child,) = children_of(pool)
    watched = os.pidfd_open(child)
    os.kill(zygote_of(pool).pid, 9)
    assert select.select([watched], [], [], 20)[0], "the child lives on"
    os.close(watched)
    trace = running.wait(20)
    assert trace is not None
    assert trace.failure is not None
    assert trace.failure.kind == "crashed"
