"""Hostile programs. Signals: to nobody but oneself, by whatever way."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add, add_native

add_native("signals", {
    "end_the_parent": "os.kill((os.getppid() or 1), 9)",
    "stop_the_parent": "os.kill((os.getppid() or 1), 19)",
    "end_the_parents_group": "os.killpg(os.getpgid((os.getppid() or 1)), 9)",
})  # fmt: skip
add_native("signals", {
    "end_the_victim": "os.kill({victim_pid}, 9)",
    "stop_the_victim": "os.kill({victim_pid}, 19)",
    "ask_the_victim_to_end": "call(NR_kill, {victim_pid}, 15)",
    "is_the_victim_there": "call(NR_kill, {victim_pid}, 0)",
    "end_the_victims_thread": "call(NR_tgkill, {victim_pid}, {victim_pid}, 10)",
    "end_the_victims_thread_2": "call(NR_tkill, {victim_pid}, 12)",
    "queue_to_the_victim": "call(NR_rt_sigqueueinfo, {victim_pid}, 12, (ctypes.c_int * 32)(12, 0, -1))",
    "queue_to_its_thread":
        "call(NR_rt_tgsigqueueinfo, {victim_pid}, {victim_pid}, 12, (ctypes.c_int * 32)(12, 0, -1))",
}, harmless=True)  # fmt: skip
add(
    "signal_everybody",
    "signals",
    r"""
import signal
# SIGURG ends nobody: were this let through, the victim would tell of it and the machine would go on.
attempt("kill -1", lambda: os.kill(-1, signal.SIGURG))
attempt("raw", lambda: call(NR_kill, -1, signal.SIGURG))
attempt("everybody by number", lambda: any(call(NR_kill, pid, 0) == 0 for pid in range(2, 32768) if pid != os.getpid()))
""",
)
add(
    "signal_the_own_group",
    "signals",
    r"""
# Only what is in this process's own group may die of it.
attempt("join the parent's group", lambda: call(NR_setpgid, 0, os.getpgid((os.getppid() or 1))))
attempt("join the victim's group", lambda: call(NR_setpgid, 0, {victim_pid}))
os.kill(0, 9)
""",
)
add(
    "signal_by_a_process_descriptor",
    "signals",
    r"""
for pid in ({victim_pid}, (os.getppid() or 1)):
    descriptor = attempt(f"open {pid}", lambda: call(NR_pidfd_open, pid, 0))
    if descriptor is not None:
        attempt(f"signal {pid}", lambda: call(NR_pidfd_send_signal, descriptor, 10, None, 0))
        attempt(f"take a descriptor of {pid}", lambda: call(NR_pidfd_getfd, descriptor, 0, 0))
attempt("open a folder of /proc", lambda: call(NR_pidfd_send_signal, os.open("/proc/{victim_pid}", os.O_RDONLY), 10, None, 0))
""",
)
add(
    "signals_sent_by_a_pipe",
    "signals",
    r"""
import fcntl
reader, writer = os.pipe()
attempt("owner", lambda: fcntl.fcntl(reader, 8, {victim_pid}))
attempt("owner by structure", lambda: call(NR_fcntl, reader, 15, (ctypes.c_int * 2)(1, {victim_pid})))
attempt("which signal", lambda: fcntl.fcntl(reader, 10, 12) and -1)
fcntl.fcntl(reader, fcntl.F_SETFL, 0o20000)  # and to nobody, while it has no owner
os.write(writer, b"x")
print("owner of the pipe:", call(NR_fcntl, reader, 9, 0))
""",
    harmless=True,
)
add(
    "signals_sent_by_the_result_pipe",
    "signals",
    r"""
attempt("owner", lambda: call(NR_fcntl, 3, 8, (os.getppid() or 1)))
attempt("owner by structure", lambda: call(NR_fcntl, 3, 15, (ctypes.c_int * 2)(1, (os.getppid() or 1))))
print("which signal", call(NR_fcntl, 3, 10, 10), "asynchronous", call(NR_fcntl, 3, 4, 0o20001))
""",
)
add(
    "signals_sent_by_ioctl",
    "signals",
    r"""
import socket
try:
    reader, writer = (one.detach() for one in socket.socketpair())
except OSError as error:
    print("refused:", error)
    reader, writer = os.pipe()
attempt("FIOSETOWN", lambda: call(NR_ioctl, reader, 0x8901, (ctypes.c_int * 1)({victim_pid})))
attempt("SIOCSPGRP", lambda: call(NR_ioctl, reader, 0x8902, (ctypes.c_int * 1)({victim_pid})))
call(NR_ioctl, reader, 0x5452, (ctypes.c_int * 1)(1))
os.write(writer, b"x")
attempt("terminal's group", lambda: call(NR_ioctl, 0, 0x5410, (ctypes.c_int * 1)({victim_pid})))
""",
    harmless=True,
)
add(
    "signals_sent_by_timers_and_leases",
    "signals",
    r"""
import fcntl
class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("notify", ctypes.c_int), ("thread", ctypes.c_int),
                ("rest", ctypes.c_char * 44)]
number = ctypes.c_int()
attempt("timer to the victim", lambda: call(NR_timer_create, 1, ctypes.byref(Event(None, 12, 4, {victim_pid})), ctypes.byref(number)))
attempt("queue's notice", lambda: call(NR_mq_notify, 3, ctypes.byref(Event(None, 12, 4, {victim_pid}))))
attempt("folder's notice", lambda: fcntl.fcntl(os.open("{outside}", os.O_RDONLY), 1026, 0x80000006))
""",
    harmless=True,
)
add(
    "scheduling_of_others",
    "signals",
    r"""
for pid in ({victim_pid}, (os.getppid() or 1)):
    attempt(f"nice value of {pid}", lambda: call(NR_setpriority, 0, pid, 19))
    attempt(f"processors of {pid}", lambda: call(NR_sched_setaffinity, pid, 8, (ctypes.c_uint64 * 1)(1)))
    attempt(f"policy of {pid}", lambda: call(NR_sched_setscheduler, pid, 5, (ctypes.c_int * 1)(0)))
    attempt(f"attributes of {pid}", lambda: call(NR_sched_setattr, pid, (ctypes.c_uint32 * 14)(56, 3), 0))
    attempt(f"disk priority of {pid}", lambda: call(NR_ioprio_set, 1, pid, 3 << 13))
    attempt(f"limits of {pid}", lambda: call(NR_prlimit64, pid, 4, (ctypes.c_uint64 * 2)(0, 0), None))
    attempt(f"kills when memory is short: {pid}", lambda: open(f"/proc/{pid}/oom_score_adj", "w").write("999"))
attempt("real time for oneself", lambda: call(NR_sched_setscheduler, 0, 1, (ctypes.c_int * 1)(99)))
""",
)
add(
    "ignore_all_signals",
    "signals",
    r"""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, set(range(1, 65)))
print("deaf")
while True:
    pass
""",
    helped=False,
)
add(
    "block_signals_by_raw_calls",
    "signals",
    r"""
call(NR_rt_sigprocmask, 2, (ctypes.c_uint64 * 1)(0xFFFFFFFFFFFFFFFF), None, 8)
call(NR_setitimer, 0, (ctypes.c_long * 4)(), None)
for number in range(1, 65):
    call(NR_rt_sigaction, number, (ctypes.c_uint64 * 4)(1, 0, 0, 0), None, 8)
while True:
    LIBC.usleep(100_000)
""",
)
add(
    "handlers_replaced",
    "signals",
    r"""
import signal
def again(number, frame):
    signal.setitimer(signal.ITIMER_REAL, 0)
for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU, signal.SIGUSR1, signal.SIGVTALRM, signal.SIGINT):
    signal.signal(number, again)
signal.siginterrupt(signal.SIGALRM, False)
print("mine now")
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    helped=False,
)
add(
    "storm_of_alarms",
    "signals",
    r"""
import signal
count = 0
def ring(number, frame):
    global count
    count += 1
for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF):
    signal.signal(number, ring)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
signal.setitimer(signal.ITIMER_VIRTUAL, 1e-6, 1e-6)
signal.setitimer(signal.ITIMER_PROF, 1e-6, 1e-6)
end = time.monotonic() + 30
while time.monotonic() < end:
    pass
print(count)
""",
)
add(
    "signals_to_oneself",
    "signals",
    r"""
import signal, threading
def storm():
    while True:
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            try:
                signal.raise_signal(number)
                os.kill(os.getpid(), number)
            except BaseException:
                pass
threading.Thread(target=storm, daemon=True).start()
storm()
""",
)
add(
    "survive_the_parent",
    "signals",
    r"""
# Undo what ends this process when its parent dies.
attempt("no death signal", lambda: call(NR_prctl, 1, 0, 0, 0, 0))
attempt("be a subreaper", lambda: call(NR_prctl, 36, 1, 0, 0, 0))
attempt("a session of its own", lambda: os.setsid())
""",
)
