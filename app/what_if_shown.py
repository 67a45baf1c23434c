"""The answer to a "what if": the program as it is and with the one change, side by side, as Compare shows them.

One press goes back, one keeps the change in the place where the program is edited.
"""

from __future__ import annotations

import streamlit as st

from app import compare_sides, graph, results, session, what_if
from app.advice import Place
from app.links import TooLong, program_link
from components.source.line_changes import line_changes, made_in
from components.widgets.compare_panels import printed_panel, results_panels, verdict_line
from components.widgets.editor import is_built
from components.widgets.panels import Markup, change_panel, failure_panel, note_panel

# In CSS pixels of the window's height: the question with its change, and the switches above the two pictures.
_ABOVE = 325
# Why a question was refused, above the picture.
_REFUSED = 75


def show(page: str, place: Place, *, above: int, show_code: bool | None = None) -> None:
    """Show a page's picture and, where a question is open, beside it the one that would be.

    ``place`` is where the program can be changed; ``above`` and ``show_code`` are as in ``graph.show``, the program
    beside the picture where no editor shows the player's marks.
    """
    show_code = not is_built() if show_code is None else show_code
    # Its place is there always, so that the picture below it stays the same one, with its card open.
    problem = what_if.problem(page)
    with st.container(key=f"{page}-al-refused"):
        if problem:
            note_panel(problem)
            above += _REFUSED
    asked, right = what_if.asked(page), what_if.right_of(page)
    if asked is None:
        graph.show(page, above=above, show_code=show_code, asks=True)
        return
    session.ask(right, asked.after)
    session.call(right, f"{session.name_of(page)}, {asked.says}")
    with st.container(key=f"{page}-al-what-if"):
        _question(page, place, asked)
        if results.progress(right) or session.shown(page) is None or (other := session.shown(right)) is None:
            return
        compared = compare_sides.compared(page, right)
        verdict_line(compared.verdict)
        # How to get rid of it is known: by the way back.
        if other.failure is not None:
            failure_panel(other.failure, hint=False)
    only = compared.graphs.only_left, compared.graphs.only_right
    for column, name, marked in zip(st.columns(2, gap="small"), (page, right), only, strict=True):
        with column:
            graph.show(name, above=_ABOVE, show_code=False, only=marked, asks=name == page)
    results_panels(compared.results)
    printed_panel(compared.printed)


def _question(page: str, place: Place, asked: what_if.WhatIf) -> None:
    """Show what was asked, the lines that do it in PyTorch, and the two ways on."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(Markup('<h2 class="al-ask" role="status">{}</h2>').format(asked.says))
        back = f"{page}:what-if:back"
        st.button("Back", key=back, icon=":material/arrow_back:", on_click=what_if.close, args=(page,))
        if not place.takes(asked.after):
            _on_code(page, asked.after)
        elif made_in(place.now(), asked.before, asked.after) is not None:
            keep = f"{page}:what-if:keep"
            st.button("Keep it", key=keep, type="primary", on_click=_keep, args=(page, place, asked), help=place.help)
    st.html(change_panel(line_changes(asked.before, asked.after)))


def _on_code(page: str, text: str) -> None:
    """Show the button that opens a program on Code, where a form does not say it."""
    key = f"{page}:what-if:code"
    icon = ":material/code:"
    st.button("Open it on Code", key=key, type="primary", icon=icon, on_click=_to_code, args=(page, text))


def _to_code(page: str, text: str) -> None:
    try:
        link = program_link(text)
    except TooLong as problem:
        what_if.refuse(page, str(problem))
        return
    what_if.close(page)
    session.leave_for("code", link)


def _keep(page: str, place: Place, asked: what_if.WhatIf) -> None:
    text = made_in(place.typed(), asked.before, asked.after)
    if text is not None:
        place.become(text)
        what_if.close(page)
