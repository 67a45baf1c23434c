"""What a child calls with its program, as the worker sees it.

The module that starts the zygote (``components.zygote_main``; tests have one of their own) hands such an object in, so
the worker imports nothing that brings torch, and nothing that a person types can name what is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..source import SourceLimits
from ..trace import Caps, MeasuredRun, ObservedRun, Program, Trace


class Answerer(Protocol):
    """Runs programs, and says which frames may be interrupted while it does."""

    @property
    def observers(self) -> tuple[str, ...]:
        """The packages whose frames must not be interrupted half-way."""
        ...

    @property
    def answerers(self) -> tuple[str, ...]:
        """Those that work for the program when its own lines are over: they are interrupted like it."""
        ...

    @property
    def interrupted(self) -> type[Any]:
        """The exception of a program that is interrupted: made of a failure's kind and message, which it keeps."""
        ...

    def interrupt_soon(self, error: Any) -> None:
        """Raise ``error`` in the program where the observers next let it."""
        ...

    def warming(self) -> Iterator[None]:
        """Load what programs need, in steps of some tenths of a second: between them children are forked."""
        ...

    def prepare(self) -> None:
        """Make ready what cannot be forked: called in each child, before its walls."""
        ...

    def answer(
        self,
        program: Program,
        caps: Caps,
        on_output: Callable[[str], None],
        source_limits: SourceLimits,
        log: Callable[[str], None],
    ) -> Trace:
        """Run the program and return its trace; ``log`` takes the tracebacks of observers that failed."""
        ...

    def measure(self, program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
        """Run a program that was observed before, and return its memory."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return what an editor completes."""
        ...
