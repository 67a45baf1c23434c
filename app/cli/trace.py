"""``python -m app trace``: programs in, traces out."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import UNSET, UnsetType

from app.cli.files import STANDARD, Unusable, read_program, write
from components.trace import Asked, Program, Trace, encode_trace
from components.worker import Limits, pool_of_this_machine


def trace(options: argparse.Namespace) -> int:
    """Run ``options.programs`` and write their traces; returns 0, also where a program failed.

    Raises:
        Unusable: a file cannot be read or written, or the options do not say where each trace goes.
    """
    targets = _targets(options)
    sources = [read_program(name) for name in options.programs]
    for target, result in zip(targets, run_programs(sources, options, measure=options.measure), strict=True):
        write(target, encode_trace(result) + b"\n")
    return 0


def _targets(options: argparse.Namespace) -> list[str]:
    """Return where the trace of each program goes."""
    if options.out_dir is None:
        if len(options.programs) > 1:
            raise Unusable("several programs need --out-dir")
        return [options.output]
    if options.output != STANDARD:
        raise Unusable("-o and --out-dir do not go together")
    stems = ["stdin" if name == STANDARD else Path(name).stem for name in options.programs]
    twice = [stem for stem, count in Counter(stems).items() if count > 1]
    if twice:
        raise Unusable(f"two programs would both write {twice[0]}.json")
    directory = Path(options.out_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"cannot write to {directory}: {error.strerror}") from None
    return [str(directory / f"{stem}.json") for stem in stems]


def run_programs(sources: Iterable[str], options: argparse.Namespace, *, measure: bool = False) -> Iterator[Trace]:
    """Yield the trace of each program in turn; ``measure`` runs each a second time, for its memory."""
    with running(options) as run:
        for source in sources:
            yield run(source, measure=measure, stacks=options.stacks)


class Runs(Protocol):
    """Runs a program, and asks it a question if there is one."""

    def __call__(
        self, source: str, question: Asked | UnsetType = UNSET, *, measure: bool = False, stacks: bool = False
    ) -> Trace:
        """Return its trace, with its memory if that is to be measured, and with the call ``stacks`` of that."""
        ...


@contextmanager
def running(options: argparse.Namespace) -> Iterator[Runs]:
    """Yield what runs programs under ``options.device``, ``seed``, ``timeout`` and ``memory``.

    They run in the pool that the pages use, which says on standard error which walls stand.
    """
    limits = Limits(
        wall_seconds=options.timeout,
        finish_seconds=max(Limits().finish_seconds, options.timeout),
        memory_mb=options.memory,
    )
    pool = pool_of_this_machine(size=1, gpu=True)

    def run(source: str, question: Asked | UnsetType = UNSET, *, measure: bool = False, stacks: bool = False) -> Trace:
        program = Program(source=source, device=options.device, seed=options.seed, question=question)
        return pool.run(program, limits, memory=measure, stacks=stacks)

    try:
        yield run
    finally:
        pool.close()
