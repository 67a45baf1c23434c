"""Hostile programs. Secrets: what the server knows and a program must not."""

from __future__ import annotations

from tests.hostile.programs.catalogue import HOLDER, add

add(
    "environment",
    "secrets",
    r"""
import re
suspicious = re.compile(r"hostile-secret-|TOKEN|SECRET|PASSW|API_?KEY|CREDENTIAL|^AWS_|^SSH_|^STREAMLIT|DATABASE", re.I)
pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(LIBC, "environ")
native = []
while pointer and pointer[len(native)]:
    native.append(pointer[len(native)].decode("utf-8", "replace"))
for line in {*native, *(f"{key}={value}" for key, value in os.environ.items())}:
    print("variable:", line[:100])
    if suspicious.search(line):
        escaped(line)
""",
    harmless=True,
)
add(
    "environment_in_proc",
    "secrets",
    r"""
import re
for place in ("self", "thread-self", f"self/task/{call(NR_gettid)}", str(os.getpid())):
    try:
        text = open(f"/proc/{place}/environ", "rb").read()
    except OSError as error:
        print("refused:", place, error)
        continue
    for found in re.findall(rb"[A-Z0-9_]*(?:SECRET|TOKEN|PASSW|API_KEY)[A-Z0-9_]*=[^\0]*", text):
        escaped(f"{place}/environ: {found}")
""",
    harmless=True,
)
add(
    "environment_left_on_the_stack",
    "secrets",
    r"""
# Clearing the environment forgets pointers; the strings stay above the first frame of the process.
top = ctypes.c_void_p.in_dll(LIBC, "__libc_stack_end").value
for found in tokens_from(top, 2048, stop_at_hole=True):
    escaped(found)
""",
    memory=True,
    harmless=True,
)
_FOREIGN_PROCESS = r"""
import re
for name in ("environ", "cmdline", "maps", "auxv", "syscall", "stack", "wchan", "io", "status", "limits", "mountinfo"):
    try:
        text = open(f"/proc/{pid}/{name}", "rb").read(4000)
    except OSError as error:
        print("refused:", name, error)
    else:
        escaped(f"/proc/{pid}/{name}: {text[:300]}")
        for found in re.findall(rb"hostile-secret-[0-9a-f]{32}", text):
            escaped(found)
for name in ("cwd", "exe", "root", "fd/0", "ns/net"):
    attempt(f"readlink {name}", lambda: os.readlink(f"/proc/{pid}/{name}"))
attempt("list descriptors", lambda: os.listdir(f"/proc/{pid}/fd"))
attempt("list through its root", lambda: os.listdir(f"/proc/{pid}/root" + "/etc"))
attempt("list through its directory", lambda: os.listdir(f"/proc/{pid}/cwd"))
"""
add("parents_proc", "secrets", "\npid = (os.getppid() or 1)\n" + _FOREIGN_PROCESS)
add("victims_proc", "secrets", "\npid = {victim_pid}\n" + _FOREIGN_PROCESS, harmless=True)
_FOREIGN_MEMORY = r"""
import re
try:
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            if "rw" not in line or high - low > 1 << 27:
                continue
            memory.seek(low)
            for found in set(re.findall(rb"hostile-secret-[0-9a-f]{32}", memory.read(high - low))):
                escaped(f"memory of {pid}: {found}")
except OSError as error:
    print("refused:", error)
attempt("open its memory", lambda: open(f"/proc/{pid}/mem", "rb+"))
"""
add("parents_memory", "secrets", "\npid = (os.getppid() or 1)\n" + _FOREIGN_MEMORY)
add("victims_memory", "secrets", "\npid = {victim_pid}\n" + _FOREIGN_MEMORY, harmless=True)
add(
    "every_process",
    "secrets",
    r"""
import re
try:
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    escaped(f"{len(numbers)} processes listed")
except OSError as error:
    print("refused:", error)
    numbers = range(max(1, os.getpid() - 400), os.getpid() + 1)
for pid in numbers:
    for name in ("environ", "cmdline", "comm", "stat"):
        try:
            text = open(f"/proc/{pid}/{name}", "rb").read()
        except OSError:
            continue
        if pid not in (os.getpid(),):
            for found in re.findall(rb"hostile-secret-[0-9a-f]{32}", text) or [text[:60]]:
                print("ESCAPED:", pid, name, found)
                break
""",
)
add(
    "applications_own_folder",
    "secrets",
    r"""
attempt("list the app", lambda: os.listdir("{app}"))
for name in ("components/worker/zygote.py", "components/worker/confine/seccomp.py", "app/session.py", "README.md",
             ".git/config", ".git/HEAD", ".streamlit/config.toml", ".streamlit/secrets.toml", "tests/conftest.py",
             "app/lessons/own", "components/answers/exercises.py"):
    path = "{app}/" + name
    attempt(name, lambda: os.listdir(path) if os.path.isdir(path) else open(path).read(200))
""",
    harmless=True,
)
add(
    "exercises_checks_in_files",
    "secrets",
    r"""
for folder in ("{app}/app/lessons/exercises", "app/lessons/exercises", "{app}/tests", "{app}/tests/app"):
    names = attempt(f"list {folder}", lambda: sorted(os.listdir(folder))) or []
    for name in [*names, "01_partial_derivatives.py", "10_retain_and_memory.py"]:
        attempt(f"read {name}", lambda: open(f"{folder}/{name}").read(300))
try:
    import importlib.resources
    attempt("as resources", lambda: [p.name for p in importlib.resources.files("app").joinpath("lessons").iterdir()])
except Exception as error:
    print("refused:", error)
""",
    harmless=True,
)
add(
    "exercises_checks_in_memory",
    "secrets",
    r"""
import gc
def checks_of(value):
    for thing in (value, getattr(value, "question", None), getattr(getattr(value, "program", None), "question", None)):
        checks = getattr(thing, "checks", None)
        if isinstance(checks, str) and checks.strip():
            escaped(f"an exercise's checks: {checks!r}")
frame = sys._getframe()
while frame is not None:
    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
        if type(value).__module__.startswith("components"):
            checks_of(value)
    frame = frame.f_back
for value in gc.get_objects():
    if type(value).__module__.startswith("components"):
        checks_of(value)
""",
)
add(
    "accounts",
    "secrets",
    r"""
for path in ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/sudoers", "/etc/hosts",
             "/etc/machine-id", "/etc/hostname", "/etc/fstab", "/var/log/auth.log", "/var/log/syslog"):
    attempt(path, lambda: open(path).read(100))
import pwd, grp
attempt("pwd.getpwall", lambda: pwd.getpwall() or False)
attempt("grp.getgrall", lambda: grp.getgrall() or False)
LIBC.getpwuid.restype = ctypes.c_void_p
attempt("getpwuid", lambda: (LIBC.getpwuid(1) or -1) > 0)
""",
)
add(
    "home_folders",
    "secrets",
    r"""
homes = ["/root", "/home", "/var/www", "/srv", "/opt", "/mnt", "/media", "/var/lib", "/var/backups"]
try:
    homes += [os.path.join("/home", name) for name in os.listdir("/home")]
except OSError:
    pass
for home in homes:
    attempt(f"list {home}", lambda: os.listdir(home))
    for name in (".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/authorized_keys", ".netrc", ".aws/credentials", ".pgpass",
                 ".git-credentials", ".bash_history", ".python_history", ".kube/config", ".docker/config.json",
                 ".streamlit/secrets.toml", ".config/gh/hosts.yml", ".pypirc", ".cache"):
        attempt(f"{home}/{name}", lambda: open(f"{home}/{name}", "rb").read(40))
""",
)
add(
    "secret_file_in_python",
    "secrets",
    r"""
import io, linecache, mmap, pathlib, shutil, tokenize
path = "{secret_file}"
attempt("open", lambda: open(path).read())
attempt("io.FileIO", lambda: io.FileIO(path).read())
attempt("os.open", lambda: os.read(os.open(path, os.O_RDONLY), 1000))
attempt("pathlib", lambda: pathlib.Path(path).read_bytes())
attempt("mmap", lambda: mmap.mmap(os.open(path, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:])
attempt("tokenize", lambda: tokenize.open(path).read())
attempt("linecache", lambda: linecache.getline(path, 1) or False)
attempt("shutil.copy", lambda: open(shutil.copy(path, "copy")).read())
attempt("from the top", lambda: open("../" * 40 + path.lstrip("/")).read())
attempt("list its folder", lambda: os.listdir(os.path.dirname(path)))
attempt("walk", lambda: [names for _, _, names in os.walk(os.path.dirname(path))] or False)
attempt("scandir", lambda: [entry.name for entry in os.scandir(os.path.dirname(path))])
""",
    harmless=True,
)
add(
    "secret_file_in_native_libraries",
    "secrets",
    r"""
import numpy, sqlite3, torch
path = "{secret_file}"
attempt("torch.from_file", lambda: bytes(torch.from_file(path, size=40, dtype=torch.uint8).tolist()))
attempt("UntypedStorage.from_file", lambda: bytes(torch.UntypedStorage.from_file(path, False, 40).tolist()))
attempt("numpy.fromfile", lambda: numpy.fromfile(path, dtype=numpy.uint8).tobytes())
attempt("numpy.memmap", lambda: bytes(numpy.memmap(path, dtype=numpy.uint8, mode="r")))
attempt("numpy.loadtxt", lambda: numpy.loadtxt(path, dtype=str))
for what, load in (("torch.load", torch.load), ("torch.jit.load", torch.jit.load),
                   ("load_library", torch.ops.load_library), ("CDLL", ctypes.CDLL),
                   ("file reader", torch._C.PyTorchFileReader)):
    try:
        load(path)
    except Exception as error:
        print(what, error)
        if "hostile-secret" in str(error) or "invalid ELF" in str(error) or "file too short" in str(error):
            escaped(f"{what} opened it: {error}")
LIBC.fopen.restype = ctypes.c_void_p
attempt("fopen", lambda: (LIBC.fopen(path.encode(), b"r") or -1) > 0)
""",
    harmless=True,
)
add(
    "secret_file_by_raw_calls",
    "secrets",
    r"""
path = b"{secret_file}\0"
how = (ctypes.c_uint64 * 3)(0, 0, 0)
for what, descriptor in (
    ("open", call(NR_open, path, 0, 0)),
    ("openat", call(NR_openat, -100, path, 0, 0)),
    ("openat2", call(NR_openat2, -100, path, how, 24)),
    ("open with O_PATH", call(NR_openat, -100, path, 0o10000000, 0)),
    ("open with O_RDWR", call(NR_open, path, 2, 0)),
):
    if descriptor < 0:
        print("refused:", what, descriptor)
        continue
    buffer = ctypes.create_string_buffer(300)
    if call(NR_read, descriptor, buffer, 299) > 0:
        escaped(f"{what}: {buffer.value}")
    elif call(NR_sendfile, 1, descriptor, None, 300) > 0:
        escaped(f"{what}: sendfile")
""",
    harmless=True,
)
add(
    "secret_file_through_links",
    "secrets",
    r"""
attempt("symbolic link", lambda: os.symlink("{secret_file}", "soft") or open("soft").read())
attempt("link to its folder", lambda: os.symlink(os.path.dirname("{secret_file}"), "folder") or os.listdir("folder"))
attempt("hard link", lambda: os.link("{secret_file}", "hard") or open("hard").read())
attempt("rename", lambda: os.rename("{secret_file}", "mine") or os.rename("mine", "{secret_file}"))
attempt("chain", lambda: os.symlink("soft", "softer") or open("softer").read())
attempt("link to the root", lambda: os.symlink("/", "root") or open("root" + "{secret_file}").read())
attempt("by /proc/self/root", lambda: open("/proc/self/root{secret_file}").read())
attempt("by /proc/self/cwd", lambda: open("/proc/self/cwd/" + "../" * 40 + "{secret_file}").read())
""",
    harmless=True,
)
add(
    "secret_file_as_a_line_of_source",
    "secrets",
    r"""
# Whoever explains this error reads "the line" from a file of the program's choice, perhaps on the other side.
exec(compile("\n1 / 0", "{secret_file}", "exec"))
""",
    helped=False,
    harmless=True,
)
add(
    "secret_file_in_a_syntax_error",
    "secrets",
    r"""
error = SyntaxError("look at this line")
error.filename, error.lineno, error.offset, error.text = "{secret_file}", 1, 1, None
raise error
""",
    helped=False,
    harmless=True,
)
add(
    "secret_file_in_a_warning",
    "secrets",
    r"""
import warnings
warnings.simplefilter("always")
for line in (1, 2, 3):
    warnings.warn_explicit("look at this line", UserWarning, "{secret_file}", line)
""",
    helped=False,
    harmless=True,
)
add(
    "secret_file_as_a_modules_source",
    "secrets",
    r"""
import inspect, sys, types
import torch
module = types.ModuleType("elsewhere")
module.__file__ = "{secret_file}"
sys.modules["elsewhere"] = module
text = "import torch\ndef f(x):\n    return (x * x).sum()\nclass M(torch.nn.Module):\n    pass\n"
exec(compile(text, "{secret_file}", "exec"), module.__dict__)
x = torch.ones(3, requires_grad=True)
f, M = module.f, module.M
y = f(x)
y.backward()
m = M()
try:
    print("ESCAPED:", inspect.getsource(f))
except (OSError, TypeError) as error:
    print("refused:", error)
f(torch.ones(2, requires_grad=True)).nothing
""",
    helped=False,
    harmless=True,
)
add(
    "left_in_memory_by_an_earlier_run",
    "secrets",
    r"""
import numpy, torch
pieces = [torch.empty(1 << 24, dtype=torch.uint8).numpy().tobytes() for _ in range(6)]
pieces += [numpy.empty(1 << 22, dtype=numpy.uint8).tobytes() for _ in range(8)]
LIBC.malloc.restype = ctypes.c_void_p
for size in (64, 256, 1000, 4000, 60_000, 120_000, 1 << 20):
    places = [LIBC.malloc(ctypes.c_size_t(size)) for _ in range(200)]
    pieces += [ctypes.string_at(place, size) for place in places if place]
for found in {found for piece in pieces for found in TOKEN.findall(piece)}:
    escaped(found)
""",
    memory=True,
    before=HOLDER,
)
add(
    "left_in_the_servers_memory",
    "secrets",
    r"""
import torch
# The process was forked: all that its parent ever held may still be here. Look around everything we know.
known = [id(object()), id(int), id(torch), id(print), torch.empty(10).data_ptr(), torch.empty(1 << 22).data_ptr(),
         ctypes.addressof(ctypes.create_string_buffer(64)), ctypes.c_void_p.in_dll(LIBC, "__libc_stack_end").value,
         ctypes.cast(LIBC.malloc, ctypes.c_void_p).value, id(sys.modules), id(os.environ)]
found = set()
for place in known:
    found |= tokens_from(max(place - (12 << 20), PAGE), 8192)
for token in found:
    escaped(token)
""",
    memory=True,
    before=HOLDER,
)
add(
    "descriptors_of_the_server",
    "secrets",
    r"""
import fcntl, stat
for number in range(4, 1100):
    try:
        status = os.fstat(number)
    except OSError:
        continue
    kind = stat.S_IFMT(status.st_mode)
    print("open:", number, oct(kind), fcntl.fcntl(number, fcntl.F_GETFL) if hasattr(fcntl, "F_GETFL") else "")
    if kind == stat.S_IFSOCK:
        escaped(f"socket {number}")
    if kind == stat.S_IFDIR and call(NR_openat, number, b"..\0", 0o200000, 0) >= 0:
        escaped(f"the folder above descriptor {number}")
    if kind == stat.S_IFREG:
        try:
            text = os.pread(number, 200, 0)
        except OSError:
            text = b"cannot be read"
        here = os.path.realpath(".")
        try:
            if not os.readlink(f"/proc/self/fd/{number}").startswith(here):
                escaped(f"file {number}: {text}")
        except OSError:
            print("a file:", number, text)
for number in (0, 1, 2, 3):
    attempt(f"what is behind {number}", lambda: os.read(os.open(f"/proc/self/fd/{number}", os.O_RDONLY), 100) or -1)
""",
)
add(
    "core_files",
    "secrets",
    r"""
import glob
for path in ("/proc/sys/kernel/core_pattern", "/var/lib/systemd/coredump", "/var/crash", "/var/spool/abrt", "/cores"):
    attempt(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path).read())
for path in [*glob.glob("/tmp/core*"), *glob.glob("/core*"), *glob.glob("core*"), *glob.glob("{app}/core*")]:
    attempt(path, lambda: open(path, "rb").read(100))
import resource
attempt("core size", lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)))
attempt("become dumpable", lambda: call(NR_prctl, 4, 1, 0, 0, 0))
os.abort()
""",
)
add(
    "kernels_memory_and_logs",
    "secrets",
    r"""
for path in ("/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/kallsyms", "/dev/kmsg", "/proc/kmsg",
             "/proc/keys", "/proc/net/tcp", "/proc/net/unix", "/proc/modules", "/proc/iomem", "/proc/sysvipc/shm",
             "/proc/self/mem", "/proc/self/pagemap", "/proc/kpagecount", "/sys/kernel/debug", "/sys/firmware",
             "/sys/kernel/notes", "/sys/fs/cgroup", "/proc/1/environ", "/proc/config.gz", "/dev/disk", "/dev/vda",
             "/dev/sda", "/dev/nvme0n1", "/dev/fuse", "/dev/kvm", "/dev/tty", "/dev/console", "/dev/uinput",
             "/dev/nvidiactl", "/dev/dri/card0", "/run/docker.sock", "/var/run/secrets/kubernetes.io"):
    attempt(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(40))
""",
)
