"""From a trace to pictures: what is drawn (plain records), how (DOT, SVG, HTML), and the texts beside it.

Each picture is a pair: a function that does the arithmetic and gives plain records, tested by equality, and one that
only draws them. Knows neither Streamlit nor torch.
"""

from .always import Drawn, Ways, draw_lab, draw_torchviz, png_ways, svg_ways
from .cards.records import Card
from .lab.dot import lab_dot
from .lab.graph import lab_graph, lab_roots
from .lab.marks import Marks, with_marks
from .lab.records import Box, LabGraph, LabOptions, Link, Root
from .layout import LayoutProblem, Picture, layout_svg, render
from .leaf_table import LeafRow, leaf_rows
from .player_data import PlayerData, player_data
from .saved_bytes import saved_bytes
from .torchviz_drawing import torchviz_choices, torchviz_dot, why_not_drawn
from .trace_index import TraceIndex

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
    "PlayerData",
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
