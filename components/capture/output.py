"""What the program prints, and which line printed it."""

from __future__ import annotations

from collections.abc import Callable


class Output:
    """Keeps printed text up to a cap and passes it on as it comes.

    ``on_print`` is told the range of kept characters, so that the line being executed can claim it.
    """

    def __init__(self, cap: int, on_output: Callable[[str], None], on_print: Callable[[int, int], None]) -> None:
        self._cap = cap
        self._pieces: list[str] = []
        self._on_output = on_output
        self._on_print = on_print
        self.length = 0
        self.truncated = False

    @property
    def text(self) -> str:
        """Everything that was kept."""
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        """Take what ``print`` writes."""
        kept = text[: self._cap - self.length]
        self.truncated = self.truncated or len(kept) < len(text)
        if not kept:
            return
        # A lone surrogate can be printed but not encoded; it would make the whole trace unreadable.
        kept = kept.encode("utf-8", "backslashreplace").decode("utf-8")
        start, self.length = self.length, self.length + len(kept)
        self._pieces.append(kept)
        self._on_print(start, self.length)
        self._on_output(kept)
