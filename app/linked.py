"""What an address brings into an editor: the program of a link, without losing what the person had there."""

from __future__ import annotations

import msgspec
import streamlit as st
from markupsafe import Markup

from app import session
from app.links import CODE, PACKED, DamagedLink, linked_program
from app.editors import Editor


class Linked(msgspec.Struct):
    """The link whose program an editor shows, and what was in it before, if that was the person's own."""

    link: str = ""
    before: str | None = None
    problem: str = ""


def follow(editor: Editor) -> bool:
    """Fill an editor with the program of the page's address, once; and with what was there when one goes back.

    Return whether it was filled.
    """
    address, linked = session.address(), session.kept(Linked, editor.key)
    link = address.get(CODE) or address.get(PACKED, "")
    if link and link != linked.link:
        linked.link, linked.problem = link, ""
        _take(editor, linked)
        return not linked.problem
    if not link and session.went() and linked.link:
        _give_back(editor, linked)
        return True
    return False


def _take(editor: Editor, linked: Linked) -> None:
    try:
        program = linked_program(session.address())
    except DamagedLink as problem:
        linked.problem = str(problem)
        return
    own = editor.text
    if linked.before is None and own not in (editor.first, program):
        linked.before = own
    editor.fill(program or "")


def _give_back(editor: Editor, linked: Linked) -> None:
    """Show what was in the editor before the link."""
    editor.fill(editor.first if linked.before is None else linked.before)
    _forget(linked)


def _forget(linked: Linked) -> None:
    linked.link, linked.before, linked.problem = "", None, ""
    for name in (CODE, PACKED):
        session.address().pop(name, None)


def note(editor: Editor) -> None:
    """Say that the program is that of a link, or what is wrong with the link; another program is no longer its."""
    linked = session.kept(Linked, editor.key)
    if linked.link and not linked.problem and editor.ran != editor.source:
        linked.link = ""
        for name in (CODE, PACKED):
            session.address().pop(name, None)
    if linked.problem:
        st.html(Markup('<div class="al-tell" role="alert">{}</div>').format(linked.problem))
    if linked.before is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{editor.key}:linked"):
        st.html('<span class="al-note">A link brought this program.</span>', width="content")
        st.button(
            "Back to mine",
            key=f"{editor.key}:mine",
            type="tertiary",
            on_click=_give_back,
            args=(editor, linked),
            help="What was in the editor before is kept.",
        )
