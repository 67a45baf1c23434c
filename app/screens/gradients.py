"""The Gradients page: every leaf's `.grad` over the calls, beside the player of the same program."""

from __future__ import annotations

from app import gradients, graph, program_choice
from app.examples import GRADIENTS
from app.workbench import ABOVE, frame
from components.widgets.editor import is_built


def page() -> None:
    """Show the program on the left, its picture in the middle and the charts on the right."""
    made, played, charted = frame(gradients.PAGE, [0.28, 0.34, 0.38])
    with made:
        index = program_choice.program(gradients.PAGE, "Gradients", GRADIENTS)
    if index is None:
        return
    with charted:
        gradients.show(gradients.choose(), index, gradients.history_of(index))
    with played:
        graph.show(gradients.PAGE, above=ABOVE, show_code=not is_built())


page()
