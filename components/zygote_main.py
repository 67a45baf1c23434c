"""The process that runs programs, as the pool starts it with ``python -m``: here the worker gets what it calls."""

from __future__ import annotations

from .worker.answerer import Answerer
from .worker.zygote import main


def make_answerer(gpu: bool) -> Answerer:
    """Import torch, and return what the children call with their programs."""
    from .answers import ProgramAnswerer

    return ProgramAnswerer(gpu)


if __name__ == "__main__":
    main(make_answerer)
