"""Hostile programs. Resources, of memory, disk, descriptors and threads: every bomb ends at its limit, and the next person's run goes as ever."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

add(
    "memory_in_python",
    "resources",
    r"""
kept = []
while len(kept) < 64:
    kept.append(bytearray(b"x") * (1 << 26))
    if len(kept) > 40:
        escaped(f"holds {len(kept) * 64} MiB")
""",
)
add(
    "memory_in_small_pieces",
    "resources",
    r"""
kept = []
while len(kept) < 80_000_000:
    kept.append([len(kept)])
escaped("holds eighty million lists")
""",
)
add(
    "memory_caught_for_ever",
    "resources",
    r"""
kept, end = [], time.monotonic() + 120
while time.monotonic() < end and len(kept) < 4096:
    try:
        kept.append(b"x" * (1 << 20))
    except BaseException:
        pass
if len(kept) > 3000:
    escaped(f"holds {len(kept)} MiB")
while True:
    pass
""",
)
add(
    "memory_in_tensors",
    "resources",
    r"""
import torch
kept = []
while len(kept) < 48:
    kept.append(torch.ones(1 << 24))
    if len(kept) > 40:
        escaped(f"holds {len(kept) * 64} MiB")
""",
)
add(
    "memory_in_one_tensor",
    "resources",
    r"""
import torch
attempt("a thousand GiB", lambda: torch.empty(1 << 38).shape)
attempt("written", lambda: torch.ones(1 << 30).sum())
attempt("product", lambda: (torch.ones(1 << 16, 1) * torch.ones(1, 1 << 16)).sum())
attempt("expanded, then kept", lambda: torch.ones(1).expand(1 << 31).contiguous().sum())
""",
)
add(
    "memory_of_the_graph",
    "resources",
    r"""
import torch
x = torch.ones(1 << 20, requires_grad=True)
y, count = x, 0
while count < 2000:
    y = (y * 1.0001).sin()
    count += 1
escaped(f"a graph that keeps {count * 8} MiB")
""",
)
add(
    "mapped_memory",
    "resources",
    r"""
import mmap
kept = []
def fill(flags):
    while len(kept) < 64:
        kept.append(mmap.mmap(-1, 1 << 26, flags=flags))
        kept[-1].write(b"x" * (1 << 26))
    return f"{len(kept) * 64} MiB"
attempt("private", lambda: fill(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
kept.clear()
attempt("shared", lambda: fill(mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))
kept.clear()
attempt("not reserved", lambda: mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000).size())
attempt("huge pages", lambda: mmap.mmap(-1, 1 << 30, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | 0x40000).size())
attempt("locked", lambda: LIBC.mlockall(3))
""",
)
add(
    "mapped_file_of_great_size",
    "resources",
    r"""
import mmap
attempt("sparse map", lambda: os.truncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 1 << 33))
descriptor = os.open("mapped", os.O_CREAT | os.O_RDWR)
total = 0
for number in range(200):
    try:
        one = os.open(f"mapped{number}", os.O_CREAT | os.O_RDWR)
        os.ftruncate(one, 60 << 20)
        with mmap.mmap(one, 60 << 20) as page:
            page[:] = b"x" * (60 << 20)
        os.close(one)
        total += 60
    except (OSError, ValueError, MemoryError) as error:
        print(error)
        break
if total > 6000:
    escaped(f"{total} MiB on the disk through mappings")
""",
)
add(
    "decompression_bombs",
    "resources",
    r"""
import bz2, gzip, io, lzma, zipfile, zlib
layers = zlib.compress(b"\0" * (64 << 20), 9)
attempt("zlib", lambda: len(zlib.decompress(zlib.compress(layers * 1000)) * 1000))
attempt("json", lambda: len(__import__("json").loads("[" * 100_000 + "]" * 100_000)) and -1)
attempt("text", lambda: len("x" * (1 << 33)))
attempt("format", lambda: len(f"{0:>{1 << 33}}"))
attempt("number", lambda: (1 << (1 << 36)).bit_length())
attempt("pickle", lambda: __import__("pickle").loads(b"X\xff\xff\xff\x7f") and -1)
""",
)
add(
    "one_large_file",
    "resources",
    r"""
piece, total = b"x" * (1 << 20), 0
try:
    with open("large", "wb", buffering=0) as file:
        while total < 4096:
            file.write(piece)
            total += 1
except OSError as error:
    print(error)
if total > 64:
    escaped(f"a file of {total} MiB")
""",
)
add(
    "one_large_file_ignoring_the_signal",
    "resources",
    r"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGXFSZ})
descriptor = os.open("large", os.O_CREAT | os.O_RDWR)
for size in (63, 64, 65, 100, 5000, 1 << 20):
    try:
        os.pwrite(descriptor, b"x", size << 20)
        print("wrote at", size)
        if size > 64:
            escaped(f"a file of {size} MiB")
    except OSError as error:
        print(size, error)
""",
)
add(
    "many_large_files",
    "resources",
    r"""
piece, total = b"x" * (1 << 20), 0
for number in range(400):
    try:
        with open(f"file{number}", "wb") as file:
            for _ in range(60):
                file.write(piece)
                total += 1
    except OSError as error:
        print(error)
        break
if total > 8000:
    escaped(f"{total} MiB on the disk")
""",
)
add(
    "deleted_files_that_stay_open",
    "resources",
    r"""
# What has no name is in no list of names, but is on the disk.
kept, total = [], 0
for number in range(200):
    try:
        file = open("nameless", "wb", buffering=0)
        os.unlink("nameless")
        kept.append(file)
        for _ in range(60):
            file.write(b"x" * (1 << 20))
            total += 1
    except OSError as error:
        print(error)
        break
print(total, "MiB without names in", len(kept), "files")
if total > 4000:
    escaped(f"{total} MiB without names")
end = time.monotonic() + 5
while time.monotonic() < end:
    pass
""",
)
add(
    "unnamed_files_that_stay_open",
    "resources",
    r"""
kept, total = [], 0
for number in range(60):
    try:
        descriptor = os.open(".", 0o20200000 | os.O_RDWR, 0o600)
        kept.append(descriptor)
        for _ in range(60):
            total += os.write(descriptor, b"x" * (1 << 20)) >> 20
    except OSError as error:
        print(error)
        break
if total > 3500:
    escaped(f"{total} MiB without names")
""",
)
add(
    "sparse_files",
    "resources",
    r"""
total = 0
for number in range(2000):
    try:
        with open(f"sparse{number}", "wb") as file:
            file.truncate(60 << 20)
        total += 60
    except OSError as error:
        print(error)
        break
print(total, "MiB announced")
attempt("beyond", lambda: os.truncate("sparse0", 1 << 42))
""",
)
add(
    "allocated_without_writing",
    "resources",
    r"""
total = 0
for number in range(200):
    try:
        descriptor = os.open(f"file{number}", os.O_CREAT | os.O_RDWR)
        os.posix_fallocate(descriptor, 0, 60 << 20)
        os.close(descriptor)
        total += 60
    except OSError as error:
        print(error)
        break
if total > 8000:
    escaped(f"{total} MiB allocated")
attempt("beyond the size of a file", lambda: LIBC.fallocate(os.open("file0", os.O_RDWR), 1, ctypes.c_long(0), ctypes.c_long(1 << 33)))
""",
)
add(
    "a_hundred_thousand_empty_files",
    "resources",
    r"""
made = 0
try:
    for made in range(100_000):
        os.close(os.open(f"f{made}", os.O_CREAT | os.O_WRONLY))
except OSError as error:
    print(error)
print(made, "files")
if made > 90_000:
    escaped(f"{made} files")
""",
)
add(
    "folders_only",
    "resources",
    r"""
made = 0
try:
    for made in range(60_000):
        os.mkdir(f"d{made}")
except OSError as error:
    print(error)
if made > 55_000:
    escaped(f"{made} folders")
""",
)
add(
    "links_only",
    "resources",
    r"""
made = 0
open("one", "w").close()
try:
    for made in range(60_000):
        os.link("one", f"l{made}")
except OSError as error:
    print(error)
try:
    for more in range(60_000):
        os.symlink("x" * 4000, f"s{more}")
        made += 1
except OSError as error:
    print(error)
if made > 100_000:
    escaped(f"{made} links")
""",
)
add(
    "folders_deeper_than_any_path",
    "resources",
    r"""
# Deeper than PATH_MAX: whoever removes this by whole paths cannot, and whoever recurses runs out of stack.
depth = 0
try:
    for depth in range(30_000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
except OSError as error:
    print(error)
print("depth", depth)
open("at the bottom", "w").write("x")
""",
)
add(
    "long_names",
    "resources",
    r"""
made = 0
try:
    for made in range(20_000):
        open(f"{made:08}" + "\u2028" * 82, "w").close()
except OSError as error:
    print(error)
print(made)
attempt("longer than allowed", lambda: open("x" * 300, "w"))
""",
)
add(
    "large_attributes",
    "resources",
    r"""
total = 0
for number in range(2000):
    try:
        open(f"f{number}", "w").close()
        for name in range(16):
            os.setxattr(f"f{number}", f"user.{name}", b"x" * 3000)
            total += 3000
    except OSError as error:
        print(error)
        break
print(total, "bytes in attributes")
if total > 64 << 20:
    escaped(f"{total} bytes that no size of a file tells")
""",
)
add(
    "made_and_removed_in_turns",
    "resources",
    r"""
# Faster than anybody looks: full, empty, full, empty.
import threading
def churn(number):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with open(f"c{number}", "wb", buffering=0) as file:
                for _ in range(60):
                    file.write(b"x" * (1 << 20))
            os.unlink(f"c{number}")
        except OSError:
            pass
for number in range(8):
    threading.Thread(target=churn, args=(number,), daemon=True).start()
churn(9)
""",
)
add(
    "descriptors_used_up",
    "resources",
    r"""
kept = []
try:
    while len(kept) < 5000:
        kept.append(os.dup(0))
except OSError as error:
    print(len(kept), error)
if len(kept) > 1100:
    escaped(f"{len(kept)} descriptors")
try:
    import torch.fft, fractions
    print(open(os.__file__).read(10))
except (ImportError, OSError) as error:
    print(error)
raise ValueError("with no descriptor left")
""",
)
add(
    "pipes_used_up",
    "resources",
    r"""
kept = []
try:
    while len(kept) < 3000:
        reader, writer = os.pipe()
        kept += [reader, writer]
        call(NR_fcntl, writer, 1031, 1 << 20)
        os.set_blocking(writer, False)
        while os.write(writer, b"x" * 65536):
            pass
except OSError as error:
    print(len(kept), error)
""",
)
add(
    "threads_in_python",
    "resources",
    r"""
import threading
threading.stack_size(32768)
gate, made = threading.Event(), 0
try:
    for made in range(5000):
        threading.Thread(target=gate.wait, daemon=True).start()
except (RuntimeError, MemoryError) as error:
    print(made, error)
if made > 4900:
    escaped(f"{made} threads")
gate.wait()
""",
)
add(
    "threads_in_native_code",
    "resources",
    r"""
# Small stacks, no Python: as many as the kernel gives. Each sleeps in pause().
sleeps = ctypes.cast(LIBC.pause, ctypes.c_void_p)
attributes = ctypes.create_string_buffer(64)
LIBC.pthread_attr_init(attributes)
print("stack", LIBC.pthread_attr_setstacksize(attributes, ctypes.c_size_t(16384)))
handle, made = ctypes.c_ulong(), 0
while made < 12_000 and LIBC.pthread_create(ctypes.byref(handle), attributes, sleeps, None) == 0:
    made += 1
print(made, "threads")
if made > 8000:
    escaped(f"{made} threads")
""",
)
add(
    "threads_that_compute",
    "resources",
    r"""
import threading, torch
attempt("more threads for torch", lambda: torch.set_num_threads(512) or -1)
a = torch.randn(800, 800)
def compute():
    while True:
        a @ a
for _ in range(40):
    try:
        threading.Thread(target=compute, daemon=True).start()
    except RuntimeError as error:
        print(error)
        break
compute()
""",
)
