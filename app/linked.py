"""What an address brings into an editor: the program of a link, without losing what the person had there."""

from __future__ import annotations

import msgspec
import streamlit as st
from markupsafe import Markup

from app import compare_sides, playground_form, session
from app.editors import Editor
from app.links import CODE, FORM, PACKED, PAIR, DamagedLink, linked_form, linked_program, unpack
from components.source.form import Form


class Linked(msgspec.Struct):
    """The link whose program an editor shows, and what was in it before, if that was the person's own."""

    link: str = ""
    before: str | None = None
    problem: str = ""
    form: str = ""
    """The Playground's form that the link brought, as JSON."""


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


# --- a form of the Playground


def follow_form() -> None:
    """Show the form that the address holds, once; and what was there when one goes back."""
    linked, link = session.kept(Linked, "playground"), session.address().get(FORM, "")
    if link and link != linked.link:
        linked.link, linked.problem = link, ""
        linked.before = msgspec.json.encode(playground_form.made().form).decode()
        try:
            form = linked_form(session.address())
        except DamagedLink as problem:
            linked.problem, linked.before = str(problem), None
        else:
            playground_form.become(form or playground_form.made().form)
            linked.form = msgspec.json.encode(playground_form.made().form).decode()
    elif not link and linked.link and session.went() and linked.before is not None:
        playground_form.become(msgspec.json.decode(linked.before, type=Form))
        linked.link, linked.before = "", None


def note_form() -> None:
    """Say what is wrong with the link; a form that was changed is no longer its."""
    linked = session.kept(Linked, "playground")
    changed = msgspec.json.encode(playground_form.made().form).decode() != linked.form
    if linked.link and changed and not linked.problem:
        linked.link = ""
        session.address().pop(FORM, None)
    if linked.problem:
        st.html(Markup('<div class="al-tell" role="alert">{}</div>').format(linked.problem))


# --- a pair of programs


def follow_pair() -> None:
    """Show the pair of programs that the address holds, once."""
    linked, link = _pair(), session.address().get(PAIR, "")
    if not link or linked.link == link:
        return
    linked.link, linked.problem = link, ""
    try:
        compare_sides.fill_both(*unpack(link, 2))
    except DamagedLink as problem:
        linked.problem = str(problem)
    linked.before = _programs()


def forget_pair() -> None:
    """Take the pair out of the address once another is shown."""
    linked = _pair()
    if linked.link and linked.before != _programs():
        linked.link, linked.before, linked.problem = "", None, ""
        session.address().pop(PAIR, None)


def note_pair() -> None:
    """Say what is wrong with the link that led here."""
    if _pair().problem:
        st.warning(_pair().problem, icon=":material/link_off:")


def _pair() -> Linked:
    return session.remembered(Linked, compare_sides.PAGE)


def _programs() -> str:
    """The programs that are compared, as one text to tell them from others."""
    return "\0".join(compare_sides.programs())
