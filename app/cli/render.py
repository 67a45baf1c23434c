"""``python -m app render``: a program or a saved trace in, a picture out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Literal

from app.cli.files import STANDARD, Unusable, read_program_or_trace, write
from app.cli.run import run_programs
from components.figures import (
    LabGraph,
    LayoutProblem,
    TraceIndex,
    lab_dot,
    lab_graph,
    lab_roots,
    layout_svg,
    player_data,
    torchviz_choices,
    torchviz_dot,
)
from components.figures import render as draw
from components.trace import Trace
from components.widgets.player.page import standalone_page

# A shell can wait longer for a layout than a page.
LAYOUT_SECONDS = 60.0


def render(options: argparse.Namespace) -> int:
    """Draw ``options.source`` and write it; returns 0, also where the program failed after it had built a graph.

    Raises:
        Unusable: the file cannot be read, there is nothing to draw, or it cannot be laid out.
    """
    if options.format == "png" and options.output == STANDARD and sys.stdout.isatty():
        raise Unusable("a PNG is not text: name a file with -o, or pipe it")
    found = read_program_or_trace(options.source)
    [trace] = [found] if isinstance(found, Trace) else run_programs([found], options)
    if trace.failure is not None:
        where = f"line {trace.failure.line}: " if trace.failure.line is not None else ""
        print(f"The program failed: {where}{trace.failure.message}", file=sys.stderr)
    graph = None if options.view == "torchviz" else _lab(trace, options.of)
    dot = lab_dot(graph) if graph is not None else _torchviz(trace, options)
    write(options.output, _picture(dot, graph, trace, options))
    return 0


def _picture(dot: str, graph: LabGraph | None, trace: Trace, options: argparse.Namespace) -> bytes:
    if options.format == "dot":
        return dot.encode()
    if options.format == "png":
        image = draw(dot, "png", LAYOUT_SECONDS)
        if isinstance(image, LayoutProblem):
            raise Unusable(image.message)
        return image
    picture = layout_svg(dot, LAYOUT_SECONDS)
    if isinstance(picture, LayoutProblem):
        raise Unusable(picture.message)
    if options.format == "svg":
        return picture.svg.encode()
    title = "A program" if options.source == STANDARD else Path(options.source).stem
    kind: Literal["lab", "torchviz"] = "torchviz" if graph is None else "lab"
    data = player_data(TraceIndex(trace), picture, kind=kind, graph=graph, title=title)
    return standalone_page({**data, "dot": dot}, title).encode()


def _torchviz(trace: Trace, options: argparse.Namespace) -> str:
    choices = torchviz_choices(trace)
    if not choices:
        raise Unusable("torchviz draws nothing of this program: it left no tensor")
    _among(options.of, choices)
    drawing = torchviz_dot(trace, options.of, show_attrs=options.show_attrs, show_saved=options.show_saved)
    if drawing is None or drawing.dot is None:
        raise Unusable("this graph is too large for torchviz: try --view lab")
    return drawing.dot


def _lab(trace: Trace, of: str | None) -> LabGraph:
    # A root is called "y (line 4)", after its backward, or "y".
    roots = {root.label.partition(" (")[0]: root for root in lab_roots(trace)}
    _among(of, list(roots))
    graph = lab_graph(trace, roots[of] if of is not None else None)
    if not graph.boxes:
        raise Unusable("there is nothing to draw: the program left no tensor")
    return graph


def _among(name: str | None, choices: list[str]) -> None:
    if name is not None and name not in choices:
        raise Unusable(f"there is no graph of {name}; there is: {', '.join(choices) or 'none'}")
