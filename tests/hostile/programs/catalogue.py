"""Hostile programs, as data: each is the whole text of a program that a stranger might run in the sandbox.

A program tries hard and prints a line ``ESCAPED: <what>`` if, and only if, it saw something forbidden succeed. That is
a hint: the judge is ``tests.hostile.outside.world``, which looks at what happened outside. Facts come in through the
placeholders of ``tests.hostile.outside.world.PLACEHOLDERS``, by ``str.replace``; braces of f-strings never hold those names.

``NR_name`` in a body stands for that system call's number on x86-64 and is replaced here, so that the programs are
plain text. Programs that only make sense with company name it: ``before`` ran earlier, in a run of its own, and
``beside`` runs at the same time in another child; both may hold ``{token}``, the secret, where they are innocent.

Where a success would harm the machine the arguments are such that the same wall is knocked at without the harm:
``kill(-1)`` sends SIGURG, which nobody dies of, ``reboot`` only asks for Ctrl-Alt-Del to be let be, the clock is set to
the time that it is, and bombs stop once they are well past every limit. Still, only what is marked ``harmless`` may run
without walls: it touches nothing but what the harness has set up, and ends by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tests.hostile.programs.numbers import NUMBERS

GROUPS: Final = (
    "secrets",
    "files",
    "runs",
    "network",
    "signals",
    "processes",
    "kernel",
    "resources",
    "results",
    "markup",
)


@dataclass(frozen=True)
class Hostile:
    """A program, and what it needs around it.

    ``source`` is run as it is once its placeholders are filled. ``before`` is to be run first, in an earlier run;
    ``beside`` is to be running, and to have printed ``ready``, while ``source`` runs. ``harmless`` programs may be run
    with no walls at all, to see that the harness notices what they do. Those that are ``native`` hold numbers of system
    calls, or machine code, of x86-64.
    """

    name: str
    group: str
    source: str
    before: str = ""
    beside: str = ""
    harmless: bool = False
    native: bool = False


PROGRAMS: Final[dict[str, Hostile]] = {}


def in_group(group: str) -> list[Hostile]:
    """Return the programs of a group in the order of the catalogue."""
    return [program for program in PROGRAMS.values() if program.group == group]


# What most programs begin with.
_HELPERS = r"""
import ctypes, errno, os, sys, time

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long


def escaped(what):
    print("ESCAPED:", str(what)[:400], flush=True)


def call(number, *words):
    "A raw system call: its result, or minus the error number."
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    result = LIBC.syscall(ctypes.c_long(number), *words)
    return result if result >= 0 else -ctypes.get_errno()


def attempt(what, action):
    "Do what is forbidden and say so where it succeeded; False and negative numbers are refusals."
    try:
        result = action()
    except (NameError, TypeError, ctypes.ArgumentError) as error:
        print("broken:", what, type(error).__name__, error)  # not refused, but never rightly tried
        return None
    except Exception as error:
        print("refused:", what, type(error).__name__, str(error)[:200])
        return None
    if result is False or (isinstance(result, int) and result < 0):
        print("refused:", what, result)
        return None
    escaped(f"{what}: {str(result)[:200]}")
    return result


def attempt_on(path, what, action):
    "Do what is forbidden to a file. What counts is whether it shows: some calls are answered without being made."
    def look():
        seen = os.stat(path)
        return seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, seen.st_ctime_ns
    before = look()
    try:
        action()
    except (NameError, TypeError, ctypes.ArgumentError) as error:
        print("broken:", what, type(error).__name__, error)
        return
    except Exception as error:
        print("refused:", what, type(error).__name__, str(error)[:200])
        return
    if look() != before:
        escaped(f"{what}: {before} became {look()}")


def perhaps(action):
    "Make ready what a forbidden act needs, where that is allowed."
    try:
        action()
    except OSError as error:
        print("refused:", error)
"""

# To look for a secret in memory. A page that cannot be read is found out by a futex call, which fails instead of dying.
_MEMORY = r"""
import re

TOKEN = re.compile(rb"hostile-secret-[0-9a-f]{32}")
AT_ONCE = (ctypes.c_long * 2)(0, 0)
PAGE = 4096


def readable(page):
    return call(NR_futex, page, 128, 0x5EED1234, AT_ONCE) in (-11, -110)


def tokens_from(first, pages, stop_at_hole=False):
    found, tail = set(), b""
    for page in range(first & -PAGE, (first & -PAGE) + pages * PAGE, PAGE):
        if readable(page):
            piece = tail + ctypes.string_at(page, PAGE)
            found.update(TOKEN.findall(piece))
            tail = piece[-64:]
        elif stop_at_hole:
            break
        else:
            tail = b""
    return found
"""

# An innocent program whose secret is nobody else's business: it is in its file and, many times, in its memory.
HOLDER = r"""
import numpy, os, signal, time, torch

def tell(number, frame):
    print("signal", number, flush=True)

for number in (signal.SIGURG, signal.SIGUSR2, signal.SIGHUP):
    signal.signal(number, tell)
secret = "{token}"
with open("notes.txt", "w") as file:
    file.write(secret * 100)
copies = [(secret * 50 + str(i)).encode() for i in range(2000)]
text = (secret * 20_000).encode()
tensors = [torch.frombuffer(bytearray(text), dtype=torch.uint8).clone() for _ in range(20)]
arrays = [numpy.frombuffer(text, dtype=numpy.uint8).copy() for _ in range(5)]
print("ready", os.getpid(), os.getcwd(), flush=True)
"""
# The same, and it stays for some seconds to tell what happens to it.
NEIGHBOUR = (
    HOLDER
    + r"""
end = time.monotonic() + 8
while time.monotonic() < end:
    time.sleep(0.05)
with open("notes.txt") as file:
    print("unharmed" if file.read() == secret * 100 else "CHANGED")
"""
)


def _numbered(text: str) -> str:
    return re.sub(r"\bNR_(\w+)\b", lambda match: str(NUMBERS[match[1]]), text)


def add(
    name: str,
    group: str,
    body: str,
    *,
    helped: bool = True,
    memory: bool = False,
    before: str = "",
    beside: str = "",
    harmless: bool = False,
) -> None:
    """Put a program into the catalogue, with the helpers it asks for in front."""
    if name in PROGRAMS or group not in GROUPS:
        raise ValueError(f"{group}: {name}")
    text = _HELPERS * helped + _MEMORY * memory + body
    source, before, beside = (_numbered(part) for part in (text.lstrip("\n"), before, beside))
    native = memory or "NR_" in body or "PROT_EXEC" in body or "prot=7" in body
    PROGRAMS[name] = Hostile(name, group, source, before, beside, harmless, native)


def add_native(group: str, calls: dict[str, str], *, harmless: bool = False) -> None:
    """Put in a program for each name: one forbidden act, an expression that is not negative where it succeeds."""
    for name, act in calls.items():
        add(name, group, f"\nattempt({name!r}, lambda: {act})\n", harmless=harmless)
