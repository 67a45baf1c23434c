"""The front page: what this is, the thing itself running as a walk, examples for three kinds of people."""

from __future__ import annotations

import streamlit as st

from app import playground_form, results, session, walk
from app.examples import FIRST
from components.widgets.panels import failure_panel

_ABOVE = 338
"""What the page has around the player, in CSS pixels: its head above, the examples below."""


def page() -> None:
    """Show the head, the walk with the running player, and the examples."""
    _head()
    number, x = walk.here(), walk.chosen_x()
    source = walk.program(number, x)
    session.ask(walk.PAGE, source)
    with st.container(key="start-walk"):
        told, seen = st.columns([0.36, 0.64], gap="small")
    with seen:
        running = results.progress(walk.PAGE)
    index = None if running else session.index(walk.PAGE)
    with told:
        _told(number, x, source)
    if index is not None:
        with seen:
            if index.trace.failure is None:
                walk.show_player(number, index, _ABOVE)
            else:  # somebody pressed Stop, or the server is in trouble
                failure_panel(index.trace.failure)
                again = {"again": True}
                st.button("Run it again", on_click=session.start, args=(walk.PAGE, source), kwargs=again)
    _examples()


def _head() -> None:
    with st.container(key="start-head", horizontal=True, vertical_alignment="center"):
        st.html(
            '<h1>Autograd Lab</h1><p class="al-what">Type PyTorch. See what autograd does with it: the graph it '
            "builds, each step of <code>backward()</code>, and every gradient as it accumulates.</p>"
        )
        st.page_link("screens/playground.py", label="Playground", icon=":material/function:")
        st.page_link("screens/lessons.py", label="The course", icon=":material/school:")


def _told(number: int, x: float, source: str) -> None:
    stop, index = walk.STOPS[number], session.index(walk.PAGE)
    with st.container(key="start-story", border=True):
        with st.container(key="start-said", gap="small"):
            st.html(walk.dots(number))
            st.html(f"<h2>{stop.title}</h2>")
            st.markdown(stop.text)
            if stop is walk.STOPS[-1]:
                _slider(x)
            if index is not None and index.trace.failure is None:
                if stop is walk.STOPS[-1]:
                    st.markdown(walk.sum_of(index, x))
                st.html(walk.figures(index))
            st.html(walk.listing(number, source))
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = ":material/arrow_back:"
            st.button("Back", key="start:back", icon=icon, disabled=not number, on_click=walk.go, args=(number - 1,))
            # One button for all stops: it stays where it is, and keeps the keyboard's focus.
            st.button(stop.on, key="start:on", type="primary", on_click=_on, args=(number,))


def _on(number: int) -> None:
    if number < len(walk.STOPS) - 1:
        walk.go(number + 1)
    else:
        playground_form.become(walk.form(number, walk.chosen_x()))
        session.leave_for("playground")


def _slider(x: float) -> None:
    def moved() -> None:
        walk.choose_x(session.widgets()["start:x"])

    session.widgets()["start:x"] = x
    st.slider(
        "x",
        -walk.MOST,
        walk.MOST,
        step=0.5,
        key="start:x",
        format="x = %g",
        on_change=moved,
        label_visibility="collapsed",
    )


def _examples() -> None:
    for column, (people, examples) in zip(st.columns(len(FIRST), gap="small"), FIRST.items(), strict=True):
        with column, st.container(key=f"start-for-{people.partition(' ')[0].lower()}", gap=None):
            st.html(f"<h2>{people}</h2>")
            for example in examples:
                st.page_link(
                    f"screens/{example.page}.py",
                    label=example.title,
                    icon=example.icon,
                    help=example.about,
                    query_params=example.address,
                )


page()
