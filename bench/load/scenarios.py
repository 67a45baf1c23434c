"""What the visitors do, and what is measured of it, beside its target."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.load.processes import Held, Server, Spent
from bench.load.visitor import Refused, Visitor

RUN = "lessons:again"
# A program that runs only when everything is loaded.
WARM = "import json\nimport torch\n"
ENDLESS = "import torch\nx = torch.tensor(1.0, requires_grad=True)\nwhile True:\n    pass\n# {}\n"
EDITED = (
    "import torch\n\nx = torch.tensor({}, requires_grad=True)\ny = x ** 3\n"
    "y.backward(retain_graph=True)\nprint(x.grad)\ny.backward()\nprint(x.grad)\n"
)
# Each takes memory of its own kind until it is stopped: the most that any could is a hundred GiB.
BOMBS = {
    "tensors": "import torch\nkept = []\nfor _ in range(6_000):\n    kept.append(torch.ones(1 << 22))\n",
    "bytes": "kept = []\nfor _ in range(6_000):\n    kept.append(b'x' * (1 << 24))\n",
    "a graph": (
        "import torch\ny = torch.ones(1 << 20, requires_grad=True)\nfor _ in range(25_000):\n    y = (y * 1.1).sin()\n"
    ),
    "shared pages": (
        "import mmap\nkept = []\nfor _ in range(1_500):\n"
        "    kept.append(mmap.mmap(-1, 1 << 26))\n    kept[-1].write(b'x' * (1 << 26))\n"
    ),
    "files": (
        "for number in range(6_000):\n    with open(f'{number}', 'wb') as file:\n        file.write(b'x' * (1 << 24))\n"
    ),
}
# What is said of each of them, and to a person who has had much already.
_TOLD = (
    "memory",
    "more than a run may have",
    "no room for it",
    "folder is full",
    "The server is busy",
    "processor time",
)
# What happens at random is the same at every start.
_RANDOM = random.Random(15)
# No more arrive at once: a class comes within seconds, not within one.
_BETWEEN_ARRIVALS = 0.05
_ENDED = (TimeoutError, Refused, OSError)


@dataclass(frozen=True)
class Figure:
    """One line of the table; ``target`` bounds the figure, in the same unit."""

    what: str
    figure: float
    unit: str
    target: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Options:
    """How many visitors there are, and how long they stay; ``None`` where the scenario says it."""

    visitors: int | None = None
    seconds: float | None = None
    one_address: bool = False


@dataclass
class _Seen:
    """What the visitors saw."""

    taken: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def visitors(server: Server, number: int, options: Options, first: int = 0) -> list[Visitor]:
    """Return visitors, each from an address of its own unless they share one."""

    def address(place: int) -> str:
        return "127.0.0.1" if options.one_address else f"127.1.{place // 250}.{place % 250 + 1}"

    return [Visitor(server.port, address=address(first + place)) for place in range(number)]


async def arrive(those: Sequence[Visitor]) -> _Seen:
    """Let them open the page one after the other, and wait until the last one has it."""
    seen = _Seen()

    async def one(visitor: Visitor, delay: float) -> None:
        await asyncio.sleep(delay)
        await _note(seen, visitor.open)

    await asyncio.gather(*(one(visitor, place * _BETWEEN_ARRIVALS) for place, visitor in enumerate(those)))
    return seen


async def leave(those: Sequence[Visitor]) -> None:
    """Let them close the page."""
    await asyncio.gather(*(visitor.leave() for visitor in those), return_exceptions=True)


async def _note(seen: _Seen, act: Callable[[], Awaitable[float]]) -> bool:
    try:
        seen.taken.append(await act())
    except _ENDED as problem:
        seen.failed.append(f"{type(problem).__name__}: {problem}"[:100])
        return False
    return True


async def _class(those: Sequence[Visitor], seconds: float, period: float) -> _Seen:
    """Let each press Run every ``period`` seconds."""
    seen = _Seen()
    ends = time.perf_counter() + seconds

    async def one(visitor: Visitor) -> None:
        await asyncio.sleep(_RANDOM.random() * period)
        while time.perf_counter() < ends:
            began = time.perf_counter()
            if not await _note(seen, lambda: visitor.press(RUN)) and RUN not in visitor.buttons:
                return
            await asyncio.sleep(max(0.0, period - (time.perf_counter() - began)))

    await asyncio.gather(*(one(visitor) for visitor in those))
    return seen


def _percentile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that ``part`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def _others(spent: Spent, seconds: float, own: float) -> str:
    """Say how much of the machine others had: a waiting time on a machine that others use means little."""
    return f"{max(0.0, spent.machine - spent.server - spent.beneath - own) / seconds:.1f} of {os.cpu_count()} cores"


async def _measured(
    server: Server, what: str, those: Sequence[Visitor], seconds: float, target: float | None
) -> list[Figure]:
    before, began, own = server.spent(), time.perf_counter(), time.process_time()
    seen = await _class(those, seconds, period=10)
    wall, spent = time.perf_counter() - began, server.spent().since(before)
    actions = max(1, len(seen.taken))
    used = _others(spent, wall, time.process_time() - own)
    note = f"{len(seen.taken)} runs, p50 {_percentile(seen.taken, 0.5):.2f} s, others used {used}"
    note += f"; server {1e3 * spent.server / actions:.0f} ms a run, beneath it {1e3 * spent.beneath / actions:.0f} ms"
    figures = [Figure(f"{what}: p95 of a run", _percentile(seen.taken, 0.95), "s", target, note)]
    which = "; ".join(sorted(set(seen.failed))[:3])
    return [*figures, Figure(f"{what}: runs that failed", len(seen.failed), "", 0, which)]


async def a_class(server: Server, options: Options) -> list[Figure]:
    """A hundred visitors, each of whom runs a lesson every ten seconds."""
    those = visitors(server, options.visitors or 100, options)
    arrived = await arrive(those)
    what = f"{len(those)} visitors, a run every 10 s"
    figures = await _measured(server, what, those, options.seconds or 40, 1.0)
    await leave(those)
    return [*figures, Figure(f"{what}: did not get in", len(arrived.failed), "", 0, "; ".join(set(arrived.failed)))]


async def beside_endless_loops(server: Server, options: Options) -> list[Figure]:
    """Forty visitors as above, while five others submit endless loops one after the other."""
    those = visitors(server, options.visitors or 40, options)
    loops = visitors(server, 5, options, first=1_000)
    await arrive([*those, *loops])

    async def loop(visitor: Visitor) -> None:
        while True:
            await _note(_Seen(), lambda: visitor.run(ENDLESS.format(_RANDOM.random())))
            await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(loop(visitor)) for visitor in loops]
    await asyncio.sleep(2)
    what = f"{len(those)} visitors beside {len(loops)} endless loops"
    figures = await _measured(server, what, those, options.seconds or 40, 2.0)
    for task in tasks:
        task.cancel()
    await leave([*those, *loops])
    return figures


async def actions(server: Server, options: Options) -> list[Figure]:
    """What the server itself spends on an action: nothing else goes on, so the figure is one of processor time."""
    those = visitors(server, options.visitors or 3, options)
    await arrive(those)
    kinds: dict[str, Callable[[Visitor], Awaitable[float]]] = {
        "Run": lambda visitor: visitor.press(RUN),
        "Ctrl+Enter after a change": lambda visitor: visitor.run(EDITED.format(round(_RANDOM.uniform(1, 9), 6))),
    }
    figures = []
    for name, act in kinds.items():
        spent, beneath, size = [], [], []
        for turn in range(16):
            for visitor in those:
                before, had = server.spent(), visitor.bytes
                await act(visitor)
                taken = server.spent().since(before)
                if turn:  # the first time is another
                    spent.append(taken.server)
                    beneath.append(taken.beneath)
                    size.append(visitor.bytes - had)
        note = f"beneath it {1e3 * statistics.fmean(beneath):.0f} ms; {statistics.median(size) / 1024:.0f} KiB sent"
        figures.append(Figure(f"server's processor time: {name}", 1e3 * statistics.fmean(spent), "ms", 25, note))
    await leave(those)
    return figures


async def comings_and_goings(server: Server, options: Options) -> list[Figure]:
    """Three hundred visitors at once, twice: what the server holds after they left must not have grown.

    As many came twice before the first look: Streamlit keeps some of those that left, in case they come back, and an
    allocator finds its level with some hundreds.
    """
    number = options.visitors or 300
    held: list[Held] = []
    failed = 0
    for turn in range(4):
        those = visitors(server, number, options, first=turn * number)
        failed += len((await arrive(those)).failed)
        await leave(those)
        await asyncio.sleep(3)
        held.append(server.held())
    what = f"{number} visitors at once, come and gone"
    first, last = held[1], held[-1]
    grown = f"{first.mib:.0f} to {last.mib:.0f} MiB; {first.descriptors} to {last.descriptors} descriptors"
    return [
        Figure(f"{what}: did not get in", failed, "", 0),
        Figure(f"{what} twice more: memory", last.mib / first.mib, "x", 1.1, grown),
        Figure(f"{what} twice more: descriptors", last.descriptors / first.descriptors, "x", 1.1),
    ]


async def memory_bombs(server: Server, options: Options) -> list[Figure]:
    """Ten visitors as above, while five others submit programs that take all the memory that they get."""
    those = visitors(server, options.visitors or 10, options)
    bombers = visitors(server, len(BOMBS), options, first=1_000)
    await arrive([*those, *bombers])
    answered: dict[str, int] = dict.fromkeys(BOMBS, 0)
    strange: list[str] = []

    async def throw(visitor: Visitor, kind: str) -> None:
        while True:
            seen = _Seen()
            await _note(seen, lambda: visitor.run(f"{BOMBS[kind]}# {_RANDOM.random()}\n"))
            if seen.failed or not any(word in visitor.error for word in _TOLD):
                strange.append(f"{kind}: {(seen.failed or [visitor.error])[0][:300]}")
            answered[kind] += 1
            await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(throw(visitor, kind)) for visitor, kind in zip(bombers, BOMBS, strict=True)]
    what = f"{len(those)} visitors beside {len(bombers)} memory bombs"
    figures = await _measured(server, what, those, options.seconds or 40, None)
    for task in tasks:
        task.cancel()
    await leave([*those, *bombers])
    counted = ", ".join(f"{kind} {number}" for kind, number in answered.items())
    figures.append(
        Figure(f"{what}: kinds never answered", sum(not number for number in answered.values()), "", 0, counted)
    )
    return [*figures, Figure(f"{what}: bombs without a plain answer", len(strange), "", 0, "; ".join(strange[:3]))]


Scenario = Callable[[Server, Options], Awaitable[list[Figure]]]
SCENARIOS: dict[str, Scenario] = {
    "actions": actions,
    "class": a_class,
    "loops": beside_endless_loops,
    "visitors": comings_and_goings,
    "bombs": memory_bombs,
}
CONTAINER_MIB = {"bombs": 3_072}
"""What the server and its programs may use together in a scenario, where a control group can be made."""
