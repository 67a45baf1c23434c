"""The Derivatives page: a function and its point on one side, everything that differentiates it on the other."""

from __future__ import annotations

import streamlit as st

from app import derivatives_questions
from app.controls import kept_one_of
from app.derivatives_sections import checks, matrices, nth_derivatives, plots
from app.editors import problem_of
from app.workbench import frame
from components.widgets.editor import Problem

_SECTIONS = {
    "n-th derivatives": nth_derivatives,
    "Jacobian, Hessian": matrices,
    "Plot": plots,
    "Checks": checks,
}


def page() -> None:
    """Show the function's editor and the chosen section."""
    made, did = frame("derivatives", [0.34, 0.66])
    shown = _problem()
    with made:
        text = derivatives_questions.edit(shown)
    with did:
        _SECTIONS[kept_one_of("Section", _SECTIONS, "derivatives:section")](text)
    if _problem() != shown:
        st.rerun()  # the editor was drawn before the function ran


def _problem() -> Problem | None:
    """Return the failure of the function that is shown, for its line in the editor."""
    state = derivatives_questions.derivatives_state()
    text, failure = state.failure
    return problem_of(failure if text == derivatives_questions.EDITOR.ran else None)


page()
