"""Hostile programs through the real pool: nothing outside changes, and the next person's program is not disturbed.

They run twice: behind all walls, and without the namespaces that not every system grants. A fixed sample of them runs
by default, and all with ``HOSTILE=all`` in the environment (``make test-hostile``). They run in batches, two at once,
since each of them must leave the others alone too; what a batch did is seen from outside when it is over.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from components.trace import Program, Trace
from components.worker import Limits, Owner, Pool, ZygoteOptions
from tests.hostile.outside.world import World, claims, outside_world
from tests.hostile.programs.everything import GROUPS, MODULES, PROGRAMS, Hostile, in_group
from tests.worker.helpers import NEEDED, needs_linux, nothing_left, until, zygote_of

pytestmark = pytest.mark.sets

ROOT = Path(__file__).parents[2]
EVERYTHING = os.environ.get("HOSTILE") == "all"
BATCH = 10
SHORT = Limits(wall_seconds=1.0, stop_seconds=0.3, finish_seconds=1.0)
SMALL = Limits(
    wall_seconds=1.0,
    stop_seconds=0.3,
    finish_seconds=1.0,
    memory_mb=1_300,
    folder_mb=8,
    file_mb=4,
    files=200,
    threads=16,
    trace_bytes=8 << 20,
    trace_values=1_000_000,
)
HONEST = "import torch\nx = torch.ones(3, requires_grad=True)\n(2 * x).sum().backward()\nprint(1, x.grad)"


def chosen(programs: list[Hostile]) -> list[Hostile]:
    """Return the programs of a group that are run: two of seven if not all."""
    return [one for place, one in enumerate(programs) if EVERYTHING or place % 7 in (0, 3)]


def batches() -> Iterator[tuple[str, list[Hostile]]]:
    """Return the programs in batches with names; those that need company, or an x86-64, are by themselves."""
    for group in GROUPS:
        programs = chosen(in_group(group))
        kinds = {
            "": [one for one in programs if not one.native and not one.before and not one.beside],
            "-native": [one for one in programs if one.native and not one.before and not one.beside],
        }
        for kind, some in kinds.items():
            for start in range(0, len(some), BATCH):
                yield f"{group}{kind}-{start // BATCH}", some[start : start + BATCH]
        yield from ((f"{group}-{one.name}", [one]) for one in programs if one.before or one.beside)


@dataclass(frozen=True)
class Sandbox:
    """A pool, and what lies outside of it."""

    pool: Pool
    world: World


@pytest.fixture(scope="module", params=[None, NEEDED], ids=["all walls", "without namespaces"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The real pool with the real observers, started where a secret is in the server's environment."""
    with outside_world(tmp_path_factory.mktemp("hostile"), app=ROOT) as world:
        pool = Pool(size=2, options=ZygoteOptions(walls=request.param))
        try:
            assert [wall for wall in pool.walls() if not wall.standing and not wall.optional] == []
            assert honest(pool) == ""
            world.expect_present()
            yield Sandbox(pool, world)
        finally:
            pool.close()


def honest(pool: Pool) -> str:
    """Run an honest program and return what is wrong with it."""
    trace = pool.run(Program(source=HONEST))
    as_it_should = trace.failure is None and trace.stdout == "1 tensor([2., 2., 2.])\n" and trace.gradients
    return "" if as_it_should else f"the next program went wrong: {trace.failure} {trace.stdout!r}"


def said(trace: Trace) -> str:
    """Return all texts that came out of a run, but for the program's own."""
    return msgspec.json.encode(msgspec.structs.replace(trace, program=Program(source=""))).decode()


def attack(sandbox: Sandbox, programs: list[Hostile]) -> tuple[list[str], list[str]]:
    """Run programs at once; return what each of them claims, and all that came out of them."""
    pool, fill = sandbox.pool, sandbox.world.fill
    runs = [
        pool.submit(
            Program(source=fill(one.source)), SMALL if one.group == "resources" else SHORT, owner=Owner(one.name)
        )
        for one in programs
    ]
    problems, outputs = [], []
    for one, run in zip(programs, runs, strict=True):
        trace = run.wait(60)
        if trace is None:
            problems.append(f"{one.name} does not end")
            continue
        outputs += [said(trace), trace.stdout]
        broken = [line for line in trace.stdout.splitlines() if line.startswith("broken:")]
        problems += [f"{one.name}: {line}" for line in (*claims(trace.stdout), *broken)]
    return problems, outputs


def in_company(sandbox: Sandbox, program: Hostile) -> tuple[list[str], list[str]]:
    """Run a program after, or beside, an innocent one that has a secret."""
    pool, fill = sandbox.pool, sandbox.world.fill_neighbour
    if program.before:
        pool.run(Program(source=fill(program.before)))
    if not program.beside:
        return attack(sandbox, [program])
    neighbour = pool.submit(Program(source=fill(program.beside)), owner=Owner("neighbour"))
    until(lambda: "ready" in neighbour.progress().stdout, neighbour)
    problems, outputs = attack(sandbox, [program])
    neighbour.stop()
    trace = neighbour.wait(60)
    assert trace is not None
    done_to_it = [line for line in trace.stdout.splitlines() if line.startswith(("signal", "CHANGED", "ESCAPED"))]
    return [*problems, *(f"the neighbour of {program.name}: {line}" for line in done_to_it)], outputs


def batch(name: str, programs: list[Hostile]) -> object:
    """Return a parameter; programs with numbers of another machine's system calls are skipped."""
    foreign = any(one.native for one in programs) and platform.machine() != "x86_64"
    skip = pytest.mark.skipif(foreign, reason="numbers of system calls, and machine code, are of x86-64")
    return pytest.param(programs, id=name, marks=skip)


@needs_linux
@pytest.mark.parametrize("programs", [batch(name, programs) for name, programs in batches()])
def test_hostile_programs_gain_nothing(sandbox: Sandbox, programs: list[Hostile]) -> None:
    zygote = zygote_of(sandbox.pool).pid
    if programs[0].before or programs[0].beside:
        problems, outputs = in_company(sandbox, programs[0])
    else:
        problems, outputs = attack(sandbox, programs)
    problems += [wrong] if (wrong := honest(sandbox.pool)) else []
    nothing_left(sandbox.pool)
    problems += sandbox.world.check(outputs)
    assert problems == []
    assert zygote_of(sandbox.pool).pid == zygote


def test_the_catalogue_is_whole() -> None:
    assert len(PROGRAMS) >= 400
    assert {program.group for program in PROGRAMS.values()} == set(GROUPS)
    assert len(MODULES) > len(GROUPS)
    batched = [program.name for _, programs in batches() for program in programs]
    assert len(set(batched)) == len(batched) == sum(len(chosen(in_group(group))) for group in GROUPS)
    assert EVERYTHING or 110 <= len(batched) <= 130
