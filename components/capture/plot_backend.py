"""The backend that matplotlib uses in programs: it draws as Agg does, and ``plt.show()`` hands the figures over.

A module of its own because matplotlib loads a backend by its module's name (``MPLBACKEND``).
"""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from .names import program_line
from .output import Notebook


class FigureManager(FigureManagerBase):
    """Knows the line that made its figure, and shows it."""

    def __init__(self, canvas: Any, num: int) -> None:
        super().__init__(canvas, num)
        self.made_at = program_line()

    def show(self) -> None:
        """Do what ``fig.show()`` does."""
        if Notebook.current is not None:
            Notebook.current.figure(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Do what ``plt.show()`` does: when the windows are closed, the figures are gone."""
        if Notebook.current is not None:
            Notebook.current.all_figures(own_line=False)


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas, with that manager."""

    manager_class = FigureManager
