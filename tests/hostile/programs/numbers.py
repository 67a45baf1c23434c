"""The numbers of system calls, for hostile programs that make them without the C library."""

from __future__ import annotations

from typing import Final

# System calls of x86-64, from the kernel's table.
NUMBERS: Final[dict[str, int]] = {
    "read": 0, "write": 1, "open": 2, "mmap": 9, "rt_sigaction": 13, "rt_sigprocmask": 14, "ioctl": 16,
    "shmget": 29, "shmat": 30, "shmctl": 31, "dup2": 33, "setitimer": 38, "sendfile": 40, "socket": 41, "connect": 42,
    "sendto": 44, "bind": 49, "listen": 50, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59,
    "kill": 62, "semget": 64, "semctl": 66, "msgget": 68, "msgsnd": 69, "msgctl": 71, "fcntl": 72, "truncate": 76,
    "rename": 82, "mkdir": 83, "creat": 85, "link": 86, "symlink": 88, "chmod": 90, "chown": 92, "ptrace": 101,
    "syslog": 103, "setuid": 105, "setpgid": 109, "setreuid": 113, "setgroups": 116, "setresuid": 117,
    "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133, "uselib": 134, "personality": 135, "setpriority": 141,
    "sched_setscheduler": 144, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "prctl": 157, "arch_prctl": 158,
    "adjtimex": 159, "setrlimit": 160, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "gettid": 186, "setxattr": 188, "tkill": 200,
    "futex": 202, "sched_setaffinity": 203, "remap_file_pages": 216, "timer_create": 222, "clock_settime": 227,
    "exit_group": 231, "tgkill": 234, "mbind": 237, "mq_open": 240, "mq_notify": 244, "kexec_load": 246,
    "add_key": 248, "request_key": 249, "keyctl": 250, "ioprio_set": 251, "inotify_add_watch": 254,
    "migrate_pages": 256, "openat": 257, "futimesat": 261, "linkat": 265, "unshare": 272, "splice": 275,
    "vmsplice": 278, "move_pages": 279, "utimensat": 280, "signalfd4": 289, "inotify_init1": 294,
    "rt_tgsigqueueinfo": 297, "perf_event_open": 298, "fanotify_init": 300, "fanotify_mark": 301, "prlimit64": 302,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "sched_setattr": 314, "renameat2": 316,
    "seccomp": 317, "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "execveat": 322, "userfaultfd": 323,
    "copy_file_range": 326, "pkey_alloc": 330, "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fspick": 433, "pidfd_open": 434, "clone3": 435, "openat2": 437,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
    "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446, "memfd_secret": 447,
    "process_mrelease": 448, "fchmodat2": 452, "statmount": 457, "listmount": 458, "lsm_set_self_attr": 460,
}  # fmt: skip
