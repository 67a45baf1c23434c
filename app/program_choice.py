"""Which program is shown by a page that makes none: that of another page, an example that it runs, an opened trace."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import results, session
from components.figures import TraceIndex
from components.trace import Trace

OPENED = "opened"


def choose(page: str, examples: Mapping[str, str], width: int = 300) -> TraceIndex | None:
    """Let the person choose a program; return the tables of its trace once it has run."""
    made = [one for one in session.PROGRAM_PAGES if session.trace(one) is not None]
    opened = opened_trace(page)
    options = [*([OPENED] if opened is not None else []), *made, *examples]
    latest = session.latest()
    first = OPENED if opened is not None else latest if latest in made else options[0]

    def words(one: str) -> str:
        if one == OPENED and opened is not None:
            return f"Trace: {opened[0]}"
        return f"My program on {session.PROGRAM_PAGES[one]}" if one in made else f"Example: {one}"

    chosen = st.selectbox(
        "Program",
        options,
        index=options.index(first),
        format_func=words,
        key=f"{page}:program:{latest}{'' if opened is None else f':{opened[2]}'}",
        label_visibility="collapsed",
        width=width,
    )
    if chosen == OPENED and opened is not None:
        if session.trace(page) is not opened[1]:
            session.show(page, opened[1])
    elif chosen in examples:
        _run(page, examples[chosen])
    else:
        session.collect(chosen)  # what was started there may be done by now
        session.adopt(page, chosen)
    session.state()[f"{page}:of"] = chosen
    return session.index(page)


def waiting(page: str) -> bool:
    """Show a run that is under way, here or on the page whose program is shown; return whether there is one."""
    of = session.state().get(f"{page}:of")
    return results.progress(page) or (of in session.PROGRAM_PAGES and results.progress(of))


def open_trace(page: str, name: str, trace: Trace) -> None:
    """Let the page show a trace from a file of that name."""
    opened = opened_trace(page)
    session.state()[f"{page}:file"] = name, trace, 1 + (opened[2] if opened is not None else 0)


def opened_trace(page: str) -> tuple[str, Trace, int] | None:
    """Return the opened trace with its file's name before it, and how many were opened so far."""
    found: tuple[str, Trace, int] | None = session.state().get(f"{page}:file")
    return found


def _run(page: str, source: str) -> None:
    shown = session.trace(page)
    asked = session.state().get(f"{page}:asked") == source and session.running(page) is not None
    opened = opened_trace(page)
    foreign = opened is not None and shown is opened[1]
    if not asked and (shown is None or foreign or shown.program.source != source):
        session.state()[f"{page}:asked"] = source
        session.start(page, source)
