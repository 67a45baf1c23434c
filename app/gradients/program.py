"""Whose gradients the page shows: the program of another page, or an example that it runs itself."""

from __future__ import annotations

import streamlit as st

from app import results, session
from app.gradients.examples import EXAMPLES
from components.figures import TraceIndex

PAGE = "gradients"


def choose() -> TraceIndex | None:
    """Let the person choose a program; return the tables of its trace once it has run."""
    made = [page for page in session.PROGRAM_PAGES if session.trace(page) is not None]
    options = [*made, *EXAMPLES]
    latest = session.latest()
    chosen = st.selectbox(
        "Program",
        options,
        index=options.index(latest) if latest in made else 0,
        format_func=lambda one: f"My program on {session.PROGRAM_PAGES[one]}" if one in made else f"Example: {one}",
        key=f"gradients:program:{latest}",
        label_visibility="collapsed",
        width=300,
    )
    if chosen in EXAMPLES:
        _run(EXAMPLES[chosen])
    else:
        session.collect(chosen)  # what was started there may be done by now
        session.adopt(PAGE, chosen)
    session.state()["gradients:of"] = chosen
    return session.index(PAGE)


def waiting() -> bool:
    """Show a run that is under way, here or on the page whose program is shown; return whether there is one."""
    of = session.state().get("gradients:of")
    return results.progress(PAGE) or (of in session.PROGRAM_PAGES and results.progress(of))


def _run(source: str) -> None:
    shown = session.trace(PAGE)
    asked = session.state().get("gradients:asked") == source and session.running(PAGE) is not None
    if not asked and (shown is None or shown.program.source != source):
        session.state()["gradients:asked"] = source
        session.start(PAGE, source)
