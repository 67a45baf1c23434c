"""A picture, always: what is given up in which order, on a graph that Graphviz cannot lay out and on made-up ones."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from components.figures import (
    Box,
    LabGraph,
    LabOptions,
    LayoutProblem,
    Link,
    Picture,
    Ways,
    draw_lab,
    draw_torchviz,
    drawing,
    lab_dot,
    lab_graph,
    layout,
    layout_svg,
    png_ways,
    svg_ways,
    without_graphviz,
)
from components.figures.lab.records import Frame
from components.worker.confine.tool import start_tool
from tests.figures import traces as t

FAILED = LayoutProblem("failed", "The layout program failed: no luck.")


def unlucky() -> LabGraph:
    """What is left of a program of gradients through gradients when all that does no harm is taken away."""
    gradient, output = ("gradient", "travelled"), ("output", "travelled")
    links = [
        ("s", "s~saved", ("saved",)),
        ("t15", "s", output),
        ("b", "c", gradient),
        ("d", "b", gradient),
        ("s", "p", gradient),
        ("q", "p", gradient),
        ("r", "q", gradient),
        ("q", "s", ("derivative",)),
    ]
    boxes = [Box(name, ("function",), name) for name in ("r", "q", "s", "p", "d", "b", "c")]
    boxes += [Box("s~saved", ("saved",), "self"), Box("t15", ("output",), "loss")]
    frames = [
        ("g", (), None),
        ("g.1", ("c",), "g"),
        ("g.2", ("b",), "g"),
        ("g.3", ("p", "s", "s~saved", "q", "r"), "g"),
    ]
    return LabGraph(
        tuple(sorted(boxes, key=lambda box: ["r", "q", "s", "s~saved", "p", "d", "b", "c", "t15"].index(box.id))),
        tuple(Link(source, target, kinds, "" if kinds == ("saved",) else "1") for source, target, kinds in links),
        9,
        tuple(Frame(name, name, inside, parent) for name, inside, parent in frames),
    )


def folding() -> tuple[LabGraph, Callable[[tuple[str, ...]], LabGraph]]:
    """Return a picture with open groups and frames, and how it is folded further."""
    trace = t.chain(500)
    whole = lab_graph(trace)
    return replace(whole, frames=(Frame("g.0", "loop", ("n1",)),)), lambda opened: lab_graph(
        trace, options=LabOptions(opened=opened)
    )


def choosy(takes: Callable[[str], bool], problem: LayoutProblem = FAILED) -> tuple[Ways[str], list[str]]:
    """Return ways that lay out only what ``takes`` accepts, and what they were asked for."""
    asked: list[str] = []

    def lay_out(dot: str) -> str | LayoutProblem:
        asked.append(dot)
        return dot if takes(dot) else problem

    return Ways(lay_out, lambda sketch: f"plain {len(sketch.boxes)}"), asked


def test_graphviz_fails_on_the_unlucky_graph_which_is_drawn_with_its_frames_all_the_same() -> None:
    graph = unlucky()
    problem = layout_svg(lab_dot(graph), 20)
    assert problem == LayoutProblem("failed", "The layout program failed: lost q s edge.")
    drawn = draw_lab(graph, svg_ways(20))
    assert isinstance(drawn.image, Picture)
    assert {box.id for box in drawn.image.boxes} == {box.id for box in graph.boxes}
    assert ('class="cluster frame"' in drawn.image.svg, drawn.gave_up) == (True, "")


def test_what_can_be_laid_out_is_shown_as_it_is() -> None:
    graph, folded = folding()
    ways, asked = choosy(lambda dot: True)
    drawn = draw_lab(graph, ways, folded)
    assert (drawn.image, drawn.dot, drawn.graph, drawn.gave_up) == (lab_dot(graph), lab_dot(graph), graph, "")
    assert len(asked) == 1


def test_frames_are_given_up_first_then_boxes_then_graphviz() -> None:
    graph, folded = folding()
    ways, _ = choosy(lambda dot: "subgraph" not in dot)
    drawn = draw_lab(graph, ways, folded)
    assert (drawn.gave_up, drawn.dot) == ("drawn without frames", lab_dot(replace(graph, frames=())))
    assert drawn.graph is graph, "the groups are still open"

    ways, asked = choosy(lambda dot: dot.count("[id=") < 6)
    drawn = draw_lab(graph, ways, folded)
    assert (drawn.gave_up, drawn.image) == ("folded further", asked[-1])
    assert drawn.graph is not None
    assert len(drawn.graph.boxes) < len(graph.boxes)
    assert lab_dot(drawn.graph) == drawn.dot

    ways, asked = choosy(lambda dot: False)
    drawn = draw_lab(graph, ways, folded)
    assert (drawn.gave_up, drawn.image) == (
        "drawn plainly: Graphviz could not lay it out",
        f"plain {len(graph.boxes)}",
    )
    assert len(asked) == len(set(asked)) >= 4
    assert (drawn.graph, drawn.dot) == (graph, lab_dot(graph))


def test_what_a_person_has_opened_is_not_closed() -> None:
    graph, _ = folding()
    ways, _ = choosy(lambda dot: dot.count("[id=") < 6)
    assert draw_lab(graph, ways).image == f"plain {len(graph.boxes)}"


def test_what_is_too_slow_is_not_tried_the_same_way_again() -> None:
    graph, folded = folding()
    ways, asked = choosy(lambda dot: False, LayoutProblem("timeout", "slow"))
    drawn = draw_lab(graph, ways, folded)
    assert drawn.gave_up == "drawn plainly: Graphviz could not lay it out in time"
    assert not [dot for dot in asked if "newrank" in dot]
    asked.clear()
    draw_lab(graph, replace(ways, seconds=0.0), folded)
    assert len(asked) == 1, "the time is up after the first"


def test_nobody_waits_twice_where_no_layout_program_is_free() -> None:
    graph, folded = folding()
    ways, asked = choosy(lambda dot: False, LayoutProblem("busy", "others"))
    assert draw_lab(graph, ways, folded).gave_up == "drawn plainly: no layout program was free"
    assert len(asked) == 1


def test_the_log_has_what_the_layout_program_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        draw_lab(unlucky(), svg_ways(20))
    assert [record.getMessage() for record in caplog.records] == [
        "A picture of 9 boxes: The layout program failed: lost q s edge."
    ]


def test_a_drawing_of_torchviz_is_drawn_plainly() -> None:
    dot = "digraph {\n\tn0 [label=a]\n\tn1 [label=b]\n\tn0 -> n1\n}\n"
    ways = replace(svg_ways(20), lay_out=lambda _: FAILED)
    drawn = draw_torchviz(dot, ways)
    assert isinstance(drawn.image, Picture)
    assert [box.id for box in drawn.image.boxes] == ["n0", "n1"]
    assert drawn.gave_up == "drawn plainly: Graphviz could not lay it out"
    assert draw_torchviz(dot, svg_ways(20)).gave_up == ""
    nothing = draw_torchviz("{}", ways)
    assert (nothing.image, nothing.gave_up) == (FAILED, "")


def test_boxes_that_are_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "bounded", lambda sketch: without_graphviz.bounded(sketch, 3))
    ways, _ = choosy(lambda dot: False)
    drawn = draw_torchviz("digraph { a; b; c; d; e }", ways)
    assert drawn.image == "plain 3"
    assert drawn.gave_up.endswith(" · only the first 3 of 5 boxes")


def test_a_plain_drawing_is_painted_where_nothing_can_be_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    start = start_tool

    def only_paints(command: list[str], *rest: Any, **files: Any) -> subprocess.Popen[bytes]:
        return start([shutil.which("false") or "", *command] if "-Kdot" in command else command, *rest, **files)

    monkeypatch.setattr(layout, "start_tool", only_paints)
    drawn = draw_lab(unlucky(), png_ways(20))
    assert isinstance(drawn.image, bytes)
    assert drawn.image.startswith(b"\x89PNG")
    assert drawn.gave_up == "drawn plainly: Graphviz could not lay it out"
