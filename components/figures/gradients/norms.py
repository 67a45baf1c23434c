"""The norm of every leaf's gradient over the calls: what each call added, and what ``.grad`` came to."""

from __future__ import annotations

import plotly.graph_objects as go

from . import style
from .history import in_order_of_use, variables
from .lines import lines_figure
from .records import History
from .scale import norm_or_row


def norm_figure(history: History, highlight: str | None = None) -> go.Figure:
    """Draw the norms, on a logarithm if they span much; ``highlight`` is the origin of a leaf that stands out.

    A click on a name in the legend shows that leaf alone.
    """
    leaves = in_order_of_use([leaf for leaf in variables(history) if leaf.changes])
    if not leaves:
        return style.empty("No call has changed a .grad yet.")
    titles = ("‖ added by each call ‖", "‖ .grad after it ‖")
    return lines_figure(history.calls, leaves, norm_or_row, titles, highlight=highlight)
