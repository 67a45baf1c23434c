"""Hostile programs. Other runs: neither a run that goes on beside this one nor one that comes later."""

from __future__ import annotations

from tests.hostile.programs.catalogue import NEIGHBOUR, add

add(
    "list_the_folders_of_others",
    "runs",
    r"""
import re
here = os.path.abspath(".")
places = {os.path.dirname(here), os.path.dirname(os.path.dirname(here)), os.environ.get("HOME", here) + "/..",
          os.environ.get("TMPDIR", here) + "/..", "/tmp", "/var/tmp", "/run", "/dev/shm"}
for place in places:
    for name in attempt(f"list {place}", lambda: os.listdir(place)) or []:
        path = os.path.join(place, name, "notes.txt")
        if os.path.join(place, name) != here:
            for found in set(re.findall("hostile-secret-[0-9a-f]{32}", str(attempt(path, lambda: open(path).read(300))))):
                escaped(found)
""",
    beside=NEIGHBOUR,
)
add(
    "guess_the_folder_of_another",
    "runs",
    r"""
import re
here = os.path.abspath(".")
above, name = os.path.split(here)
guesses = set()
for found in re.finditer(r"\d+", name):
    number = int(found[0])
    guesses |= {name[: found.start()] + str(number + step) + name[found.end() :] for step in range(-50, 51) if step}
for guess in guesses:
    for file in ("notes.txt", "../" + guess + "/notes.txt"):
        try:
            escaped(open(os.path.join(above, guess, file)).read())
        except OSError:
            pass
for pid in range(max(2, os.getpid() - 300), os.getpid() + 300):
    if pid != os.getpid():
        try:
            escaped(open(f"/proc/{pid}/cwd/notes.txt").read())
        except OSError:
            pass
""",
    beside=NEIGHBOUR,
)
add(
    "change_the_files_of_another",
    "runs",
    r"""
above = os.path.dirname(os.path.abspath("."))
places = [f"/proc/{pid}/cwd" for pid in range(max(2, os.getpid() - 300), os.getpid() + 300) if pid != os.getpid()]
try:
    places += [os.path.join(above, name) for name in os.listdir(above) if name != os.path.basename(os.getcwd())]
except OSError as error:
    print("refused:", error)
for place in places:
    path = place + "/notes.txt"
    try:
        with open(path, "r+") as file:
            file.write("changed")
        escaped(path)
    except OSError:
        pass
""",
    beside=NEIGHBOUR,
)
add(
    "signal_another",
    "runs",
    r"""
# SIGURG does nothing to whoever does not listen; the neighbour tells of it.
import signal
for pid in range(max(2, os.getpid() - 300), os.getpid() + 300):
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGURG)
            escaped(f"signalled {pid}")
        except OSError:
            pass
""",
    beside=NEIGHBOUR,
)
add(
    "read_the_memory_of_another",
    "runs",
    r"""
import re
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(1 << 20)
# Forked from the same parent: what lies where in the other is known from here.
heap = id(object()) & -PAGE
for pid in range(max(2, os.getpid() - 300), os.getpid() + 300):
    if pid == os.getpid():
        continue
    for start in range(heap - (4 << 20), heap + (4 << 20), 1 << 20):
        got = call(NR_process_vm_readv, pid, ctypes.byref(Piece(ctypes.addressof(buffer), 1 << 20)), 1,
                   ctypes.byref(Piece(start, 1 << 20)), 1, 0)
        if got > 0:
            escaped(f"{got} bytes of {pid}: {TOKEN.findall(buffer.raw[:got])[:1]}")
""",
    memory=True,
    beside=NEIGHBOUR,
)
add(
    "meet_another_by_a_socket",
    "runs",
    r"""
import socket
attempt("connect", lambda: socket.create_connection(("127.0.0.1", 49_731), 1))
talk = socket.socket(socket.AF_UNIX)
talk.settimeout(2)
attempt("abstract", lambda: talk.connect("\0{abstract}-talk"))
""",
    beside=r"""
import socket, time
try:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0{abstract}-talk")
    listener.listen()
    print("ESCAPED: listens")
except OSError as error:
    print("refused:", error)
print("ready", flush=True)
time.sleep(5)
""",
)
add(
    "meet_another_by_shared_memory",
    "runs",
    r"""
number = call(NR_shmget, 0x484F0010, 4096, 0)
print("segment", number)
if number >= 0:
    place = call(NR_shmat, number, None, 0)
    escaped(ctypes.string_at(place, 40))
attempt("queue", lambda: call(NR_msgget, 0x484F0011, 0))
attempt("posix", lambda: open("/dev/shm/{abstract}-between", "rb").read())
attempt("a file of all", lambda: open("/tmp/{abstract}-between", "rb").read())
""",
    before=r"""
import ctypes
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
number = libc.syscall(NR_shmget, 0x484F0010, 4096, 0o1666)
if number >= 0:
    place = libc.syscall(NR_shmat, number, None, 0)
    ctypes.memmove(place, b"left by an earlier run", 22)
libc.syscall(NR_msgget, 0x484F0011, 0o1666)
for folder in ("/dev/shm", "/tmp"):
    try:
        open(folder + "/{abstract}-between", "w").write("left by an earlier run")
    except OSError as error:
        print("refused:", error)
""",
)
add(
    "meet_another_by_a_key",
    "runs",
    r"""
for kind in (b"user\0", b"keyring\0"):
    found = call(NR_request_key, kind, b"{abstract}-key\0", None, -4)
    print("key", found)
    if found >= 0:
        buffer = ctypes.create_string_buffer(100)
        call(NR_keyctl, 11, found, buffer, 100, 0)
        escaped(buffer.value)
""",
    before=r"""
import ctypes
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
for ring in (-4, -5, -3):
    print(libc.syscall(NR_add_key, b"user", b"{abstract}-key", b"left by an earlier run", 22, ctypes.c_long(ring)))
""",
)
_LEAVE_FILES = r"""
import os, site, sys
text = "left by an earlier run"
places = [".", os.environ.get("HOME", "."), os.environ.get("TMPDIR", "."), "/tmp", "/var/tmp", "/dev/shm",
          os.path.expanduser("~/.cache"), os.path.expanduser("~/.config"), os.path.dirname(os.getcwd()), sys.prefix]
for place in places:
    for name in ("{abstract}-left", ".{abstract}-left"):
        try:
            os.makedirs(place, exist_ok=True)
            with open(os.path.join(place, name), "w") as file:
                file.write(text)
        except OSError as error:
            print("refused:", place, error)
"""
add(
    "files_left_for_the_next_run",
    "runs",
    r"""
places = [".", os.environ.get("HOME", "."), os.environ.get("TMPDIR", "."), "/tmp", "/var/tmp", "/dev/shm",
          os.path.expanduser("~/.cache"), os.path.expanduser("~/.config"), os.path.dirname(os.getcwd()), sys.prefix]
for place in places:
    for name in ("{abstract}-left", ".{abstract}-left"):
        attempt(f"{place}/{name}", lambda: open(os.path.join(place, name)).read())
attempt("the folder is not empty", lambda: [n for n in os.listdir(".") if n not in ("program.py", "data")] or False)
""",
    before=_LEAVE_FILES,
)
add(
    "modules_changed_for_the_next_run",
    "runs",
    r"""
import builtins, json, math, random, torch
for thing in (torch, torch.Tensor, torch.nn.Module, torch.autograd.Function, math, json, random, builtins, os, sys):
    attempt(f"{thing}", lambda: thing.hostile_mark)
attempt("sys.modules", lambda: sys.modules["hostile_mark"])
attempt("default type", lambda: torch.get_default_dtype() is torch.float64)
attempt("a constant", lambda: math.pi != 3.141592653589793)
attempt("a backward of ours", lambda: torch.Tensor.backward.__name__ == "hostile_backward")
if torch.add(torch.ones(1), 1).item() != 2:
    escaped("torch.add was replaced")
""",
    before=r"""
import builtins, gc, json, math, os, random, sys, types
import torch
def hostile_backward(*a, **k):
    return None
for thing in (torch, torch.Tensor, torch.nn.Module, torch.autograd.Function, math, json, random, builtins, os, sys):
    thing.hostile_mark = "left by an earlier run"
sys.modules["hostile_mark"] = types.ModuleType("hostile_mark")
torch.set_default_dtype(torch.float64)
math.pi = 3
torch.Tensor.backward = hostile_backward
torch.add = lambda *a, **k: torch.zeros(1)
""",
)
add(
    "site_packages_poisoned",
    "runs",
    r"""
for name in ("hostile_package", "sitecustomize_hostile", "usercustomize"):
    attempt(f"import {name}", lambda: __import__(name).hostile_mark)
attempt("a .pth file was run", lambda: sys.hostile_pth)
""",
    before=r"""
import os, site, sys, sysconfig
mark = "hostile_mark = 'left by an earlier run'\n"
places = [*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values(), *filter(None, sys.path), "."]
for place in dict.fromkeys(places):
    for name, text in (("hostile_package.py", mark), ("usercustomize.py", mark), ("sitecustomize_hostile.py", mark),
                       ("hostile.pth", "import sys; sys.hostile_pth = 1\n")):
        try:
            os.makedirs(place, exist_ok=True)
            # Where it is written into Python's own folders the name tells whose it is.
            with open(os.path.join(place, name), "x") as file:
                file.write(text)
            print("ESCAPED" if not os.path.realpath(place).startswith(os.getcwd()) else "wrote", ":", place)
        except OSError as error:
            print("refused:", place, error)
""",
)
add(
    "bytecode_poisoned",
    "runs",
    r"""
import colorsys
attempt("the bytecode was ours", lambda: colorsys.hostile_mark)
import importlib.util
path = importlib.util.cache_from_source(colorsys.__file__)
attempt("write bytecode", lambda: os.open(path, os.O_WRONLY))
attempt("a prefix for bytecode", lambda: sys.pycache_prefix and os.listdir(sys.pycache_prefix) or False)
""",
    before=r"""
import colorsys, importlib._bootstrap_external as external, importlib.util, os, sys
source = open(colorsys.__file__).read() + "\nhostile_mark = 'left by an earlier run'\n"
status = os.stat(colorsys.__file__)
data = external._code_to_timestamp_pyc(compile(source, colorsys.__file__, "exec"), status.st_mtime, status.st_size)
for path in {importlib.util.cache_from_source(colorsys.__file__), "__pycache__/colorsys.cpython-311.pyc", "colorsys.pyc"}:
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        print("wrote", path)
    except OSError as error:
        print("refused:", path, error)
""",
)
add(
    "modules_of_the_private_folder_shadow_the_next_run",
    "runs",
    r"""
import random, secrets, statistics, textwrap, fractions
for module in (random, secrets, statistics, textwrap, fractions):
    attempt(module.__name__, lambda: module.hostile_mark)
""",
    before=r"""
for name in ("random", "secrets", "statistics", "textwrap", "fractions", "torch", "numpy", "json", "sitecustomize"):
    with open(name + ".py", "w") as file:
        file.write("hostile_mark = 'left by an earlier run'\n")
""",
)
add(
    "matplotlibs_cache_poisoned",
    "runs",
    r"""
import matplotlib
attempt("settings", lambda: matplotlib.rcParams["lines.linewidth"] == 66.0)
attempt("font list", lambda: "hostile" in open(os.path.join(matplotlib.get_cachedir(), "fontlist-v390.json")).read())
from matplotlib import font_manager
attempt("a font of ours", lambda: any("hostile" in font.fname for font in font_manager.fontManager.ttflist))
print(matplotlib.get_cachedir(), matplotlib.matplotlib_fname())
""",
    before=r"""
import glob, json, os
import matplotlib
settings = "lines.linewidth: 66\nsvg.hashsalt: hostile\n"
for folder in {matplotlib.get_configdir(), matplotlib.get_cachedir(), os.path.expanduser("~/.config/matplotlib"), ".",
               os.path.dirname(matplotlib.matplotlib_fname())}:
    for name in ("matplotlibrc", "fontlist-v390.json", "stylelib/default.mplstyle"):
        path = os.path.join(folder, name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.exists(path) and "mpl-data" in path:
                open(path, "r+").close()
                print("ESCAPED: may be written:", path)
                continue
            with open(path, "w") as file:
                file.write(settings if name != "fontlist-v390.json" else json.dumps({"hostile": True}))
            print("wrote", path)
        except OSError as error:
            print("refused:", path, error)
""",
)
add(
    "torchs_caches_poisoned",
    "runs",
    r"""
import tempfile
places = [os.environ.get("TORCH_EXTENSIONS_DIR", "~/.cache/torch_extensions"), "~/.cache/torch/hub", "~/.triton/cache",
          "~/.cache/torch/kernels", f"{tempfile.gettempdir()}/torchinductor_{os.getuid()}", "/tmp/torchinductor_root"]
for place in places:
    path = os.path.expanduser(place) + "/{abstract}/hostile.py"
    attempt(path, lambda: open(path).read())
import torch
attempt("trusted list", lambda: "hostile" in open(torch.hub.get_dir() + "/trusted_list").read())
""",
    before=r"""
import os, tempfile
import torch
places = [os.environ.get("TORCH_EXTENSIONS_DIR", "~/.cache/torch_extensions"), "~/.cache/torch/hub", "~/.triton/cache",
          "~/.cache/torch/kernels", f"{tempfile.gettempdir()}/torchinductor_{os.getuid()}", "/tmp/torchinductor_root"]
for place in places:
    try:
        folder = os.path.expanduser(place) + "/{abstract}"
        os.makedirs(folder, exist_ok=True)
        with open(folder + "/hostile.py", "w") as file:
            file.write("left by an earlier run")
    except OSError as error:
        print("refused:", error)
try:
    with open(torch.hub.get_dir() + "/trusted_list", "a") as file:
        file.write("hostile\n")
except OSError as error:
    print("refused:", error)
""",
)
add(
    "shared_pages_written",
    "runs",
    r"""
# Memory that the parent shares with its children, if any, is a letter box between runs.
try:
    lines = [line.split() for line in open("/proc/self/maps")]
except OSError as error:
    print("refused:", error)
    lines = []
for line in lines:
    if "ws" in line[1] or "w-s" in line[1]:
        low, high = (int(part, 16) for part in line[0].split("-"))
        if TOKEN.search(ctypes.string_at(low, min(high - low, 1 << 20))) or b"{abstract}" in ctypes.string_at(low, 100):
            escaped(f"a message at {line}")
""",
    memory=True,
    before=r"""
import ctypes
try:
    for line in open("/proc/self/maps"):
        if "w-s" in line.split()[1] or "ws" in line.split()[1]:
            low = int(line.split("-")[0], 16)
            ctypes.memmove(low, b"{abstract}", 20)
            print("wrote at", hex(low))
except OSError as error:
    print("refused:", error)
""",
)
add(
    "parent_changed_for_later_runs",
    "runs",
    r"""
import resource
pid = (os.getppid() or 1)
limit = (ctypes.c_uint64 * 2)(1, 1)
old = (ctypes.c_uint64 * 2)()
attempt("read its limits", lambda: call(NR_prlimit64, pid, 7, None, old))
attempt("lower its descriptors", lambda: call(NR_prlimit64, pid, 7, limit, None))
attempt("its nice value", lambda: call(NR_setpriority, 0, pid, 19))
attempt("its processors", lambda: call(NR_sched_setaffinity, pid, 8, (ctypes.c_uint64 * 1)(1)))
attempt("its memory", lambda: open(f"/proc/{pid}/mem", "r+b").seek(0))
for name in ("oom_score_adj", "comm", "coredump_filter", "timerslack_ns", "clear_refs", "autogroup", "setgroups"):
    attempt(name, lambda: open(f"/proc/{pid}/{name}", "w").write("0"))
""",
)
