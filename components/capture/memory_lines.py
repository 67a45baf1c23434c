"""Which of the observed steps a run without tracing is in, from the calls of its marked code.

Both runs execute the same lines in the same order, so the next observed step that lies on a statement's lines is the
statement's. A line that called a function goes on when the function is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType

from components.capture.steps import StepDraft
from components.language import PROGRAM_FILENAME

Position = tuple[int | None, int | None]  # line, index of the step
_TOP_LEVEL = "<module>"


class Lines:
    """Follows the marks of one run through ``steps``, those of the observed run."""

    def __init__(self, steps: Sequence[StepDraft]) -> None:
        self._steps = steps
        self._next = 0
        self._callers: list[Position] = []

    def at(self, first: int, last: int, function: str) -> Position:
        """A statement on the lines from ``first`` to ``last`` begins; without a step for it, its first line is told."""
        inside = None if function == _TOP_LEVEL else function
        for index in range(self._next, len(self._steps)):
            step = self._steps[index]
            if first <= step.line <= last and step.function == inside:
                self._next = index + 1
                return step.line, step.index
        return first, None

    def entered(self, line: int | None, step: int | None) -> None:
        """A function was called from there."""
        self._callers.append((line, step))

    def left(self) -> Position:
        """The function is over: return where it was called from."""
        return self._callers.pop() if self._callers else (None, None)


class TookTooLong(BaseException):
    """Raised in the program to end it: enough is known of its memory."""


def nothing_of_pytorch_calls(frame: FrameType) -> bool:
    """Whether only the program's own functions are under way, so that no operation of PyTorch is."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_name != _TOP_LEVEL:
        if caller.f_code.co_filename != PROGRAM_FILENAME:
            return False
        caller = caller.f_back
    return caller is not None and caller.f_code.co_filename == PROGRAM_FILENAME
