"""``python -m app render``: a program or a saved trace in, a picture out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import UNSET

from app.cli.files import STANDARD, Unusable, read_program_or_trace, write
from app.cli.trace import running
from components.facts import TraceIndex
from components.figures import (
    Drawn,
    LabOptions,
    LayoutProblem,
    Picture,
    PlayerData,
    Ways,
    draw_lab,
    draw_torchviz,
    drawn_again,
    lab_dot,
    lab_graph,
    lab_roots,
    player_data,
    png_ways,
    svg_ways,
    torchviz_choices,
    torchviz_dot,
    torchviz_question,
    why_not_drawn,
)
from components.reading.graph_view import GraphAsked, other_foldings
from components.trace import Draw, Trace
from components.widgets.player.page import standalone_page

# A shell can wait longer for a layout than a page.
LAYOUT_SECONDS = 60.0
_Image = TypeVar("_Image")


def render(options: argparse.Namespace) -> int:
    """Draw ``options.source`` and write it; returns 0, also where the program failed after it had built a graph.

    Raises:
        Unusable: the file cannot be read, there is nothing to draw, or it cannot be laid out.
    """
    if options.format == "png" and options.output == STANDARD and sys.stdout.isatty():
        raise Unusable("a PNG is not text: name a file with -o, or pipe it")
    found = read_program_or_trace(options.source, options.step)
    if isinstance(found, Trace):
        write(options.output, _drawn(found, options, _not_saved))
        return 0
    with running(options) as run:
        trace = run(found)
        write(options.output, _drawn(trace, options, lambda question: run(found, question)))
    return 0


def _not_saved(question: Draw) -> Trace:
    raise Unusable(
        "torchviz draws this when it is asked to, and nobody had asked when the trace was saved: render its program"
    )


def _drawn(trace: Trace, options: argparse.Namespace, ask: Callable[[Draw], Trace]) -> bytes:
    if trace.failure is not None:
        where = f"line {trace.failure.line}: " if trace.failure.line is not None else ""
        print(f"The program failed: {where}{trace.failure.message}", file=sys.stderr)
    return _torchviz(trace, options, ask) if options.view == "torchviz" else _lab(trace, options)


def _lab(trace: Trace, options: argparse.Namespace) -> bytes:
    index = TraceIndex(trace)
    # A root is called "y (line 4)", after its backward, or "y".
    roots = {root.label.partition(" (")[0]: root for root in lab_roots(index)}
    _among(options.of, list(roots))
    root = roots[options.of] if options.of is not None else None
    graph = lab_graph(index, root)
    if not graph.boxes:
        raise Unusable("there is nothing to draw: the program left no tensor")

    def draw(ways: Ways[_Image]) -> Drawn[_Image]:
        return draw_lab(graph, ways, lambda opened: lab_graph(index, root, LabOptions(opened=opened)))

    if options.format == "dot":
        return lab_dot(graph).encode()
    if options.format == "png":
        return _image(draw(png_ways(LAYOUT_SECONDS)))
    # A graph of several is known to the pages by its number too.
    number = list(roots).index(options.of) + 1 if root is not None and len(roots) > 1 else None
    asked = GraphAsked(root=f"{number}. {root.label}") if root is not None and number else GraphAsked()
    return _document(draw(svg_ways(LAYOUT_SECONDS)), index, options, lambda: other_foldings(index, asked))


def _torchviz(trace: Trace, options: argparse.Namespace, ask: Callable[[Draw], Trace]) -> bytes:
    dot = _dot(trace, options, ask)
    if options.format == "dot":
        return dot.encode()
    if options.format == "png":
        return _image(draw_torchviz(dot, png_ways(LAYOUT_SECONDS)))
    return _document(draw_torchviz(dot, svg_ways(LAYOUT_SECONDS)), TraceIndex(trace), options)


def _image(drawn: Drawn[_Image]) -> _Image:
    """Return the image, and say what was given up for it."""
    if isinstance(drawn.image, LayoutProblem):
        raise Unusable(drawn.image.message)
    if drawn.gave_up:
        print(f"The picture is {drawn.gave_up}.", file=sys.stderr)
    return drawn.image


def _document(
    drawn: Drawn[Picture],
    index: TraceIndex,
    options: argparse.Namespace,
    others: Callable[[], Iterable[PlayerData]] = tuple,
) -> bytes:
    """Return the picture as SVG, or the player with it and with ``others``, in which other boxes are open."""
    picture = _image(drawn)
    if options.format == "svg":
        return picture.svg.encode()
    title = "A program" if options.source == STANDARD else Path(options.source).stem
    kind: Literal["lab", "torchviz"] = "torchviz" if drawn.graph is None else "lab"
    said = f"{title} · {drawn.gave_up}" if drawn.gave_up else title
    data = player_data(index, picture, kind=kind, graph=drawn.graph, title=said, dot=drawn.dot)
    return standalone_page(data, title, others()).encode()


def _dot(trace: Trace, options: argparse.Namespace, ask: Callable[[Draw], Trace]) -> str:
    choices = torchviz_choices(trace)
    if not choices:
        raise Unusable("torchviz draws nothing of this program: it left no tensor")
    _among(options.of, choices)
    drawing = torchviz_dot(trace, options.of, show_attrs=options.show_attrs, show_saved=options.show_saved)
    if drawing is None:
        raise Unusable("torchviz draws nothing of this program: try --view lab")
    if drawing.dot is UNSET:
        again = drawn_again(drawing, ask(torchviz_question(trace, options.of, drawing)))
        if isinstance(again, str):
            raise Unusable(again)
        drawing = again
    if not isinstance(drawing.dot, str):
        raise Unusable(why_not_drawn(trace, drawing))
    return drawing.dot


def _among(name: str | None, choices: list[str]) -> None:
    if name is not None and name not in choices:
        raise Unusable(f"there is no graph of {name}; there is: {', '.join(choices) or 'none'}")
