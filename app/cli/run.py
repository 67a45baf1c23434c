"""Running programs for the command line: the pool and the limits that the pages use, one program after another.

The worker says on standard error which walls stand, as it does when the server starts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from components.trace import Program, Trace
from components.worker import Limits, pool_of_this_machine


def run_programs(sources: Iterable[str], options: argparse.Namespace, *, measure: bool = False) -> Iterator[Trace]:
    """Yield the trace of each program in turn, under ``options.device``, ``seed``, ``timeout`` and ``memory``.

    ``measure`` runs each a second time, for its memory.
    """
    limits = Limits(
        wall_seconds=options.timeout,
        finish_seconds=max(Limits().finish_seconds, options.timeout),
        memory_mb=options.memory,
    )
    pool = pool_of_this_machine(size=1, gpu=True)
    try:
        for source in sources:
            yield pool.run(Program(source=source, device=options.device, seed=options.seed), limits, memory=measure)
    finally:
        pool.close()
