"""The settings that are read from the server's environment, all in one place: what each means, and how it is read.

A setting that cannot be read stops the start: a limit that is not the one that was meant is worse than none. The table
in docs/serving.md is this one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Networks = tuple[IPv4Network | IPv6Network, ...]
_PREFIX = "AUTOGRAD_LAB_"


class BadSetting(ValueError):
    """A setting has a value that it cannot have; the message says which one it can."""


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """One variable of the environment.

    ``usual`` is what the documents say of its default, ``meaning`` what they say of it. ``read`` makes a value of the
    text, which is not empty, or raises ``ValueError`` with a message that ends *NAME is ...*: what it has to be.
    """

    name: str
    usual: str
    meaning: str
    default: Value
    read: Callable[[str], Value]

    def value(self, environment: Mapping[str, str] = os.environ) -> Value:
        """Return the value that the environment gives it; raises ``BadSetting``."""
        text = environment.get(self.name, "").strip()
        if not text:
            return self.default
        try:
            return self.read(text)
        except ValueError as problem:
            raise BadSetting(f"{self.name} is {problem}; not {text!r}.") from None


def switch(text: str) -> bool:
    """Read 1 or 0."""
    if text not in ("0", "1"):
        raise ValueError("1 or 0")
    return text == "1"


def number(least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number between two, both included."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ValueError(f"a number from {least:g} to {most:g}")
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number between two, both included."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return read


def address(text: str) -> tuple[str, int]:
    """Read a port, or an address and a port: ``9501``, ``0.0.0.0:9501``, ``[::]:9501``."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65_535 or (":" in host and not host.startswith("[")):
        raise ValueError("a port, or an address and a port, as 0.0.0.0:9501")
    return host.strip("[]") or "127.0.0.1", int(port)


def places(text: str) -> tuple[int, int]:
    """Read two numbers of places, for short and for long runs: ``4+2``."""
    numbers = re.fullmatch(r"([1-9]\d{0,2})\s*\+\s*(\d{1,3})", text, re.ASCII)
    if numbers is None:
        raise ValueError("two numbers, as 2+1: places for short and for long runs")
    return int(numbers[1]), int(numbers[2])


def networks(text: str) -> Networks:
    """Read addresses and networks: ``10.0.0.0/8,fd00::1``."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("addresses or networks, as 10.0.0.0/8,fd00::/8") from None


LESSONS: Setting[str] = Setting(
    "AUTOGRAD_LAB_LESSONS", "`app/lessons/own`", "a folder of a teacher's own lessons", default="", read=str
)
DATA: Setting[str] = Setting(
    "AUTOGRAD_LAB_DATA", "none", "a folder that programs read as `data/`", default="", read=str
)
TRUST = Setting(
    "AUTOGRAD_LAB_TRUST",
    "`0`",
    "`1`: serve others also where the kernel has no walls around programs",
    default=False,
    read=switch,
)
GPU = Setting(
    "AUTOGRAD_LAB_GPU", "`0`", "`1`: let people choose the GPU; read *How safe it is* first", default=False, read=switch
)
WORKER_UID: Setting[int | None] = Setting(
    "AUTOGRAD_LAB_WORKER_UID",
    "none",
    "a user's number that programs run as, where the server runs as root",
    default=None,
    read=whole(1, 2**31),
)

PLACES: Setting[tuple[int, int] | None] = Setting(
    "AUTOGRAD_LAB_PLACES",
    "by processors and memory",
    "places for short and for long runs, as `2+2`; read *Many people*",
    default=None,
    read=places,
)
SPARE_ZYGOTE: Setting[bool | None] = Setting(
    "AUTOGRAD_LAB_SPARE_ZYGOTE",
    "`1` from 4 GiB on",
    "`1`: keep a second process ready to run programs, if the first one dies; some 300 MiB",
    default=None,
    read=switch,
)
PERSON_RUNS = Setting(
    "AUTOGRAD_LAB_PERSON_RUNS",
    "`3`",
    "how many programs of one person run at once; `0`: any",
    default=3,
    read=whole(0, 1_000),
)
PERSON_WAITING = Setting(
    "AUTOGRAD_LAB_PERSON_WAITING", "`8`", "how many more of theirs may wait", default=8, read=whole(0, 1_000)
)
PERSON_SECONDS = Setting(
    "AUTOGRAD_LAB_PERSON_SECONDS",
    "`60`",
    "seconds of processor time a minute for one person's programs; `0`: any",
    default=60.0,
    read=number(0, 1e6),
)
ADDRESS_SECONDS: Setting[float | None] = Setting(
    "AUTOGRAD_LAB_ADDRESS_SECONDS",
    "30 for each processor",
    "the same for all of one network address, while others use the server",
    default=None,
    read=number(0, 1e6),
)
TRUSTED_PROXIES: Setting[Networks] = Setting(
    "AUTOGRAD_LAB_TRUSTED_PROXIES",
    "none",
    "addresses or networks, as `10.0.0.0/8,fd00::/8`, whose `X-Forwarded-For` is believed",
    default=(),
    read=networks,
)

TRACE_MEMORY = Setting(
    "AUTOGRAD_LAB_TRACE_MEMORY",
    "`256`",
    "MiB of traces that the server keeps, packed; those looked at last stay, the others are run again when asked for",
    default=256,
    read=whole(1, 1 << 20),
)
METRICS: Setting[tuple[str, int] | None] = Setting(
    "AUTOGRAD_LAB_METRICS",
    "none",
    "a port of this machine, or `ADDRESS:PORT`, that answers /metrics and /health; keep it from the public",
    default=None,
    read=address,
)
LOG: Setting[str] = Setting(
    "AUTOGRAD_LAB_LOG",
    "`text`",
    "`json`: a line of JSON for each event and each run, without anything of programs or people",
    default="text",
    read=one_of("text", "json"),
)
STOP_SECONDS = Setting(
    "AUTOGRAD_LAB_STOP_SECONDS",
    "`8`",
    "how long programs may go on when the server is told to stop; it takes no new ones then",
    default=8.0,
    read=number(0, 600),
)

ALL: tuple[Setting[Any], ...] = (
    *(LESSONS, DATA, TRUST, GPU, WORKER_UID),
    *(PLACES, SPARE_ZYGOTE, PERSON_RUNS, PERSON_WAITING, PERSON_SECONDS, ADDRESS_SECONDS, TRUSTED_PROXIES),
    *(TRACE_MEMORY, METRICS, LOG, STOP_SECONDS),
)


def check(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Read all settings once; return a sentence for each variable that looks like one and is none.

    Raises ``BadSetting`` for the first that cannot be read.
    """
    for setting in ALL:
        setting.value(environment)
    found, names = [], {setting.name.removeprefix(_PREFIX) for setting in ALL}
    for name in sorted(environment):
        word = name.removeprefix(_PREFIX)
        if word not in names | {name}:
            near = get_close_matches(word, names, n=1)
            found.append(f"There is no setting {name}" + (f"; {_PREFIX}{near[0]} is one." if near else "."))
    return found
