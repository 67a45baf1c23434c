"""The Gradients page: every leaf's `.grad` over the calls, beside the player of the same program."""

from __future__ import annotations

import streamlit as st

from app import gradients, program_choice, what_if, what_if_shown
from app.examples import GRADIENTS
from app.workbench import ABOVE, frame


def page() -> None:
    """Show the program on the left, its picture in the middle and the charts on the right."""
    asked = what_if.asked(gradients.PAGE) is not None
    made, played, *charted = frame(gradients.PAGE, [0.28, 0.72] if asked else [0.28, 0.34, 0.38])
    with made:
        shown = program_choice.program(gradients.PAGE, "Gradients", GRADIENTS)
    if shown is None:
        return
    if asked != (what_if.asked(gradients.PAGE) is not None):
        st.rerun()  # another program is shown, and another frame
    gradients.follow()
    for beside in charted:
        with beside:
            gradients.show(gradients.choose())
    with played:
        what_if_shown.show(gradients.PAGE, program_choice.place(gradients.PAGE, GRADIENTS), above=ABOVE)


page()
