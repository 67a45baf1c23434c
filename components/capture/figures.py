"""What a program shows as a notebook would: matplotlib's figures, ``display(x)``, the value of a cell's last line.

``plot_backend`` is a backend of matplotlib's, in its own documented form: ``plt.show()`` hands the figures over.
Matplotlib itself is imported when a program (or the warm-up) imports it.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from typing import Any

from .aside import Asides
from .output import DisplayLog, Mime
from .quiet import quiet

_DPI = 110
_LONGEST_TEXT = 20_000


class Shown:
    """Takes what the program shows, while it is the one ``current``."""

    current: Shown | None = None

    def __init__(self, log: DisplayLog, asides: Asides, cells: tuple[int, ...]) -> None:
        self._log = log
        self._asides = asides
        self._cells = cells
        self._cell = 0

    def line_begins(self, line: int) -> None:
        """A line of the top level begins; a notebook shows a cell's figures when the cell is over."""
        if not self._cells:
            return
        cell = sum(marker < line for marker in self._cells)
        if cell != self._cell:
            self._cell = cell
            self.all_figures(own_line=True)

    def figure(self, figure: Any, line: int | None = None) -> None:
        """Show one figure as it is now."""
        with self._asides.aside("displays", "a figure"), quiet():
            data = base64.b64encode(_png(figure)).decode("ascii")
            self._log.picture("image/png", data, repr(figure), line)

    def all_figures(self, *, own_line: bool) -> None:
        """Show all figures that are open and close them: at the line that shows them, or at those that made them."""
        managers = _open_figures()
        for manager in managers:
            self.figure(manager.canvas.figure, getattr(manager, "made_at", None) if own_line else None)
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


_METHODS: tuple[tuple[Mime, str], ...] = (("image/png", "_repr_png_"), ("image/svg+xml", "_repr_svg_"))


def _text(value: Any) -> str:
    """The text that a notebook prints for a value."""
    from IPython.lib.pretty import pretty

    return str(pretty(value))[:_LONGEST_TEXT]  # type: ignore[no-untyped-call]


def _open_figures() -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return list(helpers.Gcf.get_all_fig_managers()) if helpers is not None else []


def built_in(shown: Shown, value_of_cell: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that a program finds among Python's own."""
    return {"display": shown.display, value_of_cell: shown.value_of_cell}
