"""What a child calls with its program: ``components.capture``, or a stand-in that a test names.

The names are looked up in one module, so that a stand-in brings its own: the function, ``RunInterrupted`` and, if it
wants, what else an ``Entry`` has. Only code that makes a ``Pool`` can name an entry; nothing that a person types
reaches it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..source import SourceLimits
from ..trace import Caps, MeasuredRun, ObservedRun, Program, Trace

CAPTURE = "components.answers:answer_program"
CAPTURE_ON_A_GPU = "components.answers.on_gpu:answer_program"


class Runs(Protocol):
    """The signature of ``components.capture.capture_program``."""

    def __call__(
        self,
        program: Program,
        caps: Caps,
        on_output: Callable[[str], None],
        source_limits: SourceLimits,
        log: Callable[[str], None],
    ) -> Trace:
        """Run the program and return its trace."""
        ...


class Measures(Protocol):
    """The signature of ``components.capture.measure_program``."""

    def __call__(self, program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
        """Run the program and return its memory."""
        ...


@dataclass(frozen=True)
class Entry:
    """The function that runs a program, and how to interrupt it: at once, or where the observers say.

    ``observers`` are the packages whose frames must not be interrupted half-way, ``answerers`` those that work for the
    program when its own lines are over: they are interrupted like it. ``warm_up`` is called once before the first fork,
    ``prepare`` in each child before its walls. ``measure`` runs a program whose memory is asked for; ``names`` are what
    an editor completes.
    """

    observers: tuple[str, ...]
    answerers: tuple[str, ...]
    run: Runs
    measure: Measures
    interrupted: type[Any]
    warm_up: Callable[[], None]
    interrupt_soon: Callable[[Any], None]
    prepare: Callable[[], None] = lambda: None
    names: Callable[[], tuple[str, ...]] = tuple

    def observes(self, module: str | None) -> bool:
        """Whether a frame of this module belongs to the observers."""
        return _is_in(module, self.observers)

    def answers(self, module: str | None) -> bool:
        """Whether a frame of this module works out what was asked of the program."""
        return _is_in(module, self.answerers)


def _is_in(module: str | None, packages: tuple[str, ...]) -> bool:
    return module is not None and any(module == one or module.startswith(f"{one}.") for one in packages)


def _measures_nothing(program: Program, observed: ObservedRun, caps: Caps, source_limits: SourceLimits) -> MeasuredRun:
    return MeasuredRun(memory=None)


def load(name: str) -> Entry:
    """Import ``module:function``; raises ``ImportError`` or ``AttributeError``."""
    module_name, _, function = name.partition(":")
    module: Any = importlib.import_module(module_name)
    return Entry(
        observers=getattr(module, "OBSERVERS", (module_name,)),
        answerers=getattr(module, "ANSWERERS", ()),
        run=getattr(module, function),
        interrupted=module.RunInterrupted,
        warm_up=getattr(module, "warm_up", lambda: None),
        measure=getattr(module, "measure_program", _measures_nothing),
        names=getattr(module, "installed_names", tuple),
        prepare=getattr(module, "prepare", lambda: None),
        interrupt_soon=getattr(module, "interrupt_soon", lambda error: None),
    )
