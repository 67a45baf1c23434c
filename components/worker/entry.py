"""What a child calls with its program: ``components.capture``, or a stand-in that a test names.

The names are looked up in one module, so that a stand-in brings its own: the function, ``RunInterrupted`` and, if it
wants, ``warm_up`` and ``interrupt_soon``. Only code that makes a ``Pool`` can name an entry; nothing that a person
types reaches it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from components.language import SourceLimits
from components.trace import Caps, Program, Trace

CAPTURE = "components.capture:capture_program"


class Runs(Protocol):
    """The signature of ``components.capture.capture_program``."""

    def __call__(
        self, program: Program, caps: Caps, on_output: Callable[[str], None], source_limits: SourceLimits
    ) -> Trace:
        """Run the program and return its trace."""
        ...


@dataclass(frozen=True)
class Entry:
    """The function that runs a program, and how to interrupt it: at once, or where the observers say."""

    module: str
    run: Runs
    interrupted: type[Any]
    warm_up: Callable[[], None]
    interrupt_soon: Callable[[Any], None]

    def observes(self, module: str | None) -> bool:
        """Whether a frame of this module belongs to the observers, which must not be interrupted half-way."""
        return module is not None and (module == self.module or module.startswith(self.module + "."))


def load(name: str) -> Entry:
    """Import ``module:function``; raises ``ImportError`` or ``AttributeError``."""
    module_name, _, function = name.partition(":")
    module: Any = importlib.import_module(module_name)
    return Entry(
        module=module_name,
        run=getattr(module, function),
        interrupted=module.RunInterrupted,
        warm_up=getattr(module, "warm_up", lambda: None),
        interrupt_soon=getattr(module, "interrupt_soon", lambda error: None),
    )
