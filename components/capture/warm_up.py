"""Makes the process that runs programs ready, once, before it forks."""

from __future__ import annotations

import gc

from components.capture.run import capture_program
from components.language.warm_up_program import SOURCE
from components.trace import Program


def warm_up() -> None:
    """Load and initialise everything that a run would otherwise load on its own time.

    The worker calls it once, before it forks; afterwards a run opens no file. Garbage is collected more rarely from
    then on: the records of a large graph are none, and looking through them again and again takes longer than the run.
    """
    capture_program(Program(source=SOURCE))
    gc.collect()
    gc.set_threshold(100_000, 50, 1_000)
