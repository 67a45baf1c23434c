"""The player of one recorded step as a page of its own, in a file or in a notebook's cell. Needs no server."""

from __future__ import annotations

import html

from ..facts import TraceIndex
from ..figures import (
    LabGraph,
    LabOptions,
    LayoutProblem,
    Picture,
    PlayerData,
    draw_lab,
    foldings,
    lab_graph,
    player_data,
    svg_ways,
    with_columns,
)
from ..trace import ModuleCosts, Trace
from ..widgets.player.page import standalone_page

# Whoever asks waits for one picture.
_SECONDS = 30.0
_HEIGHT = 680
# A notebook holds the page, and who has a cell run waits for it.
_MOST_FOLDINGS, _MOST_BOXES = 24, 130
_EMPTY = "<!doctype html><title>{title}</title><p>{title}: {why}</p>"


def player_page(trace: Trace, title: str) -> str:
    """Return a step's player as one HTML page; where there is nothing to draw, a page that says so."""
    index = TraceIndex(trace)
    graph = lab_graph(index)
    if not graph.boxes:
        return _EMPTY.format(title=html.escape(title), why="it built no graph, so there is nothing to draw.")
    drawn = draw_lab(graph, svg_ways(_SECONDS), lambda opened: lab_graph(index, None, LabOptions(opened=opened)))
    if isinstance(drawn.image, LayoutProblem):
        return _EMPTY.format(title=html.escape(title), why=html.escape(drawn.image.message))
    said = f"{title} · {drawn.gave_up}" if drawn.gave_up else title

    def told(image: Picture | LayoutProblem, graph: LabGraph) -> PlayerData:
        data = player_data(index, image, graph=graph, title=said)
        return with_columns(data, index, graph, trace.modules) if isinstance(trace.modules, ModuleCosts) else data

    def other(opened: tuple[str, ...]) -> PlayerData:
        graph = lab_graph(index, None, LabOptions(opened=opened))
        return told(draw_lab(graph, svg_ways(_SECONDS)).image, graph)

    first = told(drawn.image, drawn.graph or graph)
    return standalone_page(first, title, foldings(index, None, first, other, _MOST_FOLDINGS, _MOST_BOXES))


def framed(page: str) -> str:
    """Return a page as an element of a notebook's output, apart from all else there."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" title="Autograd Lab" '
        f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
    )
