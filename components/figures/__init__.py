"""From a trace to pictures: what is drawn (plain records), how (DOT, SVG, HTML), and the texts beside it.

Each picture is a pair: a function that does the arithmetic and gives plain records, tested by equality, and one that
only draws them. Knows neither Streamlit nor torch.
"""

from components.figures.always import Drawn, Ways, draw_lab, draw_torchviz, png_ways, svg_ways
from components.figures.cards.records import Card
from components.figures.lab.dot import lab_dot
from components.figures.lab.graph import lab_graph, lab_roots
from components.figures.lab.marks import Marks, with_marks
from components.figures.lab.records import Box, LabGraph, LabOptions, Link, Root
from components.figures.layout import LayoutProblem, Picture, layout_svg, render
from components.figures.leaf_table import LeafRow, leaf_rows
from components.figures.player_data import player_data
from components.figures.saved_bytes import saved_bytes
from components.figures.torchviz_drawing import torchviz_choices, torchviz_dot, why_not_drawn
from components.figures.trace_index import TraceIndex

__all__ = [
    "Box",
    "Card",
    "Drawn",
    "LabGraph",
    "LabOptions",
    "LayoutProblem",
    "LeafRow",
    "Link",
    "Marks",
    "Picture",
    "Root",
    "TraceIndex",
    "Ways",
    "draw_lab",
    "draw_torchviz",
    "lab_dot",
    "lab_graph",
    "lab_roots",
    "layout_svg",
    "leaf_rows",
    "player_data",
    "png_ways",
    "render",
    "saved_bytes",
    "svg_ways",
    "torchviz_choices",
    "torchviz_dot",
    "why_not_drawn",
    "with_marks",
]
