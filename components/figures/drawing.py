"""A picture, always: what is given up, in which order, where Graphviz fails on a graph or is too slow.

First the frames, which cost the most; then boxes, by folding further, unless a person has chosen what is open; in the
end Graphviz itself, for a plain drawing of our own. The pages and the command line ask here and do not decide.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from .lab.dot import lab_dot
from .lab.records import LabGraph
from .layout import LayoutProblem, Picture, layout_svg, render
from .without_graphviz import Sketch, bounded, lab_sketch, pinned_dot, plain_svg, torchviz_sketch

_log = logging.getLogger(__name__)
_Image = TypeVar("_Image")
_WITHOUT_FRAMES = "drawn without frames"
_FURTHER = "folded further"
_PLAINLY = {
    "failed": "drawn plainly: Graphviz could not lay it out",
    "timeout": "drawn plainly: Graphviz could not lay it out in time",
    "too_large": "drawn plainly: it is too large for Graphviz",
    "busy": "drawn plainly: no layout program was free",
}
# After how many layouts' worth of time no other is tried.
_LAYOUTS = 2.5


@dataclass(frozen=True)
class Ways(Generic[_Image]):
    """How images are made: ``lay_out`` from a DOT text, within ``seconds``, ``plainly`` from a sketch."""

    lay_out: Callable[[str], _Image | LayoutProblem]
    plainly: Callable[[Sketch], _Image | LayoutProblem]
    seconds: float = 5.0


@dataclass(frozen=True)
class Drawn(Generic[_Image]):
    """An image, the DOT text of what it shows, the Lab graph it shows, and in plain words what was given up for it.

    A problem takes the place of the image only where a text has no boxes in it at all.
    """

    image: _Image | LayoutProblem
    dot: str
    graph: LabGraph | None = None
    gave_up: str = ""


def svg_ways(seconds: float = 5.0) -> Ways[Picture]:
    """Return how SVG is made."""
    return Ways(lambda dot: layout_svg(dot, seconds), plain_svg, seconds)


def png_ways(seconds: float = 5.0) -> Ways[bytes]:
    """Return how PNG is made; a plain drawing is painted by the layout program, which is told every place."""
    return Ways(
        lambda dot: render(dot, "png", seconds),
        lambda sketch: render(pinned_dot(sketch), "png", seconds, "nop2"),
        seconds,
    )


def draw_lab(
    graph: LabGraph, ways: Ways[_Image], folded: Callable[[tuple[str, ...]], LabGraph] | None = None
) -> Drawn[_Image]:
    """Draw a Lab picture.

    ``folded`` returns the same picture with only these groups open; ``None`` where a person has chosen what is open.
    """
    problem: LayoutProblem | None = None
    first = time.monotonic()
    for attempt in _attempts(graph, folded):
        if attempt.again and problem is not None and problem.reason != "failed":
            continue
        image = ways.lay_out(attempt.dot)
        if not isinstance(image, LayoutProblem):
            return Drawn(image, attempt.dot, attempt.graph, attempt.gives_up)
        _log.warning("A picture of %d boxes: %s", len(attempt.graph.boxes), image.message)
        problem = problem or image
        if image.reason == "busy" or time.monotonic() - first > _LAYOUTS * ways.seconds:
            break
    return _plainly(lab_sketch(graph), lab_dot(graph), ways, problem, graph)


@dataclass(frozen=True)
class _Attempt:
    """What to lay out, and the picture that it shows; ``again`` is for one that failed, not for one that was slow."""

    graph: LabGraph
    dot: str
    gives_up: str = ""
    again: bool = False


def _attempts(graph: LabGraph, folded: Callable[[tuple[str, ...]], LabGraph] | None) -> Iterator[_Attempt]:
    yield _Attempt(graph, lab_dot(graph))
    if graph.frames:
        yield _Attempt(graph, lab_dot(graph, ranked_anew=True), again=True)
        yield _Attempt(graph, lab_dot(replace(graph, frames=())), _WITHOUT_FRAMES)
    if folded is not None:
        for opened in dict.fromkeys((graph.opened[: len(graph.opened) // 2], ())):
            fewer = folded(opened)
            if 0 < len(fewer.boxes) < len(graph.boxes):
                yield _Attempt(fewer, lab_dot(fewer), _FURTHER)


def draw_torchviz(dot: str, ways: Ways[_Image]) -> Drawn[_Image]:
    """Draw what torchviz drew."""
    image = ways.lay_out(dot)
    if not isinstance(image, LayoutProblem):
        return Drawn(image, dot)
    _log.warning("A drawing of torchviz: %s", image.message)
    return _plainly(torchviz_sketch(dot), dot, ways, image, None)


def _plainly(
    whole: Sketch, dot: str, ways: Ways[_Image], problem: LayoutProblem | None, graph: LabGraph | None
) -> Drawn[_Image]:
    sketch = bounded(whole)
    if problem is None or not sketch.boxes:
        return Drawn(problem or LayoutProblem("failed", "There is nothing to draw."), dot, graph)
    gave_up = _PLAINLY[problem.reason]
    if sketch.left_out:
        gave_up += f" · only the first {len(sketch.boxes):,} of {len(whole.boxes):,} boxes"
    return Drawn(ways.plainly(sketch), dot, graph, gave_up)
