"""The frame that all pages share: what is made on the left, its picture beside it, what it means under or beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import advice, linked, results, session, what_if_shown
from app.controls import choose_device
from app.editors import Editor, show_editor
from components.reading import KeptTrace
from components.widgets.panels import Markup

MADE = 0.34
"""What is made has this part of the width."""
# In CSS pixels of the window's height: what is above the picture; what all but the editor takes, and an error.
ABOVE, BESIDE, ERROR = 128, 490, 150


class Guide:
    """What a page adds to the workbench: nothing, until it says otherwise."""

    run_first = True
    """Run is the most important button."""

    def before(self) -> None:
        """Show what stands above the editor."""

    def program(self, text: str) -> str:
        """Return how much of the text in the editor is run."""
        return text

    def asked_to_run(self, text: str) -> None:
        """Hear that a person asked to run a text."""

    def buttons(self, text: str) -> None:
        """Show what stands beside Run."""

    def after(self, text: str) -> None:
        """Show what stands below the buttons."""

    def collected(self) -> None:
        """Hear that another trace may be shown than when the editor was."""

    def over(self, ran: str) -> int:
        """Show what stands above the picture of the text that was run last; return its height in CSS pixels."""
        return 0


def workbench(
    page: str,
    title: str,
    source: str,
    *,
    name: str = "",
    called: str = "",
    cells: list[tuple[str, str]] | None = None,
    made: float = MADE,
    height: int = 170,
    beside: int = 0,
    tools: Callable[[], None] = lambda: None,
    guide: Guide | None = None,
) -> None:
    """Show an editor, filled with ``source`` at first, and what was run last from it did.

    Each ``name`` has an editor of its own, which keeps what was typed. ``called`` is what the program is called, and
    ``cells`` are those of a notebook of it, while it is as it was. ``tools`` shows what stands beside the page's
    title; ``beside`` is the room that the guide takes above and below the editor, in CSS pixels. ``made`` is the
    editor's share of the width.
    """
    guide = guide or Guide()
    editor = Editor(f"{page}:editor{name}", source)
    linked.follow(editor)
    edited = editor.typed()
    asked, pressed = editor.asks(edited), editor.take_press()
    if asked or pressed:
        editor.run(edited.text)
        guide.asked_to_run(edited.text)
    # Another program, or the same when somebody asks to run it.
    program = guide.program(editor.ran)
    about = (name, program, edited.run)
    if pressed:
        session.start(page, program, about=about, again=True)
    else:
        session.ask(page, program, about=about)
    session.call(page, called or editor.name, cells if editor.ran == source else None)
    making, did = frame(page, [made, 1 - made])
    with making:
        with heading(page, title):
            tools()
        guide.before()
        partly = (editor.ran, program) if program != editor.ran else None
        show_editor(page, edited, editor.key, height, beside=room_beside(page) + beside, partly=partly)
        run_row(page, editor, first=guide.run_first, others=lambda: guide.buttons(edited.text))
        linked.note(editor)
        guide.after(edited.text)
        place = advice.in_editor(editor)
        told = st.container()
    session.collect(page)
    guide.collected()
    with did:
        above = ABOVE + guide.over(editor.ran)
        what_if_shown.show(page, place, above=above)
    with told:  # after the picture, which people wait for
        show_told(page, place)


def show_trace(page: str, editor: Editor, trace: KeptTrace, name: str = "") -> None:
    """Let a workbench show a saved trace with whose program its editor was filled, without running that."""
    session.show(page, trace, about=(name, editor.ran, editor.run_number))


def show_told(page: str, place: advice.Place) -> None:
    """Show a run that is under way, or what there is to be said of the last one: beside the picture, which stays.

    ``place`` is where the program is edited.
    """
    if not results.progress(page):
        results.told(page, place)


def room_beside(page: str) -> int:
    """The room that all but the editor takes of the window's height, in CSS pixels; an error needs more."""
    shown = session.shown(page)
    failed = shown is not None and shown.failure is not None and session.running(page) is None
    return BESIDE + (ERROR if failed else 0)


def frame(page: str, widths: list[float]) -> list[DeltaGenerator]:
    """Return columns: what is made, what it does, and what it means. A phone shows them in this order."""
    with st.container(key=f"{page}-frame"):
        return st.columns(widths, gap="small")


@contextmanager
def heading(page: str, title: str) -> Iterator[None]:
    """Show the page's title, if it has its place here, in a row with the tools that are shown meanwhile."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}-heading"):
        if title:
            st.html(Markup('<h1 class="al-title">{}</h1>').format(title), width="content")
        yield


def run_row(page: str, editor: Editor, *, first: bool = True, others: Callable[[], None] = lambda: None) -> None:
    """Show the Run button, the most important one if it is the first, and what belongs to it; ``others`` after it."""
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Run", key=f"{page}:again", type=kind, icon=":material/play_arrow:", on_click=editor.press)
        others()
        choose_device()
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
