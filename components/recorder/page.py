"""The player of one recorded step as a page of its own, in a file or in a notebook's cell. Needs no server."""

from __future__ import annotations

import html

from ..facts import TraceIndex
from ..facts.folding import MOST_BOXES
from ..facts.modules import Modules
from ..figures import (
    Budget,
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

# Whoever asks waits for one picture, and less for each of the others.
_SECONDS, _SECONDS_OF_OTHERS = 30.0, 5.0
_HEIGHT = 680
# As many boxes as the app draws.
IN_A_FILE = Budget(pictures=200, combined=100, boxes=MOST_BOXES, seconds=10.0)
# A notebook holds the page, and who has a cell run waits for it.
IN_A_NOTEBOOK = Budget(pictures=24, boxes=130, seconds=5.0)
_EMPTY = "<!doctype html><title>{title}</title><p>{title}: {why}</p>"


def player_page(trace: Trace, title: str, budget: Budget) -> str:
    """Return a step's player as one HTML page; where there is nothing to draw, a page that says so.

    ``budget`` is of the pictures with other boxes open.
    """
    index = TraceIndex(trace)
    graph = lab_graph(index)
    if not graph.boxes:
        return _EMPTY.format(title=html.escape(title), why="it built no graph, so there is nothing to draw.")
    drawn = draw_lab(graph, svg_ways(_SECONDS), lambda opened: lab_graph(index, None, LabOptions(opened=opened)))
    if isinstance(drawn.image, LayoutProblem):
        return _EMPTY.format(title=html.escape(title), why=html.escape(drawn.image.message))
    modules = Modules(index, trace.modules) if isinstance(trace.modules, ModuleCosts) else None
    said = f"{title} · {drawn.gave_up}" if drawn.gave_up else title

    def told(image: Picture | LayoutProblem, graph: LabGraph) -> PlayerData:
        data = player_data(index, image, graph=graph, title=said)
        return with_columns(data, index, graph, modules) if modules is not None else data

    def other(opened: tuple[str, ...]) -> PlayerData:
        graph = lab_graph(index, None, LabOptions(opened=opened))
        return told(draw_lab(graph, svg_ways(_SECONDS_OF_OTHERS)).image, graph)

    first = told(drawn.image, drawn.graph or graph)
    return standalone_page(first, title, foldings(index, None, first, other, budget))


def framed(page: str) -> str:
    """Return a page as an element of a notebook's output, apart from all else there."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" title="Autograd Lab" '
        f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
    )
