"""What the program prints, and which line printed it; what it writes to standard error and shows beside it.

Addresses in texts such as ``<__main__.Net object at 0x7f...>`` are replaced by the same ones in every run, so that
equal programs print the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from ..trace import Caps, Display
from .truncations import Truncations

_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}(?=[>,)\s]|$)")
STDERR: Literal["application/vnd.jupyter.stderr"] = "application/vnd.jupyter.stderr"
Mime = Literal["image/png", "image/svg+xml", "text/plain"]
AnyMime = Mime | Literal["application/vnd.jupyter.stderr"]


class Addresses:
    """Addresses in texts, by the order in which they were first seen."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def stable(self, text: str) -> str:
        """Replace the addresses in ``<... object at 0x...>``."""
        if " at 0x" not in text:
            return text
        return _ADDRESS.sub(lambda match: self._number(match[0]), text)

    def _number(self, address: str) -> str:
        return self._numbers.setdefault(address, f"0x{0x7F0000000000 + 0x40 * len(self._numbers):012x}")


def storable(text: str) -> str:
    """A lone surrogate can be printed but not encoded; it would make the whole trace unreadable."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Output:
    """Keeps printed text up to a cap and passes it on as it comes.

    ``on_print`` is told the range of kept characters, so that the line being executed can claim it.
    """

    def __init__(
        self, cap: int, on_output: Callable[[str], None], on_print: Callable[[int, int], None], addresses: Addresses
    ) -> None:
        self._cap = cap
        self._pieces: list[str] = []
        self._on_output = on_output
        self._on_print = on_print
        self._addresses = addresses
        self.length = 0
        self.truncated = False

    @property
    def text(self) -> str:
        """Everything that was kept."""
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        """Take what ``print`` writes."""
        text = self._addresses.stable(text)
        kept = text[: self._cap - self.length]
        self.truncated = self.truncated or len(kept) < len(text)
        if not kept:
            return
        kept = storable(kept)
        start, self.length = self.length, self.length + len(kept)
        self._pieces.append(kept)
        self._on_print(start, self.length)
        self._on_output(kept)


class DisplayLog:
    """What the program shows: pictures, values, and what it writes to standard error, in order, up to the caps."""

    def __init__(
        self,
        caps: Caps,
        truncations: Truncations,
        output: Output,
        addresses: Addresses,
        place: Callable[[], tuple[int | None, int | None]],
    ) -> None:
        self._count = truncations.allowance("displays", caps.displays, "later figures and values")
        self._bytes = truncations.allowance("displays", caps.display_bytes, "figures, for their size")
        self._chars = truncations.allowance("displays", caps.display_chars, "later texts that were shown")
        self._pieces = truncations.allowance("displays", caps.stderr_pieces, "later text on standard error")
        self._output = output
        self._addresses = addresses
        self._place = place
        self.displays: list[Display] = []

    def picture(self, mime: Mime, data: str, text: str, line: int | None = None) -> None:
        """Take a picture (base64, or the text of an SVG), and what to say of it in words."""
        if self._count.take() and self._bytes.take(len(data)):
            self._add(mime, data, text, line)

    def text(self, text: str) -> None:
        """Take a value's text."""
        if self._chars.take(len(text)) and self._count.take():
            self._add("text/plain", "", self._addresses.stable(text), None)

    def error(self, text: str) -> None:
        """Take what was written to standard error; what one step writes there stays together."""
        step, _ = self._place()
        last = self.displays[-1] if self.displays else None
        kept = storable(self._addresses.stable(text))[: max(self._chars.left, 0)]
        if not kept or not self._chars.take(len(kept)):
            self._chars.take(len(text))
            return
        together = last is not None and last.mime == STDERR and last.at == self._output.length and last.step == step
        if together and last is not None:
            self.displays[-1] = _longer(last, kept)
        elif self._pieces.take():
            self._add(STDERR, "", kept, None)

    def _add(self, mime: AnyMime, data: str, text: str, line: int | None) -> None:
        step, now = self._place()
        at, said = self._output.length, storable(text)
        self.displays.append(Display(step=step, line=line or now, mime=mime, data=data, text=said, at=at))


def _longer(display: Display, text: str) -> Display:
    return Display(
        step=display.step,
        line=display.line,
        mime=display.mime,
        data=display.data,
        text=display.text + text,
        at=display.at,
    )
