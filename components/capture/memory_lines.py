"""Which of the observed steps a run without tracing is in, from the calls of its marked code.

Both runs execute the same lines in the same order, so the next observed step that lies on a statement's lines is the
statement's. A line that called a function goes on when the function is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType

from ..source import PROGRAM_FILENAME

Position = tuple[int | None, int | None]  # line, index of the step
# Files of PyTorch's that only call further Python: modules calling their ``forward``, contexts as decorators.
_PLAIN_PYTHON = ("torch/nn/modules/module.py", "torch/nn/modules/container.py", "torch/utils/_contextlib.py")
_TOP_LEVEL = "<module>"


class Lines:
    """Follows the marks of one run through ``steps``, those of the observed run."""

    def __init__(self, steps: Sequence[tuple[int, str | None]]) -> None:
        self._steps = steps
        self._next = 0
        self._callers: list[tuple[int, Position]] = []
        self.unmatched = 0

    def at(self, first: int, last: int, function: str) -> Position:
        """A statement on the lines from ``first`` to ``last`` begins; without a step for it, its first line is told."""
        inside = None if function == _TOP_LEVEL else function
        for index in range(self._next, len(self._steps)):
            line, of = self._steps[index]
            if first <= line <= last and of == inside:
                self._next = index + 1
                return line, index
        self.unmatched += 1
        return first, None

    def entered(self, frame: int, position: Position) -> None:
        """The function with this frame was called from there, or a generator goes on."""
        self._callers.append((frame, position))

    def left(self, frame: int) -> Position | None:
        """The function is over, or a generator pauses: return where it was called from.

        ``None`` for a generator that ends while it pauses, because nobody wants more of it.
        """
        return self._callers.pop()[1] if self._callers and self._callers[-1][0] == frame else None


class TookTooLong(BaseException):
    """Raised in the program to end it: enough is known of its memory."""


def nothing_of_pytorch_calls(frame: FrameType) -> bool:
    """Whether only the program's own functions and modules are under way, so that no operation of PyTorch is."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_name != _TOP_LEVEL:
        name = caller.f_code.co_filename
        if name != PROGRAM_FILENAME and not name.endswith(_PLAIN_PYTHON):
            return False
        caller = caller.f_back
    return caller is not None and caller.f_code.co_filename == PROGRAM_FILENAME
