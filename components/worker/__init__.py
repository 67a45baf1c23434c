"""Runs strangers' programs: each in a throw-away process behind walls, and every outcome as a ``Trace``.

    pool = Pool()
    trace = pool.run(Program(source="print(1)"))

``submit`` gives a ``Run`` with progress and Stop for long programs. Nothing here imports torch; the zygote does.
"""

from .confine import Wall, summary, what_is_missing
from .fair_queue import Owner
from .limits import Limits
from .pool import Pool, pool_of_this_machine, shared_pool
from .run import Run, RunProgress
from .supervisor import ZygoteOptions

__all__ = [
    "Limits",
    "Owner",
    "Pool",
    "Run",
    "RunProgress",
    "Wall",
    "ZygoteOptions",
    "pool_of_this_machine",
    "shared_pool",
    "summary",
    "what_is_missing",
]
