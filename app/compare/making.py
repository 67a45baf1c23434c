"""Where a side's program is chosen, opened and edited."""

from __future__ import annotations

import streamlit as st

from app import session
from app.compare import sides
from app.uploads import OpenError, opened_trace
from app.workbench import problem_of
from components.widgets.editor import code_editor

# In CSS pixels; in lines of code, the least and the most that an editor shows at once.
_LINE, _AROUND, _LEAST, _MOST = 22.4, 12, 6, 14


def make(name: str) -> None:
    """Show where one side has its program from, and the program."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _source(name)
        _open(name)
    _editor(name)


def _source(name: str) -> None:
    """Let the person choose where a side has its program from: one way to change the left one is one choice."""
    key, now, title = f"compare:{name}:from", sides.side(name), name.capitalize()
    words: dict[str | sides.Switched, str] = {sides.TEXT: f"{title}: the program below"}
    for page, called in session.PROGRAM_PAGES.items():
        if session.trace(page) is not None or now.source == page:
            words[page] = f"{title}: my program on {called}"
    if now.source == sides.TRACE:
        words[sides.TRACE] = f"{title}: {now.file}"
    if name == sides.RIGHT:
        for one in sides.switches():
            words[sides.switched(one)] = f"{title}: left, {one.title.replace('`', '')}"
    changed = sides.switch_now() if now.source == sides.SWITCH else None
    session.state()[key] = sides.switched(changed) if changed is not None else now.source
    st.selectbox(
        f"{title} side",
        list(words),
        key=key,
        format_func=lambda source: words[source],
        label_visibility="collapsed",
        on_change=lambda: sides.choose(name, session.state()[key]),
        width=370,
    )


def _open(name: str) -> None:
    key, problem = f"compare:{name}:upload", f"compare:{name}:problem"

    def uploaded() -> None:
        file = session.state()[key]
        if file is None:
            return
        try:
            sides.open_trace(name, opened_trace(file.name, file.getvalue()), file.name)
        except OpenError as error:
            session.state()[problem] = str(error)
        else:
            session.state().pop(problem, None)

    with st.popover("Open trace", icon=":material/upload_file:"):
        st.file_uploader(f"A saved trace for the {name} side (.json)", type=["json"], key=key, on_change=uploaded)
        st.markdown("*Download* → *Trace as JSON* above a graph saves one; so does `python -m app trace`.")
    if problem in session.state():
        st.error(str(session.state()[problem]))


def _editor(name: str) -> None:
    now, page = sides.side(name), sides.page_of(name)
    shown = session.trace(page)
    code_editor(
        now.given,
        key=sides.editor_of(name),
        revision=now.revision,
        words=session.completions(),
        problem=problem_of(shown.failure if shown is not None else None),
        height=_height(),
        channel=page,
        label=f"{name.capitalize()} program",
    )


def _height() -> int:
    """Return how high both editors are: as the longer program is, within bounds."""
    lines = max(sides.side(name).text.rstrip("\n").count("\n") + 1 for name in sides.SIDES)
    return round(_AROUND + _LINE * min(max(lines, _LEAST), _MOST))
