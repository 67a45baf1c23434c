"""The backend that matplotlib uses in programs: it draws as Agg does, and ``plt.show()`` hands the figures over.

A module of its own because matplotlib loads a backend by its module's name (``MPLBACKEND``).
"""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from components.capture.figures import Shown


class FigureManager(FigureManagerBase):
    """Tells who runs the program of each figure, and shows them."""

    def __init__(self, canvas: Any, num: int) -> None:
        super().__init__(canvas, num)
        if Shown.current is not None and isinstance(num, int):
            Shown.current.made(num)

    def show(self) -> None:
        """Do what ``fig.show()`` does."""
        if Shown.current is not None:
            Shown.current.figure(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Do what ``plt.show()`` does: when the windows are closed, the figures are gone."""
        if Shown.current is not None:
            Shown.current.all_figures(own_line=False)


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas, with that manager."""

    manager_class = FigureManager
