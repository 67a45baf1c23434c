"""Hostile programs. Files elsewhere: nothing outside the private folder may be made, changed or removed."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

add(
    "write_a_new_file",
    "files",
    r"""
attempt("write", lambda: open("{outside}/new.txt", "w").write("was here"))
attempt("exclusive", lambda: open("{outside}/new2.txt", "x").write("was here"))
attempt("creat", lambda: call(NR_creat, b"{outside}/new3.txt\0", 0o644))
attempt("openat", lambda: call(NR_openat, -100, b"{outside}/new4.txt\0", 0o101, 0o644))
how = (ctypes.c_uint64 * 3)(0o101, 0o644, 0)
attempt("openat2", lambda: call(NR_openat2, -100, b"{outside}/new5.txt\0", how, 24))
""",
    harmless=True,
)
add(
    "overwrite",
    "files",
    r"""
import mmap
path = "{outside}/victim.txt"
attempt("write", lambda: open(path, "w").write("overwritten"))
attempt("in place", lambda: open(path, "r+b").write(b"X"))
attempt("pwrite", lambda: os.pwrite(os.open(path, os.O_RDWR), b"Y", 3))
attempt("shared mapping", lambda: mmap.mmap(os.open(path, os.O_RDWR), 1).write(b"Z"))
""",
    harmless=True,
)
add(
    "append",
    "files",
    r"""
attempt("append", lambda: open("{outside}/victim.txt", "a").write("appended"))
attempt("O_APPEND", lambda: os.write(os.open("{outside}/victim.txt", os.O_WRONLY | os.O_APPEND), b"appended"))
""",
    harmless=True,
)
add(
    "truncate",
    "files",
    r"""
attempt("os.truncate", lambda: os.truncate("{outside}/victim.txt", 1))
attempt("truncate", lambda: call(NR_truncate, b"{outside}/victim.txt\0", 2))
attempt("O_TRUNC", lambda: os.open("{outside}/victim.txt", os.O_WRONLY | os.O_TRUNC))
attempt("O_TRUNC for reading", lambda: os.open("{outside}/victim.txt", os.O_RDONLY | os.O_TRUNC))
attempt("longer", lambda: os.truncate("{outside}/victim.txt", 1 << 20))
""",
    harmless=True,
)
add(
    "rename",
    "files",
    r"""
attempt("away", lambda: os.rename("{outside}/victim.txt", "{outside}/gone.txt"))
attempt("into the private folder", lambda: os.rename("{outside}/victim.txt", "stolen.txt"))
open("mine.txt", "w").write("planted")
attempt("over it", lambda: os.replace("mine.txt", "{outside}/victim.txt"))
attempt("out", lambda: os.rename("mine.txt", "{outside}/planted.txt"))
os.makedirs("folder", exist_ok=True)
attempt("a folder out", lambda: os.rename("folder", "{outside}/folder"))
open("mine2.txt", "w").write("planted")
for flags in (1, 2, 4):
    attempt(f"renameat2 {flags}",
            lambda: call(NR_renameat2, -100, b"mine2.txt\0", -100, b"{outside}/victim.txt\0", flags))
""",
    harmless=True,
)
add(
    "hard_links",
    "files",
    r"""
attempt("link in", lambda: os.link("{outside}/victim.txt", "in.txt") or open("in.txt", "a").write("through a link"))
open("mine.txt", "w").write("planted")
attempt("link out", lambda: os.link("mine.txt", "{outside}/out.txt"))
attempt("link beside", lambda: os.link("{outside}/victim.txt", "{outside}/twin.txt"))
attempt("linkat", lambda: call(NR_linkat, -100, b"{outside}/victim.txt\0", -100, b"again.txt\0", 0))
attempt("link", lambda: call(NR_link, b"mine.txt\0", b"{outside}/out2.txt\0"))
""",
    harmless=True,
)
add(
    "symbolic_links",
    "files",
    r"""
attempt("made outside", lambda: os.symlink("/etc/passwd", "{outside}/soft"))
attempt("raw", lambda: call(NR_symlink, b"/\0", b"{outside}/soft2\0"))
perhaps(lambda: os.symlink("{outside}/victim.txt", "to-file"))
perhaps(lambda: os.symlink("{outside}", "to-folder"))
perhaps(lambda: os.symlink("{outside}/fresh.txt", "dangling"))
attempt("write through", lambda: os.path.islink("to-file") and open("to-file", "a").write("through a link"))
attempt("make through", lambda: open("to-folder/made.txt", "w").write("through a link"))
attempt("make what it names", lambda: os.path.islink("dangling") and open("dangling", "w").write("through a link"))
attempt("list through", lambda: os.listdir("to-folder"))
attempt("remove through", lambda: os.unlink("to-folder/victim.txt"))
""",
    harmless=True,
)
add(
    "change_mode",
    "files",
    r"""
path = "{outside}/victim.txt"
attempt_on(path, "chmod", lambda: os.chmod(path, 0o777))
attempt_on(path, "raw chmod", lambda: call(NR_chmod, path.encode() + b"\0", 0o777))
attempt_on(path, "fchmodat2", lambda: call(NR_fchmodat2, -100, path.encode() + b"\0", 0o777, 0))
attempt_on(path, "fchmod", lambda: os.fchmod(os.open(path, os.O_RDONLY), 0o777))
attempt_on(path, "by O_PATH", lambda: os.chmod(f"/proc/self/fd/{os.open(path, os.O_PATH)}", 0o777))
attempt_on("{outside}", "its folder", lambda: os.chmod("{outside}", 0o777))
perhaps(lambda: os.symlink(path, "soft"))
attempt_on(path, "through a link", lambda: os.chmod("soft", 0o666))
""",
    harmless=True,
)
add(
    "change_owner",
    "files",
    r"""
path, user = "{outside}/victim.txt", os.getuid()
attempt_on(path, "to oneself", lambda: os.chown(path, user, -1))
attempt_on(path, "raw", lambda: call(NR_chown, path.encode() + b"\0", user, -1))
attempt_on(path, "of a link", lambda: os.lchown(path, -1, os.getgid()))
attempt_on(path, "to another", lambda: os.chown(path, 12345, 12345))
perhaps(lambda: os.symlink(path, "soft"))
attempt_on(path, "through a link", lambda: os.chown("soft", 12345, -1))
""",
    harmless=True,
)
add(
    "change_times",
    "files",
    r"""
name = "{outside}/victim.txt"
path = b"{outside}/victim.txt\0"
attempt_on(name, "os.utime", lambda: os.utime(name, (1, 1)))
attempt_on(name, "now", lambda: os.utime(name))
attempt_on(name, "utime", lambda: call(NR_utime, path, (ctypes.c_long * 2)(2, 2)))
attempt_on(name, "utimensat", lambda: call(NR_utimensat, -100, path, (ctypes.c_long * 4)(3, 0, 3, 0), 0))
attempt_on(name, "futimesat", lambda: call(NR_futimesat, -100, path, (ctypes.c_long * 4)(4, 0, 4, 0)))
attempt_on(name, "by descriptor", lambda: os.utime(os.open(name, os.O_RDONLY), (5, 5)))
attempt_on("{outside}", "its folder", lambda: os.utime("{outside}", (6, 6)))
""",
    harmless=True,
)
add(
    "extended_attributes",
    "files",
    r"""
path = "{outside}/victim.txt"
attempt("set", lambda: os.setxattr(path, "user.hostile", b"was here"))
attempt("raw", lambda: call(NR_setxattr, path.encode() + b"\0", b"user.hostile2\0", b"x", 1, 0))
attempt("by descriptor", lambda: os.setxattr(os.open(path, os.O_RDONLY), "user.hostile3", b"x"))
attempt("on its folder", lambda: os.setxattr("{outside}", "user.hostile", b"x"))
attempt("on Python's own file", lambda: os.setxattr(os.__file__, "user.hostile", b"x"))
try:
    os.removexattr(os.__file__, "user.hostile")
except OSError:
    pass
""",
)
add(
    "make_nodes",
    "files",
    r"""
import stat
attempt("pipe", lambda: os.mkfifo("{outside}/pipe"))
attempt("file", lambda: os.mknod("{outside}/node", stat.S_IFREG | 0o600))
attempt("socket", lambda: os.mknod("{outside}/socket", stat.S_IFSOCK | 0o600))
attempt("raw", lambda: call(NR_mknod, b"{outside}/node2\0", 0o100600, 0))
attempt("a disk", lambda: os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(254, 0)))
attempt("memory", lambda: os.mknod("memory", stat.S_IFCHR | 0o600, os.makedev(1, 1)))
attempt("memory outside", lambda: os.mknod("{outside}/memory", stat.S_IFCHR | 0o600, os.makedev(1, 1)))
""",
)
add(
    "make_and_remove_folders",
    "files",
    r"""
attempt("mkdir", lambda: os.mkdir("{outside}/made"))
attempt("raw", lambda: call(NR_mkdir, b"{outside}/made2\0", 0o755))
attempt("rmdir", lambda: os.rmdir("{outside}/empty"))
attempt("unlink", lambda: os.unlink("{outside}/victim.txt"))
attempt("remove the folder", lambda: os.rmdir("{outside}"))
import shutil
attempt("tree", lambda: shutil.rmtree("{outside}/tree"))
""",
    harmless=True,
)
add(
    "through_proc_self",
    "files",
    r"""
deep = "../" * 40
for way in ("/proc/self/cwd/" + deep, "/proc/self/root" + "/", "/proc/thread-self/root" + "/", f"/proc/{(os.getppid() or 1)}/root" + "/",
            f"/proc/{(os.getppid() or 1)}/cwd/" + deep, "/proc/{victim_pid}/root" + "/", "/proc/1/root" + "/", "/dev/fd/../root" + "/",
            "/proc/self/task/../root" + "/", "./" + deep, "//"):
    attempt(f"write by {way}", lambda: open(way + "{outside}/by-proc.txt", "a").write("was here"))
    attempt(f"list by {way}", lambda: os.listdir(way + "{outside}"))
""",
    harmless=True,
)
add(
    "through_descriptors",
    "files",
    r"""
for flags in (os.O_PATH, os.O_PATH | os.O_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY):
    try:
        folder = os.open("{outside}", flags)
    except OSError as error:
        print("refused:", flags, error)
        continue
    attempt("openat", lambda: os.open("by-descriptor.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    attempt("reopened", lambda: open(f"/proc/self/fd/{folder}/reopened.txt", "w").write("x"))
    attempt("reopened by /dev/fd", lambda: open(f"/dev/fd/{folder}/reopened2.txt", "w").write("x"))
    attempt("fchdir", lambda: os.fchdir(folder) or open("here.txt", "w").write("x"))
try:
    target = os.open("{outside}/victim.txt", os.O_PATH)
    attempt("reopen for writing", lambda: open(f"/proc/self/fd/{target}", "r+").write("X"))
    attempt("link from a descriptor", lambda: os.link(f"/proc/self/fd/{target}", "linked", follow_symlinks=True))
except OSError as error:
    print("refused:", error)
""",
    harmless=True,
)
add(
    "dots_from_a_descriptor",
    "files",
    r"""
here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
steps = len(os.getcwd().split("/")) if os.getcwd() else 12
attempt("all at once", lambda: os.open("../" * 40 + "{outside}/dots.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here))
attempt("one above", lambda: os.listdir(os.open("..", os.O_RDONLY, dir_fd=here)))
for _ in range(steps):
    here = os.open("..", os.O_PATH | os.O_DIRECTORY, dir_fd=here)
attempt("from the top", lambda: os.open("{outside}/dots2.txt".lstrip("/"), os.O_CREAT | os.O_WRONLY, dir_fd=here))
attempt("list the top", lambda: os.listdir(f"/proc/self/fd/{here}"))
os.makedirs("a/b/c", exist_ok=True)
inside = os.open("a/b/c", os.O_RDONLY)
attempt("moved from under", lambda: os.rename("a/b/c", "c") or os.listdir(os.open("../../..", os.O_RDONLY, dir_fd=inside)))
""",
    harmless=True,
)
add(
    "by_handle",
    "files",
    r"""
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
handle, mount = Handle(128), ctypes.c_int()
print("handle:", call(NR_name_to_handle_at, -100, b"{outside}/victim.txt\0", ctypes.byref(handle), ctypes.byref(mount), 0))
for place in (b"/\0", b".\0"):
    base = call(NR_openat, -100, place, 0o200000, 0)
    attempt("open", lambda: call(NR_open_by_handle_at, base, ctypes.byref(handle), 0))
# The root of the file system has number 2 on ext4: guessing is how containers were left once.
guess = Handle(8, 1, (ctypes.c_ubyte * 128)(2, 0, 0, 0, 0, 0, 0, 0))
attempt("guess", lambda: call(NR_open_by_handle_at, call(NR_openat, -100, b".\0", 0o200000, 0), ctypes.byref(guess), 0))
""",
)
add(
    "unnamed_file_given_a_name",
    "files",
    r"""
O_TMPFILE = 0o20200000
attempt("outside", lambda: os.write(os.open("{outside}", O_TMPFILE | os.O_RDWR), b"x"))
try:
    mine = os.open(".", O_TMPFILE | os.O_RDWR, 0o600)
    os.write(mine, b"named later")
    attempt("named outside", lambda: call(NR_linkat, mine, b"\0", -100, b"{outside}/named.txt\0", 0x1000))
    attempt("named outside by proc",
            lambda: call(NR_linkat, -100, f"/proc/self/fd/{mine}\0".encode(), -100, b"{outside}/named2.txt\0", 0x400))
except OSError as error:
    print("refused:", error)
""",
    harmless=True,
)
