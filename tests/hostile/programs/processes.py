"""Hostile programs. Processes: one, with threads, and no other program."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

_CHILD_LEAVES_A_MARK = """
def child():
    "Runs in the process that must not be."
    try:
        open("{outside}/made-by-a-child", "w").write("x")
    finally:
        LIBC.syscall(231, 0)
"""
add(
    "fork",
    "processes",
    _CHILD_LEAVES_A_MARK
    + r"""
def fork():
    pid = os.fork()
    if pid == 0:
        child()
    return os.waitpid(pid, 0)
attempt("fork", fork)
attempt("libc's fork", lambda: LIBC.fork() or child())
""",
    harmless=True,
)
add(
    "fork_by_raw_calls",
    "processes",
    _CHILD_LEAVES_A_MARK
    + r"""
SIGCHLD, VM, FILES, SIGHAND, VFORK, PARENT, NEWUSER = 17, 0x100, 0x400, 0x800, 0x4000, 0x8000, 0x10000000
attempt("fork", lambda: call(NR_fork) or child())
for what, flags in (("clone", SIGCHLD), ("files shared", SIGCHLD | FILES), ("as a sibling", SIGCHLD | PARENT),
                    ("no signal", 0), ("own user namespace", SIGCHLD | NEWUSER), ("all namespaces", SIGCHLD | 0x7E020000)):
    attempt(what, lambda: call(NR_clone, flags, None, None, None, None) or child())
""",
)
add(
    "fork_sharing_memory",
    "processes",
    r"""
# Machine code, because parent and child share the stack: the child ends at once, the parent returns its number.
import mmap
def run(code):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
ends = bytes.fromhex("85c0 7509 31ff b83c000000 0f05 c3")  # test eax; jnz +9; exit(0); ret
def with_number(number, flags):
    # mov eax, number; mov edi, flags; xor esi, edx, r10d, r8d; syscall
    return (b"\xb8" + number.to_bytes(4, "little") + b"\xbf" + flags.to_bytes(4, "little")
            + bytes.fromhex("31f6 31d2 4531d2 4531c0 0f05") + ends)
for what, number, flags in (("vfork", NR_vfork, 0), ("clone like vfork", NR_clone, 0x4111), ("clone", NR_clone, 0x11)):
    attempt(what, lambda: run(with_number(number, flags)))
""",
)
add(
    "clone3",
    "processes",
    _CHILD_LEAVES_A_MARK
    + r"""
for flags in (0, 0x100 | 0x4000, 0x10000000, 0x200000000, 0x8000):
    arguments = (ctypes.c_uint64 * 11)(flags, 0, 0, 0, 17)
    attempt(f"clone3 {flags:#x}", lambda: call(NR_clone3, arguments, 88) or child())
""",
)
add(
    "run_another_program",
    "processes",
    r"""
for path in ("/bin/true", "/usr/bin/env", "/bin/sh", sys.executable, "/proc/self/exe"):
    attempt(f"is {path} to be run", lambda: call(NR_execveat, -100, path.encode() + b"\0", (ctypes.c_char_p * 2)(b"x", None), None, 0x10000))
arguments = (ctypes.c_char_p * 4)(b"sh", b"-c", b"echo x > {outside}/made-by-exec", None)
attempt("execve", lambda: call(NR_execve, b"/bin/sh\0", arguments, None))
attempt("execveat", lambda: call(NR_execveat, -100, b"/bin/sh\0", arguments, None, 0))
attempt("execv", lambda: os.execv("/bin/sh", ["sh", "-c", "echo x > {outside}/made-by-execv"]))
""",
    harmless=True,
)
add(
    "run_a_program_of_ones_own",
    "processes",
    r"""
open("script", "w").write("#!/bin/sh\necho x > {outside}/made-by-script\n")
os.chmod("script", 0o4755)
attempt("spawn it", lambda: os.waitpid(os.posix_spawn("script", ["script"], {}), 0))
import shutil
attempt("a copy of true", lambda: shutil.copy("/bin/true", "true") and os.waitpid(os.posix_spawn("./true", ["true"], {}), 0))
attempt("by the loader", lambda: os.waitpid(os.posix_spawn("/lib64/ld-linux-x86-64.so.2", ["ld", "/bin/true"], {}), 0))
def from_memory():
    memory = os.memfd_create("program")
    os.write(memory, open("script", "rb").read())
    return os.waitpid(os.posix_spawn(f"/proc/self/fd/{memory}", ["x"], {}), 0)
attempt("from memory", from_memory)
os.execv("script", ["script"])
""",
    harmless=True,
)
add(
    "posix_spawn",
    "processes",
    r"""
attempt("posix_spawn", lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "echo x > {outside}/spawned"], {}), 0))
attempt("spawnv", lambda: os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", "echo x > {outside}/spawned2"]) == 0)
pid = ctypes.c_int()
arguments = (ctypes.c_char_p * 4)(b"sh", b"-c", b"echo x > {outside}/spawned3", None)
if LIBC.posix_spawn(ctypes.byref(pid), b"/bin/sh", None, None, arguments, None) == 0:
    escaped(f"libc's posix_spawn: {os.waitpid(pid.value, 0)}")
""",
    harmless=True,
)
add(
    "subprocess",
    "processes",
    r"""
import subprocess
attempt("run", lambda: subprocess.run(["/bin/sh", "-c", "echo x > {outside}/made-by-run"]).returncode)
attempt("output", lambda: subprocess.check_output(["id"]))
attempt("own Python", lambda: subprocess.run([sys.executable, "-c", "open('{outside}/made-by-python', 'w')"]).returncode)
attempt("closed descriptors", lambda: subprocess.Popen(["true"], close_fds=False, start_new_session=True).wait())
""",
    harmless=True,
)
add(
    "shell",
    "processes",
    r"""
attempt("os.system", lambda: os.system("echo x > {outside}/made-by-system") == 0)
attempt("os.popen", lambda: os.popen("echo popened").read() or False)
attempt("libc's system", lambda: LIBC.system(b"echo x > {outside}/made-by-libc") == 0)
LIBC.popen.restype = ctypes.c_void_p
attempt("libc's popen", lambda: (LIBC.popen(b"true", b"r") or -1) > 0)
""",
    harmless=True,
)
add(
    "multiprocessing",
    "processes",
    r"""
import multiprocessing, concurrent.futures
for method in ("fork", "forkserver", "spawn"):
    context = multiprocessing.get_context(method)
    attempt(method, lambda: context.Process(target=print, args=("in another process",)).start())
attempt("pool", lambda: multiprocessing.Pool(1))
attempt("executor", lambda: concurrent.futures.ProcessPoolExecutor(1).submit(abs, -1).result(5))
attempt("manager", lambda: multiprocessing.Manager())
""",
)
add(
    "torch_worker_processes",
    "processes",
    r"""
import torch
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.arange(8.0))
attempt("data loader", lambda: len(list(DataLoader(data, num_workers=2))))
attempt("torch.multiprocessing", lambda: torch.multiprocessing.start_processes(print, nprocs=1, start_method="fork"))
attempt("extension", lambda: __import__("torch.utils.cpp_extension", fromlist=["x"]).load_inline("hostile", "int f() {return 1;}", functions=["f"]))
attempt("compile", lambda: torch.compile(lambda x: x * 2 + 1)(torch.ones(4)).sum() > 0 and -1)
""",
)
add(
    "pseudo_terminal",
    "processes",
    r"""
import pty
attempt("open", lambda: os.openpty())
attempt("master", lambda: os.open("/dev/ptmx", os.O_RDWR))
def fork():
    pid, descriptor = pty.fork()
    if pid == 0:
        os._exit(0)
    return pid
attempt("fork", fork)
attempt("spawn", lambda: pty.spawn(["/bin/true"]))
""",
)
add(
    "daemon",
    "processes",
    r"""
# Two forks and a session: the classic way to be forgotten by one's parent. It would end after ten seconds.
def daemonise():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            end = time.monotonic() + 10
            while time.monotonic() < end:
                open("{outside}/daemon", "a").write("x")
                time.sleep(0.2)
            os._exit(0)
        os._exit(0)
    return "forked"
attempt("daemon", daemonise)
attempt("libc's daemon", lambda: LIBC.daemon(1, 1))
""",
)
add(
    "shell_that_stays",
    "processes",
    r"""
import subprocess
attempt("stays", lambda: subprocess.Popen(["/bin/sh", "-c", "sleep 20; : {outside}"], stdout=-3, start_new_session=True).pid)
""",
    harmless=True,
)
add(
    "thread_that_outlives_the_program",
    "processes",
    r"""
import threading
def stay():
    while True:
        try:
            with open("alive", "a") as file:
                file.write("x")
        except BaseException:
            pass
threading.Thread(target=stay, daemon=False).start()
print("the main thread is over")
""",
)
add(
    "native_thread_that_outlives_the_program",
    "processes",
    r"""
import mmap
# A thread that Python does not know of: a jump to itself, in machine code.
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex("b823000000 48c7c700000000 ebfe"))
code = ctypes.addressof(ctypes.c_char.from_buffer(page))
handles = (ctypes.c_ulong * 8)()
for number in range(8):
    print(LIBC.pthread_create(ctypes.byref(handles, 8 * number), None, ctypes.c_void_p(code), None))
""",
)
add(
    "thread_that_writes_after_the_end",
    "processes",
    r"""
import threading
def speak():
    while True:
        try:
            os.write(3, b'{"type":"output","text":"after the end"}\n')
        except BaseException:
            pass
for _ in range(3):
    threading.Thread(target=speak, daemon=True).start()
print("the end")
""",
)
add(
    "threads_that_never_let_go",
    "processes",
    r"""
import threading
sys.setswitchinterval(1e9)
lock = threading.Lock()
lock.acquire()
threading.Thread(target=lock.acquire).start()
threading.Thread(target=lambda: pow(3, 10**8)).start()
threading.main_thread().join = lambda *a: None
lock.acquire()
""",
)
add(
    "processes_started_by_libraries",
    "processes",
    r"""
import ctypes.util, platform, uuid, webbrowser
attempt("find_library", lambda: ctypes.util._findLib_gcc("m") or False)
attempt("ldconfig", lambda: ctypes.util._findSoname_ldconfig("m") or False)
attempt("webbrowser", lambda: webbrowser.get().open("http://127.0.0.1:{port}/"))
attempt("node", lambda: uuid._ifconfig_getnode() or False)
attempt("editor", lambda: __import__("pydoc").pipepager("x", "cat > {outside}/paged") or os.stat("{outside}/paged"))
attempt("processor", lambda: platform._Processor.from_subprocess() or False)
attempt("graphviz", lambda: __import__("graphviz").Source("digraph {a}").pipe("svg"))
""",
)
