"""A page with nothing but the graph, for the tests in the browser: ``?show=`` names what it shows."""

from __future__ import annotations

import sys
from pathlib import Path

# Streamlit runs this file with its own folder in front of the path.
sys.path.insert(0, str(Path(__file__).parents[2]))

import streamlit as st

from components.figures import Box, Card, LabGraph, LayoutProblem, Link, Picture, lab_dot, layout_svg
from components.widgets.graph_view import graph_view

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>'


def graph(value: str, name: str = "h") -> LabGraph:
    boxes = (
        Box("t2", ("output",), "y", value),
        Box("n3", ("function", "released"), "PowBackward0", "", "line 7"),
        Box("n3~saved", ("saved", "freed"), name, "(2)  8 B"),
        Box("n2", ("function",), "MulBackward0", "", "line 6"),
        Box("n0~1", ("leaf", "copy"), "x"),
        Box("n0", ("function",), "AccumulateGrad"),
        Box("n0~leaf", ("leaf",), "x", "2", ".grad 12"),
    )
    links = (
        Link("t2", "n3", ("output",), "1"),
        Link("n3", "n3~saved", ("saved",)),
        Link("n3", "n2", ("gradient", "travelled"), "12"),
        Link("n3", "n0~1", ("gradient",)),
        Link("n2", "n0", ("gradient",)),
        Link("n0", "n0~leaf", ("gradient",)),
    )
    return LabGraph(boxes, links, 3)


def cards(value: str, name: str = "h") -> dict[str, Card]:
    power = Card("PowBackward0", "line 7", "self: pow_backward(grad, self)", (("saved", name),), "It was freed.", 7)
    return {
        "t2": Card("y", "result of an operation", None, (("value", value),), None, 7, "output"),
        "n3": power,
        "n2": Card("MulBackward0", "line 6", None, (), None, 6),
        "n0": Card("AccumulateGrad", "adds to x.grad", None, (), None, 1),
        "n0~leaf": Card("x", "leaf", None, ((".grad", "12"),), None, 1, "leaf"),
    }


st.set_page_config(layout="wide")
show = st.query_params.get("show", "graph")
changed = "9" if st.button("Change the value") else "8"
name = HOSTILE if show == "hostile" else "h"
shown: Picture | LayoutProblem | None
told: dict[str, Card]
if show == "empty":
    shown, told = None, {}
elif show == "problem":
    shown, told = LayoutProblem("timeout", "This graph could not be laid out."), {}
else:
    shown, told = layout_svg(lab_dot(graph(changed, name)), 30), cards(changed, name)
selected = graph_view(shown, told, key="graph", title="Graph of y", empty="No graph yet.", height=560)
st.text(f"selected: {selected}")
