"""Hostile programs. Kernel interfaces: whatever is not needed to compute is refused, however it is called."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add, add_native

add_native("kernel", {
    "ptrace_traceme": "call(NR_ptrace, 0, 0, 0, 0)",
    "ptrace_attach_to_the_victim": "call(NR_ptrace, 16, {victim_pid}, 0, 0)",
    "ptrace_seize_the_parent": "call(NR_ptrace, 0x4206, (os.getppid() or 1), 0, 0)",
    "kcmp": "call(NR_kcmp, os.getpid(), {victim_pid}, 0, 0, 0)",
    "userfaultfd": "call(NR_userfaultfd, 1)",
    "io_uring": "call(NR_io_uring_setup, 4, ctypes.create_string_buffer(120))",
    "unshare_user": "call(NR_unshare, 0x10000000)",
    "unshare_network": "call(NR_unshare, 0x40000000)",
    "unshare_mounts": "call(NR_unshare, 0x20000)",
    "umount": "call(NR_umount2, b'/proc\\0', 2)",
    "chroot": "call(NR_chroot, b'.\\0')",
    "pivot_root": "call(NR_pivot_root, b'.\\0', b'.\\0')",
    "reboot": "call(NR_reboot, 0xFEE1DEAD, 672274793, 0, None)",
    "swapon": "call(NR_swapon, b'swap\\0', 0)",
    "swapoff": "call(NR_swapoff, b'/dev/{abstract}\\0')",
    "init_module": "call(NR_init_module, b'\\x7fELF' + bytes(100), 104, b'\\0')",
    "finit_module": "call(NR_finit_module, os.open('module.ko', 0o102), b'\\0', 0)",
    "delete_module": "call(NR_delete_module, b'hostile_module\\0', 0o4000)",
    "kexec_load": "call(NR_kexec_load, 0, 0, None, 0)",
    "kexec_file_load": "call(NR_kexec_file_load, 0, 0, 0, b'\\0', 4)",
    "personality": "call(NR_personality, 0x0440000)",
    "seccomp_mode": "call(NR_prctl, 22, 2, 0, 0, 0)",
    "acct": "call(NR_acct, None)",
    "vhangup": "call(NR_vhangup)",
    "iopl": "call(NR_iopl, 3)",
    "ioperm": "call(NR_ioperm, 0x70, 2, 1)",
    "modify_ldt": "call(NR_modify_ldt, 0, ctypes.create_string_buffer(64), 64)",
    "uselib": "call(NR_uselib, b'/lib64/ld-linux-x86-64.so.2\\0')",
    "sethostname": "call(NR_sethostname, b'hostile', 7)",
    "setdomainname": "call(NR_setdomainname, b'hostile', 7)",
    "syslog": "call(NR_syslog, 3, ctypes.create_string_buffer(4096), 4096)",
    "syslog_size": "call(NR_syslog, 10, None, 0)",
    "quotactl": "call(NR_quotactl, 0x80000100, None, 0, None)",
    "fanotify": "call(NR_fanotify_init, 0, 0)",
    "fanotify_unprivileged": "call(NR_fanotify_init, 0x200, 0)",
    "fsopen": "call(NR_fsopen, b'tmpfs\\0', 0)",
    "fspick": "call(NR_fspick, -100, b'/\\0', 0)",
    "open_tree": "call(NR_open_tree, -100, b'/\\0', 1)",
    "process_mrelease": "call(NR_process_mrelease, call(NR_pidfd_open, {victim_pid}, 0), 0)",
    "process_madvise": "call(NR_process_madvise, call(NR_pidfd_open, {victim_pid}, 0), (ctypes.c_long * 2)(), 0, 20, 0)",
    "signalfd": "call(NR_signalfd4, -1, (ctypes.c_uint64 * 1)(-1), 8, 0) and -1",
})  # fmt: skip
add(
    "write_the_memory_of_others",
    "kernel",
    r"""
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
data = ctypes.create_string_buffer(b"hostile", 8)
for pid in ({victim_pid}, (os.getppid() or 1)):
    for place in (id(object()), id(print), id(sys.modules)):
        here, there = Piece(ctypes.addressof(data), 8), Piece(place, 8)
        attempt(f"read {pid}", lambda: call(NR_process_vm_readv, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
        attempt(f"write {pid}", lambda: call(NR_process_vm_writev, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
""",
)
add(
    "bpf",
    "kernel",
    r"""
attributes = (ctypes.c_uint32 * 32)(2, 4, 4, 1)
attempt("map", lambda: call(NR_bpf, 0, attributes, 128))
code = (ctypes.c_uint64 * 2)(0xB7, 0x95)
program = (ctypes.c_uint64 * 16)(1 | 2 << 32, ctypes.addressof(code), ctypes.addressof(ctypes.create_string_buffer(b"GPL")))
attempt("program", lambda: call(NR_bpf, 5, program, 128))
attempt("next id", lambda: call(NR_bpf, 11, (ctypes.c_uint32 * 32)(), 128))
""",
)
add(
    "perf_events",
    "kernel",
    r"""
attributes = (ctypes.c_uint32 * 32)(1, 128, 0, 0)
for pid in (0, {victim_pid}, (os.getppid() or 1), -1):
    attempt(f"software clock of {pid}", lambda: call(NR_perf_event_open, attributes, pid, 0 if pid == -1 else -1, -1, 0))
""",
)
add(
    "io_uring_that_opens_a_file",
    "kernel",
    r"""
# Rings do their work in the kernel, past filters of system calls.
parameters = ctypes.create_string_buffer(120)
ring = attempt("set up", lambda: call(NR_io_uring_setup, 8, parameters))
for flags in (1, 2, 1 << 6, 1 << 13):
    again = (ctypes.c_uint32 * 30)(0, 0, flags)
    attempt(f"flags {flags}", lambda: call(NR_io_uring_setup, 8, again))
""",
)
add(
    "keys",
    "kernel",
    r"""
attempt("add_key", lambda: call(NR_add_key, b"user\0", b"{abstract}-kernel\0", b"x", 1, -3))
attempt("to the user's ring", lambda: call(NR_add_key, b"user\0", b"{abstract}-user\0", b"x", 1, -4))
attempt("join a session", lambda: call(NR_keyctl, 1, b"{abstract}-session\0", 0, 0, 0))
attempt("ring's number", lambda: call(NR_keyctl, 0, -4, 0, 0, 0))
attempt("persistent", lambda: call(NR_keyctl, 22, -1, -3, 0, 0))
attempt("request", lambda: call(NR_request_key, b"user\0", b"anything\0", None, 0))
""",
)
add(
    "mount",
    "kernel",
    r"""
os.makedirs("place", exist_ok=True)
attempt("tmpfs", lambda: call(NR_mount, b"{abstract}\0", b"place\0", b"tmpfs\0", 0, None))
attempt("proc", lambda: call(NR_mount, b"{abstract}\0", b"place\0", b"proc\0", 0, None))
attempt("bind", lambda: call(NR_mount, b"{outside}\0", b"place\0", None, 4096, None))
attempt("overlay", lambda: call(NR_mount, b"{abstract}\0", b"place\0", b"overlay\0", 0, b"lowerdir=/,upperdir=place,workdir=."))
attempt("move", lambda: call(NR_move_mount, -100, b"place\0", -100, b"{outside}\0", 0))
attempt("attributes", lambda: call(NR_mount_setattr, -100, b"place\0", 0, (ctypes.c_uint64 * 4)(1), 32))
attempt("listed", lambda: call(NR_listmount, (ctypes.c_uint64 * 4)(32, -1), (ctypes.c_uint64 * 8)(), 8, 0))
attempt("then look", lambda: os.listdir("place") or False)
""",
)
add(
    "namespaces_with_capabilities",
    "kernel",
    r"""
# In a user namespace of its own a program would have all capabilities, as far as that goes.
attempt("user and mounts", lambda: call(NR_unshare, 0x10020000))
attempt("map", lambda: open("/proc/self/uid_map", "w").write("0 0 1"))
attempt("setgroups", lambda: open("/proc/self/setgroups", "w").write("deny"))
for name in ("mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"):
    for pid in ((os.getppid() or 1), {victim_pid}, 1):
        attempt(f"join {name} of {pid}", lambda: call(NR_setns, os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), 0))
attempt("join by a process", lambda: call(NR_setns, call(NR_pidfd_open, {victim_pid}, 0), 0x20000))
""",
)
add(
    "process_controls",
    "kernel",
    r"""
for what, option, value in (
    ("dumpable", 4, 1), ("keep capabilities", 8, 1), ("secure bits", 28, 0), ("timestamp counter", 26, 2),
    ("traced by anyone", 0x59616D61, -1), ("no death signal", 1, 0), ("child subreaper", 36, 1),
    ("speculation", 53, 0), ("ambient capability", 47, 2), ("scheduling core", 62, 1), ("memory map", 35, 1),
    ("syscall dispatch", 59, 1), ("fault handling", 33, 1), ("io flusher", 57, 1), ("endian", 20, 1),
):
    attempt(what, lambda: call(NR_prctl, option, value, 0, 0, 0))
attempt("dumpable by libc", lambda: LIBC.prctl(4, 1, 0, 0, 0))
if call(NR_prctl, 39, 0, 0, 0, 0) == 0:
    escaped("new privileges may be had")
if call(NR_prctl, 3, 0, 0, 0, 0) == 1:
    escaped("is dumpable")
""",
)
add(
    "take_the_filter_off",
    "kernel",
    r"""
# A filter can only be added to, never replaced; one that says yes to everything must change nothing.
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
allow = (ctypes.c_uint64 * 1)(0x06 | 0x7FFF0000 << 32)
filter = Filter(1, ctypes.addressof(allow))
print("filter by seccomp:", call(NR_seccomp, 1, 0, ctypes.byref(filter)))
print("filter by prctl:", call(NR_prctl, 22, 2, ctypes.byref(filter), 0, 0))
print("strict off:", call(NR_seccomp, 0, 1, None))
attempt("listener", lambda: call(NR_seccomp, 1, 8, ctypes.byref(filter)))
attempt("a socket afterwards", lambda: call(NR_socket, 2, 1, 0))
attempt("a process afterwards", lambda: call(NR_fork) or LIBC.syscall(231, 0))
""",
)
add(
    "landlock_once_more",
    "kernel",
    r"""
import struct
# A new ruleset that allows everything can only take away more.
ruleset = call(NR_landlock_create_ruleset, struct.pack("QQQ", 0x1FFF, 0, 0), 24, 0)
print("ruleset", ruleset)
if ruleset >= 0:
    top = call(NR_openat, -100, b"/\0", 0o10000000, 0)
    print("rule", call(NR_landlock_add_rule, ruleset, 1, struct.pack("=Qi", 0x1FFF, top), 0))
    print("restricted", call(NR_landlock_restrict_self, ruleset, 0))
attempt("a secret afterwards", lambda: open("{secret_file}").read())
attempt("a file outside afterwards", lambda: open("{outside}/after-landlock.txt", "w").write("x"))
""",
)
add(
    "become_somebody",
    "kernel",
    r"""
for what, action in (
    ("setuid 0", lambda: call(NR_setuid, 0) if os.getuid() else -1),
    ("setreuid", lambda: call(NR_setreuid, -1, 0) if os.getuid() else -1),
    ("setresuid to another", lambda: call(NR_setresuid, 12345, 12345, 12345)),
    ("setgroups", lambda: call(NR_setgroups, 0, None)),
    ("capset", lambda: call(126, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(0xFFFFFFFF, 0xFFFFFFFF, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0))),
    ("nice", lambda: os.nice(-10) + 100),
    ("any file, by capability", lambda: open("/etc/shadow").read(10)),
):
    attempt(what, action)
buffer = (ctypes.c_uint32 * 6)()
if call(125, (ctypes.c_uint32 * 2)(0x20080522, 0), buffer) == 0 and any(buffer):
    escaped(f"capabilities {list(buffer)}")
""",
)
add(
    "watch_files",
    "kernel",
    r"""
watcher = call(NR_inotify_init1, 0)
print("watcher", watcher)
if watcher >= 0:
    for place in (b"{outside}\0", b"/etc\0", b"/tmp\0", b"{app}\0", b"..\0"):
        attempt(f"watch {place}", lambda: call(NR_inotify_add_watch, watcher, place, 0xFFF))
attempt("fanotify", lambda: call(NR_fanotify_mark, call(NR_fanotify_init, 0x200, 0), 1, 2, -100, b"{outside}\0"))
""",
    harmless=True,
)
add(
    "the_clock",
    "kernel",
    r"""
# Set to what it is: the wall is the same, and nobody's clock goes wrong.
now = (ctypes.c_long * 2)(int(time.time()), 0)
attempt("settimeofday", lambda: call(NR_settimeofday, now, None))
attempt("clock_settime", lambda: call(NR_clock_settime, 0, now))
attempt("adjtimex", lambda: call(NR_adjtimex, (ctypes.c_long * 40)(0x4000)))
attempt("clock_adjtime", lambda: call(NR_clock_adjtime, 0, (ctypes.c_long * 40)(0x4000)))
attempt("zone", lambda: call(NR_settimeofday, None, (ctypes.c_int * 2)(0, 0)))
""",
)
add(
    "terminal_input",
    "kernel",
    r"""
import fcntl
places = [0, 1, 2, 3]
for path in ("/dev/tty", "/dev/console", "/dev/tty1", "/dev/pts/0"):
    try:
        places.append(os.open(path, os.O_RDWR))
        escaped(f"opened {path}")
    except OSError as error:
        print("refused:", error)
for place in places:
    attempt(f"type into {place}", lambda: fcntl.ioctl(place, 0x5412, b"\n"))
    attempt(f"console of {place}", lambda: fcntl.ioctl(place, 0x541C, b"\x02"))
    attempt(f"take {place}", lambda: fcntl.ioctl(place, 0x540E, 1))
    attempt(f"type, high bits set {place}", lambda: call(NR_ioctl, place, 0x100005412, b"\n\0"))
""",
)
add(
    "memory_of_other_nodes",
    "kernel",
    r"""
attempt("move pages", lambda: call(NR_move_pages, {victim_pid}, 0, None, None, None, 0))
attempt("migrate", lambda: call(NR_migrate_pages, {victim_pid}, 8, (ctypes.c_uint64 * 1)(1), (ctypes.c_uint64 * 1)(1)))
attempt("move pages of the parent", lambda: call(NR_move_pages, (os.getppid() or 1), 0, None, None, None, 0))
""",
    harmless=True,
)
add(
    "x32_calls",
    "kernel",
    r"""
# The same kernel code under numbers that a filter for plain numbers does not know.
X32 = 0x40000000
attempt("getpid", lambda: call(X32 | 39))
attempt("open", lambda: call(X32 | NR_open, b"{secret_file}\0", 0, 0))
attempt("openat", lambda: call(X32 | NR_openat, -100, b"{secret_file}\0", 0, 0))
attempt("socket", lambda: call(X32 | NR_socket, 2, 1, 0))
attempt("fork", lambda: call(X32 | NR_fork) or LIBC.syscall(231, 0))
attempt("ptrace", lambda: call(X32 | 521, 0, 0, 0, 0))
attempt("execve", lambda: call(X32 | 520, b"/bin/true\0", None, None))
""",
)
add(
    "numbers_with_high_bits",
    "kernel",
    r"""
# The kernel looks at 32 bits of the number; a filter must look at the same.
for high in (1 << 32, 1 << 63, 0xFFFFFFFF << 32):
    attempt("socket", lambda: call(high | NR_socket, 2, 1, 0))
    attempt("open", lambda: call(high | NR_open, b"{secret_file}\0", 0, 0))
for number in (-1, 0x7FFFFFFF, 0x80000000, 512, 547, 1000, 0x20000000):
    attempt(f"number {number:#x}", lambda: call(number, 0, 0, 0, 0))
""",
)
_MACHINE_CODE = r"""
import mmap
PAGE_LOW = 0x40
def run(code, text=b""):
    "Runs machine code from a page below 4 GiB that also holds a text, at its offset 0x800."
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    place = LIBC.mmap(None, 4096, 7, 0x22 | PAGE_LOW, -1, 0)
    ctypes.memmove(place + 0x800, text + b"\0", len(text) + 1)
    made = code(place + 0x800)
    ctypes.memmove(place, made, len(made))
    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()
"""
add(
    "calls_of_32_bits",
    "kernel",
    _MACHINE_CODE
    + r"""
# push rbx; mov eax, number; mov ebx, first; xor ecx, ecx; xor edx, edx; int 0x80; pop rbx; ret
def old(number):
    return lambda text: (b"\x53\xb8" + number.to_bytes(4, "little") + b"\xbb" + text.to_bytes(4, "little")
                         + bytes.fromhex("31c931d2cd805bc3"))
print("about to make a call by int 0x80", flush=True)
attempt("getpid", lambda: run(old(20)))
attempt("open the secret", lambda: run(old(5), b"{secret_file}"))
attempt("mkdir", lambda: run(old(39), b"{outside}/made-by-int-0x80"))
attempt("unlink", lambda: run(old(10), b"{outside}/victim.txt"))
attempt("fork", lambda: run(old(2)) or LIBC.syscall(231, 0))
""",
)
add(
    "calls_by_machine_code",
    "kernel",
    _MACHINE_CODE
    + r"""
# Past the C library: mov eax, number; mov edi, text; xor esi, esi; xor edx, edx; syscall; ret
def direct(number):
    return lambda text: (b"\xb8" + number.to_bytes(4, "little") + b"\xbf" + text.to_bytes(4, "little")
                         + bytes.fromhex("31f631d20f05c3"))
attempt("open the secret", lambda: run(direct(2), b"{secret_file}"))
attempt("unlink", lambda: run(direct(87), b"{outside}/victim.txt"))
attempt("chroot", lambda: run(direct(161), b"."))
""",
    harmless=False,
)
add(
    "sysenter_and_far_jumps",
    "kernel",
    _MACHINE_CODE
    + r"""
print("about to enter the kernel by sysenter", flush=True)
attempt("sysenter", lambda: run(lambda text: bytes.fromhex("b814000000 0f34 c3")))
""",
)
add(
    "far_jump_to_32_bits",
    "kernel",
    _MACHINE_CODE
    + r"""
# A far return into the 32-bit code segment 0x23, where `int 0x80` opens a file; then the process may well die.
def code(text):
    start = text - 0x800
    inner = (b"\xb8\x05\0\0\0\xbb" + text.to_bytes(4, "little") + bytes.fromhex("31c931d2cd80 ebfe"))
    enter = b"\x68" + b"\x23\0\0\0" + b"\x68" + (start + 0x20).to_bytes(4, "little") + bytes.fromhex("48cb")
    return enter.ljust(0x20, b"\x90") + inner
print("about to change to 32 bits", flush=True)
run(code, b"{secret_file}")
""",
)
add(
    "vsyscall_page",
    "kernel",
    r"""
time_at = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(0xFFFFFFFFFF600400)
print("about to call the page", flush=True)
print(time_at(None))
""",
)
add(
    "kernel_settings",
    "kernel",
    r"""
for path in ("/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
             "/proc/sys/vm/drop_caches", "/proc/sys/kernel/randomize_va_space", "/proc/sysrq-trigger",
             "/proc/self/oom_score_adj", "/proc/self/uid_map", "/proc/self/attr/current", "/proc/self/coredump_filter",
             "/proc/self/clear_refs", "/proc/self/mem", "/proc/self/comm", "/sys/kernel/uevent_helper",
             "/sys/fs/cgroup/cgroup.procs", "/sys/power/state", "/sys/kernel/debug", "/proc/acpi", "/dev/cpu/0/msr",
             "/proc/irq/default_smp_affinity", "/dev/watchdog", "/dev/rtc", "/dev/loop-control", "/dev/hwrng"):
    attempt(path, lambda: os.open(path, os.O_WRONLY))
""",
)
add(
    "raise_the_limits",
    "kernel",
    r"""
import resource
for name in ("AS", "CPU", "NOFILE", "FSIZE", "CORE", "NPROC", "STACK", "MEMLOCK", "MSGQUEUE", "DATA", "RTPRIO", "NICE"):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        print(name, "is not limited")
        continue
    attempt(f"{name} without end", lambda: resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    attempt(f"{name} twice", lambda: call(NR_prlimit64, 0, int(kind), (ctypes.c_uint64 * 2)(2 * hard + 2, 2 * hard + 2), None))
    attempt(f"{name} by setrlimit", lambda: call(NR_setrlimit, int(kind), (ctypes.c_uint64 * 2)(hard + 1, hard + 1)))
""",
)
add(
    "arguments_that_confuse",
    "kernel",
    r"""
# Wrong pointers, sizes and flags into calls that are allowed: errors, not crashes of anybody else.
for number in (0, 1, 9, 10, 11, 13, 14, 20, 25, 28, 35, 72, 202, 228, 230, 257, 262, 318, 324, 332, 334):
    for words in ((-1, -1, -1, -1, -1, -1), (3, 0, 1 << 62, 0, 0, 0), (0, 1, 1 << 47, -1, 1 << 63, 0)):
        if number in (10, 11, 25, 28) and words[0] != -1:
            continue
        if number == 0 and words[0] in (3, 0):
            continue
        print(number, call(number, *words))
""",
)
