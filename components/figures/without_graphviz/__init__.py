"""A drawing of our own that always succeeds: rows of boxes, for what Graphviz cannot lay out or not in time.

A ``Sketch`` says what is to be drawn, whichever view it is of; ``arranged`` gives every box and line its place, in time
that grows about as the sketch does; ``written`` writes it down. The SVG is built as Graphviz builds its own,
so that whoever reads pictures need not know which of the two drew one.
"""

from .arranged import Arranged, arranged
from .sketch import MOST_BOXES, PlainBox, PlainLink, Sketch, bounded, lab_sketch
from .torchviz_sketch import torchviz_sketch
from .written import pinned_dot, plain_svg

__all__ = [
    "MOST_BOXES",
    "Arranged",
    "PlainBox",
    "PlainLink",
    "Sketch",
    "arranged",
    "bounded",
    "lab_sketch",
    "pinned_dot",
    "plain_svg",
    "torchviz_sketch",
]
