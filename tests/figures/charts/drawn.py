"""All figures of a history, and what hangs on their points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from components.facts.gradients import History
from components.facts.gradients.flow import flow_info
from components.figures.charts.gradient_calls import norm_figure, scalar_figure
from components.figures.charts.gradient_cells import matrix_figure, vector_figure
from components.figures.charts.gradient_flow import flow_figure


def all_figures(history: History) -> Iterator[go.Figure]:
    yield scalar_figure(history)
    yield norm_figure(history)
    yield norm_figure(history, highlight=history.leaves[-1].origin if history.leaves else "t0")
    for leaf in history.leaves:
        yield vector_figure(leaf)
    for number in (0, *range(1, len(history.calls) + 2)[-4:]):
        yield flow_figure(flow_info(history, number))
        for leaf in history.leaves:
            yield matrix_figure(leaf, number)


def custom(trace: Any) -> list[Any]:
    """The rows of ``customdata``, of heat maps too."""
    rows = [] if trace.customdata is None else trace.customdata.tolist()
    return [cell for row in rows for cell in row] if rows and trace.type == "heatmap" else rows
