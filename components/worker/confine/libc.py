"""The C library's ``prctl``, ``syscall`` and ``madvise``, which Python does not offer as they are needed here."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

IS_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *arguments: Any) -> int:
    """Call ``prctl(2)`` with up to four arguments; raises ``OSError``."""
    words = [_word(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *words), f"prctl {option}")


def syscall(number: int, *arguments: Any) -> int:
    """Make a system call by its number; integers and byte strings become machine words and pointers."""
    return _checked(_libc.syscall(ctypes.c_long(number), *map(_word, arguments)), f"system call {number}")


def advise(address: int, size: int, advice: int) -> bool:
    """Call ``madvise(2)`` for memory of this process; return whether the kernel has followed the advice."""
    return bool(_libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(advice)) == 0)


def _word(value: Any) -> Any:
    return ctypes.c_ulong(value) if isinstance(value, int) else value


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
