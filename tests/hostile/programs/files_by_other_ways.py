"""Hostile programs. Files elsewhere, by memory, queues, libraries, links and whoever cleans up."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

add(
    "file_in_memory",
    "files",
    r"""
attempt("os.memfd_create", lambda: os.memfd_create("hostile"))
attempt("raw", lambda: call(NR_memfd_create, b"hostile\0", 0))
attempt("sealed", lambda: call(NR_memfd_create, b"hostile\0", 2))
attempt("secret", lambda: call(NR_memfd_secret, 0))
""",
    harmless=True,
)
add(
    "dev_shm",
    "files",
    r"""
from multiprocessing import shared_memory
attempt("file", lambda: open("/dev/shm/{abstract}-file", "w").write("was here"))
attempt("shm_open", lambda: LIBC.shm_open(b"/{abstract}-posix", 0o102, 0o600))
attempt("shared_memory", lambda: shared_memory.SharedMemory(create=True, size=100, name="{abstract}-python"))
attempt("list", lambda: os.listdir("/dev/shm"))
LIBC.sem_open.restype = ctypes.c_void_p
attempt("semaphore", lambda: (LIBC.sem_open(b"/{abstract}-semaphore", 0o100, 0o600, 1) or -1) > 0)
""",
    harmless=True,
)
add(
    "torch_shared_memory",
    "files",
    r"""
import torch
attempt("share_memory_", lambda: torch.ones(1000).share_memory_().sum())
torch.multiprocessing.set_sharing_strategy("file_system")
attempt("share again", lambda: torch.ones(1000).share_memory_().sum())
attempt("from_file shared", lambda: torch.from_file("{outside}/tensor.bin", shared=True, size=10, dtype=torch.uint8).fill_(7))
attempt("victim", lambda: torch.from_file("{outside}/victim.txt", shared=True, size=4, dtype=torch.uint8).fill_(65))
""",
)
add(
    "message_queue",
    "files",
    r"""
attempt("mq_open", lambda: call(NR_mq_open, b"{abstract}-queue\0", 0o102, 0o600, None))
attempt("by libc", lambda: LIBC.mq_open(b"/{abstract}-queue2", 0o102, 0o600, None))
""",
    harmless=True,
)
add(
    "system_v_shared_memory",
    "files",
    r"""
number = attempt("shmget", lambda: call(NR_shmget, 0x484F0001, 4096, 0o1600))
if number is not None:
    attempt("shmat", lambda: call(NR_shmat, number, None, 0) > 0)
attempt("private", lambda: call(NR_shmctl, call(NR_shmget, 0, 4096, 0o1600), 0, None))
""",
    harmless=True,
)
add(
    "system_v_semaphores_and_messages",
    "files",
    r"""
attempt("semget", lambda: call(NR_semget, 0x484F0002, 1, 0o1600))
queue = attempt("msgget", lambda: call(NR_msgget, 0x484F0003, 0o1600))
if queue is not None:
    attempt("msgsnd", lambda: call(NR_msgsnd, queue, ctypes.create_string_buffer(b"\1\0\0\0\0\0\0\0was here", 32), 8, 0))
""",
    harmless=True,
)
add(
    "copy_between_descriptors",
    "files",
    r"""
open("mine.txt", "w").write("copied")
attempt("copy_file_range", lambda: os.copy_file_range(os.open("mine.txt", 0), os.open("{outside}/victim.txt", 1), 6))
attempt("sendfile", lambda: os.sendfile(os.open("{outside}/victim.txt", 1), os.open("mine.txt", 0), 0, 6))
attempt("splice", lambda: os.splice(os.open("{outside}/victim.txt", 0), 3, 6))
attempt("reflink", lambda: call(NR_ioctl, os.open("mine2.txt", 0o102, 0o600), 0x40049409, os.open("{outside}/victim.txt", 0)))
""",
    harmless=True,
)
add(
    "change_directory",
    "files",
    r"""
for place in ("{outside}", "/", "..", "/tmp", "/proc/self"):
    attempt(f"write in {place}", lambda: os.chdir(place) or open("{abstract}-chdir", "w").write("x"))
    attempt(f"list {place}", lambda: os.chdir(place) or os.listdir("."))
""",
    harmless=True,
)
add(
    "swap_links_while_writing",
    "files",
    r"""
import threading
# One thread changes what a name means while the other opens it: a check of the path would lose this race.
os.makedirs("good", exist_ok=True)
stop = time.monotonic() + 3
def swap():
    while time.monotonic() < stop:
        for target in ("good", "{outside}"):
            try:
                os.symlink(target, "next")
                os.replace("next", "place")
            except OSError:
                pass
thread = threading.Thread(target=swap)
thread.start()
while time.monotonic() < stop:
    for path in ("place/raced.txt", "place/victim.txt"):
        try:
            with open(path, "a") as file:
                file.write("raced")
        except OSError:
            pass
thread.join()
""",
    harmless=True,
)
add(
    "libraries_that_write",
    "files",
    r"""
import logging.handlers, shelve, sqlite3, tempfile, zipfile
import numpy, torch
attempt("torch.save", lambda: torch.save(torch.ones(2), "{outside}/tensor.pt"))
attempt("zip file", lambda: torch.save(torch.ones(2), "{outside}/old.pt", _use_new_zipfile_serialization=False))
attempt("jit.save", lambda: torch.jit.save(torch.jit.script(torch.nn.ReLU()), "{outside}/script.pt"))
attempt("numpy", lambda: numpy.save("{outside}/array.npy", numpy.ones(2)))
attempt("memmap", lambda: numpy.memmap("{outside}/victim.txt", mode="r+", dtype="u1", shape=1).fill(65))
attempt("sqlite3", lambda: sqlite3.connect("{outside}/base.db").execute("create table t (a)"))
base = sqlite3.connect(":memory:")
attempt("sqlite3 attach", lambda: base.execute("attach database '{outside}/attached.db' as x") and base.execute("create table x.t (a)"))
attempt("vacuum into", lambda: base.execute("vacuum into '{outside}/vacuumed.db'"))
attempt("logging", lambda: logging.FileHandler("{outside}/log.txt").emit(logging.makeLogRecord({"msg": "x"})))
attempt("zipfile", lambda: zipfile.ZipFile("{outside}/archive.zip", "w").writestr("a", "b"))
attempt("tempfile", lambda: tempfile.mkstemp(dir="{outside}"))
attempt("profiler", lambda: torch.profiler.profile().export_chrome_trace("{outside}/trace.json"))
attempt("graph", lambda: torch.onnx.export(torch.nn.ReLU(), torch.ones(1), "{outside}/model.onnx", dynamo=False))
LIBC.fopen.restype = ctypes.c_void_p
attempt("fopen", lambda: (LIBC.fopen(b"{outside}/stdio.txt", b"w") or -1) > 0)
""",
    harmless=True,
)
add(
    "plots_that_write",
    "files",
    r"""
import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot
pyplot.plot([1, 2], [1, 2])
for kind in ("png", "svg", "pdf", "ps"):
    attempt(kind, lambda: pyplot.savefig(f"{outside}/plot.{kind}") or True)
attempt("latex", lambda: matplotlib.rcParams.update({"text.usetex": True}) or pyplot.savefig("tex.png") or -1)
""",
    harmless=True,
)
add(
    "well_known_folders",
    "files",
    r"""
import site, sysconfig
places = ["/", "/tmp", "/var/tmp", "/dev/shm", "/dev", "/run", "/run/lock", "/etc", "/root", "/home", "/usr", "/usr/lib",
          "/usr/local/bin", "/var/log", "/var/cache", "/var/lib", "/opt", "/srv", "/boot", "/sys/fs/cgroup", "/proc",
          "/etc/cron.d", "/etc/ld.so.conf.d", "/usr/share/fonts", "/usr/share/zoneinfo", "{app}", "{app}/app",
          os.path.dirname("{secret_file}"), os.path.dirname(os.__file__), sys.prefix, sys.base_prefix, sys.exec_prefix,
          os.path.dirname(os.path.abspath(".")), *site.getsitepackages(), *sysconfig.get_paths().values()]
for place in dict.fromkeys(places):
    attempt(f"file in {place}", lambda: open(f"{place}/{'{abstract}'}-known", "w").write("was here"))
    attempt(f"folder in {place}", lambda: os.mkdir(f"{place}/{'{abstract}'}-folder"))
""",
)
add(
    "what_may_be_read_is_not_written",
    "files",
    r"""
import fcntl, torch
own = [os.__file__, torch.__file__, torch._C.__file__, sys.executable]
for path in own:
    attempt(f"write {path}", lambda: os.open(path, os.O_WRONLY))
    attempt(f"append {path}", lambda: os.open(path, os.O_RDWR | os.O_APPEND))
    attempt(f"rename {path}", lambda: os.rename(path, path + ".gone") or os.rename(path + ".gone", path))
    attempt_on(path, f"mode of {path}", lambda: os.chmod(path, os.stat(path).st_mode & 0o7777))
    attempt_on(path, f"times of {path}", lambda: os.utime(path, ns=(os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns)))
    attempt(f"link to {path}", lambda: os.link(path, "mine"))
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        print("refused:", path, error)
        continue
    attempt_on(path, f"mode by descriptor of {path}", lambda: os.fchmod(descriptor, os.stat(path).st_mode & 0o7777))
    attempt(f"lease on {path}", lambda: fcntl.fcntl(descriptor, 1024, fcntl.F_RDLCK))
    attempt(f"reopen {path}", lambda: os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR))
    attempt(f"flags of {path}", lambda: call(NR_ioctl, descriptor, 0x40086602, (ctypes.c_long * 1)(0x10)))
""",
)
add(
    "links_for_whoever_cleans_up",
    "files",
    r"""
# When the run is over somebody removes this folder: if that follows a link, it removes what is elsewhere.
perhaps(lambda: os.symlink("{outside}", "folder"))
perhaps(lambda: os.symlink("{outside}/victim.txt", "file"))
os.makedirs("deep/deeper", exist_ok=True)
perhaps(lambda: os.symlink("{outside}", "deep/deeper/folder"))
perhaps(lambda: os.symlink(".", "loop"))
perhaps(lambda: os.symlink("itself", "itself"))
perhaps(lambda: os.symlink("../../../../../../../..", "up"))
print("left")
""",
    harmless=True,
)
add(
    "folder_replaced_by_a_link",
    "files",
    r"""
here = os.getcwd()
attempt("moved away", lambda: os.rename(here, here + "-moved"))
attempt("replaced", lambda: os.rmdir(here) or os.symlink("{outside}", here))
attempt_on(os.path.dirname(here), "mode of the folder above", lambda: os.chmod(os.path.dirname(here), 0o777))
try:
    os.chmod(here, 0o777)
    print("opened my own folder to all")
    os.rmdir(here)
except OSError as error:
    print("refused:", error)
""",
)
add(
    "folder_swapped_while_it_is_removed",
    "files",
    r"""
import threading
# Goes on after the end, if it can: the cleaner meets a folder that turns into a link.
os.makedirs("bait/inner", exist_ok=True)
open("bait/inner/victim.txt", "w").write("bait")
def swap():
    while True:
        try:
            os.rename("bait", "aside")
            os.symlink("{outside}", "bait")
            os.unlink("bait")
            os.rename("aside", "bait")
        except OSError:
            pass
for _ in range(2):
    threading.Thread(target=swap, daemon=True).start()
time.sleep(1)
""",
)
add(
    "files_that_resist_removal",
    "files",
    r"""
os.makedirs("locked/inner/more", exist_ok=True)
open("locked/inner/more/file", "w").write("stays")
os.mkfifo("pipe")
for name in (b"new\nline", b"\xff\xfe", b" ", b"-rf", b"'\"$(touch x)`", b"<script>", b"..\xe2\x80\xae", b"*", b"a" * 255):
    try:
        with open(name, "wb") as file:
            file.write(b"x")
    except OSError as error:
        print("refused:", name, error)
try:
    call(NR_ioctl, os.open("locked/inner/more/file", os.O_RDONLY), 0x40086602, (ctypes.c_long * 1)(0x10))
except OSError as error:
    print("refused:", error)
for path, mode in (("locked/inner/more", 0), ("locked/inner", 0o111), ("locked", 0), (".", 0)):
    try:
        os.chmod(path, mode)
    except OSError as error:
        print("refused:", path, error)
print("left")
""",
)
add(
    "bind_a_socket_to_a_path",
    "files",
    r"""
import socket
for path in ("{outside}/socket", "/tmp/{abstract}-socket", "here.socket", "\0{abstract}-bound"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        attempt(f"bind {path!r}", lambda: socket.socket(socket.AF_UNIX, kind).bind(path))
""",
    harmless=True,
)
