"""What the program prints, writes to standard error and shows as a notebook would, and which line it came from.

Shown are matplotlib's figures, ``display(x)`` and the value of a cell's last line. ``plot_backend`` is a backend of
matplotlib's, in its own documented form: ``plt.show()`` hands the figures over. Matplotlib itself is imported when a
program (or the warm-up) imports it.

Addresses in texts such as ``<__main__.Net object at 0x7f...>`` are replaced by the same ones in every run, so that
equal programs print the same.
"""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from ..trace import Caps, Display
from .drafts import Truncations
from .failures import Asides
from .quiet import quiet

_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}(?=[>,)\s]|$)")
STDERR: Literal["application/vnd.jupyter.stderr"] = "application/vnd.jupyter.stderr"
Mime = Literal["image/png", "image/svg+xml", "text/plain"]
AnyMime = Mime | Literal["application/vnd.jupyter.stderr"]
_METHODS: tuple[tuple[Mime, str], ...] = (("image/png", "_repr_png_"), ("image/svg+xml", "_repr_svg_"))
_DPI = 110
_LONGEST_TEXT = 20_000


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


class Stdout:
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
        output: Stdout,
        addresses: Addresses,
        position: Callable[[], tuple[int | None, int | None]],
    ) -> None:
        self._count = truncations.allowance("displays", caps.displays, "later figures and values")
        self._bytes = truncations.allowance("displays", caps.display_bytes, "figures, for their size")
        self._chars = truncations.allowance("displays", caps.display_chars, "later texts that were shown")
        self._pieces = truncations.allowance("displays", caps.stderr_pieces, "later text on standard error")
        self._output = output
        self._addresses = addresses
        self._position = position
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
        step, _ = self._position()
        last = self.displays[-1] if self.displays else None
        kept = storable(self._addresses.stable(text))[: max(self._chars.left, 0)]
        if not kept or not self._chars.take(len(kept)):
            self._chars.take(len(text))
            return
        together = last is not None and last.mime == STDERR and last.at == self._output.length and last.step == step
        if together and last is not None:
            self.displays[-1] = replace(last, text=last.text + kept)
        elif self._pieces.take():
            self._add(STDERR, "", kept, None)

    def _add(self, mime: AnyMime, data: str, text: str, line: int | None) -> None:
        step, now = self._position()
        at, said = self._output.length, storable(text)
        self.displays.append(Display(step=step, line=line or now, mime=mime, data=data, text=said, at=at))


class Notebook:
    """Takes what the program shows, as a notebook does, while it is the one ``current``."""

    current: Notebook | None = None

    def __init__(self, log: DisplayLog, asides: Asides, cells: tuple[int, ...]) -> None:
        self._log = log
        self._asides = asides
        self._cells = cells
        self._cell = 0
        self._shown: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def line_begins(self, line: int) -> None:
        """A line of the top level begins; a notebook shows a cell's figures when the cell is over."""
        if not self._cells:
            return
        cell = sum(marker < line for marker in self._cells)
        if cell != self._cell:
            self._cell = cell
            self.all_figures(own_line=True)

    def figure(self, figure: Any, line: int | None = None, *, again: bool = True) -> None:
        """Show one figure as it is now, unless it was shown just so and is not to be shown ``again``."""
        with self._asides.aside("displays", "a figure"), quiet():
            data = base64.b64encode(_png(figure)).decode("ascii")
            if not again and self._shown.get(figure) == data:
                return
            self._shown[figure] = data
            self._log.picture("image/png", data, repr(figure), line)

    def all_figures(self, *, own_line: bool) -> None:
        """Show all figures that are open and close them: at the line that shows them, or at those that made them.

        Those that are merely left, and were shown as they are, are not shown again.
        """
        managers = _open_figures()
        for manager in managers:
            line = getattr(manager, "made_at", None) if own_line else None
            self.figure(manager.canvas.figure, line, again=not own_line)
        if managers:
            from matplotlib import pyplot

            with self._asides.aside("displays", "later figures"):
                pyplot.close("all")

    def display(self, *values: Any, **options: Any) -> None:
        """Do what a notebook's ``display`` does."""
        for value in values:
            with self._asides.aside("displays", "a displayed object"):
                self._show(value)

    def value_of_cell(self, value: Any) -> Any:
        """Show the value of a cell's last expression, unless it is ``None``."""
        if value is not None:
            self.display(value)
        return value

    def _show(self, value: Any) -> None:
        kind = type(value)
        if kind.__module__ == "matplotlib.figure" and kind.__name__ in ("Figure", "SubFigure"):
            self.figure(value)
            from matplotlib import pyplot

            pyplot.close(value)  # as a notebook does, so that it is not shown twice
            return
        for mime, method in _METHODS:
            picture = getattr(kind, method, None)
            data = picture(value) if picture is not None else None
            if isinstance(data, tuple):
                data = data[0]
            if isinstance(data, bytes):
                data = base64.b64encode(data).decode("ascii")
            if isinstance(data, str) and data:
                self._log.picture(mime, data if mime != "image/png" else "".join(data.split()), _text(value))
                return
        self._log.text(_text(value))


def _png(figure: Any) -> bytes:
    """Draw a figure; only what lies outside of its frame makes the picture larger, since that draws it twice."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI)
    wanted, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    if wanted.x0 < 0 or wanted.y0 < 0 or wanted.x1 > width or wanted.y1 > height:
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=_DPI, bbox_inches="tight")
    return picture.getvalue()


def _text(value: Any) -> str:
    """The text that a notebook prints for a value."""
    from IPython.lib.pretty import pretty

    return str(pretty(value))[:_LONGEST_TEXT]  # type: ignore[no-untyped-call]


def _open_figures() -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return list(helpers.Gcf.get_all_fig_managers()) if helpers is not None else []


def built_in(notebook: Notebook, value_of_cell: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that a program finds among Python's own."""
    return {"display": notebook.display, value_of_cell: notebook.value_of_cell}
