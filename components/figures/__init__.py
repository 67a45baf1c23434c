"""How what is true of a trace is drawn: DOT, SVG and PNG, charts, and what the player is sent.

``components.facts`` does the arithmetic and gives plain records; what is here only draws them. Knows neither Streamlit
nor torch.
"""

from ..facts.cards import Card
from .drawing import (
    Drawn,
    Ways,
    draw_lab,
    draw_torchviz,
    png_ways,
    svg_ways,
)
from .foldings import Budget, foldings
from .lab import lab_graph, lab_roots, lab_scope
from .lab.dot import lab_dot
from .lab.records import Box, LabGraph, LabOptions, Link, Root, with_marks
from .layout import LayoutProblem, Picture, layout_svg, render
from .module_colours import with_columns
from .player_data import PlayerData, player_data
from .torchviz_drawings import drawn_again, torchviz_choices, torchviz_dot, torchviz_question, why_not_drawn

__all__ = [
    "Box",
    "Budget",
    "Card",
    "Drawn",
    "LabGraph",
    "LabOptions",
    "LayoutProblem",
    "Link",
    "Picture",
    "PlayerData",
    "Root",
    "Ways",
    "draw_lab",
    "draw_torchviz",
    "drawn_again",
    "foldings",
    "lab_dot",
    "lab_graph",
    "lab_roots",
    "lab_scope",
    "layout_svg",
    "player_data",
    "png_ways",
    "render",
    "svg_ways",
    "torchviz_choices",
    "torchviz_dot",
    "torchviz_question",
    "why_not_drawn",
    "with_columns",
    "with_marks",
]
