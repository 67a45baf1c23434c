"""What an address brings: the program, the form or the pair of a link, without losing what the person had there.

Who changes what a link brought has the address changed with it, so that each entry of the browser's history is what was
seen there; what was there before the link comes back with Back, or by a button.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import streamlit as st

from app import compare_sides, playground_form, session
from app.editors import Editor
from app.links import (
    CODE,
    FORM,
    PACKED,
    PAIR,
    DamagedLink,
    TooLong,
    form_link,
    linked_form,
    linked_program,
    pack,
    program_link,
    unpack,
)
from components.source.form import Form
from components.widgets.panels import Markup

_MOST_CHANGED = 3


class Linked(msgspec.Struct):
    """What the browser keeps of the links that filled a place.

    ``link`` is the one whose program is shown, ``""`` where it is the person's own, and ``text`` what ran last;
    ``changed`` says that the person has changed it. ``own`` is what was there before the link, ``others`` what was made
    of links that were left. The address may have ``was`` instead of ``link`` until the browser has replaced it.
    """

    link: str = ""
    text: str = ""
    changed: bool = False
    own: str | None = None
    others: list[str] = msgspec.field(default_factory=list)
    was: str = ""
    refused: str = ""
    problem: str = ""


@dataclass(frozen=True)
class _Place:
    """What links fill: an editor, the Playground's form, both sides of Compare. All of it is said as one text.

    ``names`` are its names in an address, ``first`` is what is there at first, ``now`` what is typed, ``ran`` what was
    run; ``read`` reads a link (``DamagedLink``) and ``written`` writes one (``TooLong``).
    """

    key: str
    names: tuple[str, ...]
    first: str
    now: Callable[[], str]
    ran: Callable[[], str]
    show: Callable[[str], None]
    read: Callable[[Mapping[str, str]], str | None]
    written: Callable[[str], dict[str, str]]

    @property
    def linked(self) -> Linked:
        return session.kept(Linked, self.key)

    @property
    def link(self) -> str:
        """The link in the address."""
        return next((session.address()[name] for name in self.names if name in session.address()), "")


def _follow(place: _Place) -> bool:
    """Show what the address holds, once; and what was there before when one goes back. Return whether it was shown."""
    linked, link = place.linked, place.link
    if link != linked.refused:
        linked.refused = linked.problem = ""
    if link != linked.was:
        linked.was = ""
    if link and link not in (linked.link, linked.was, linked.refused):
        return _take(place, link)
    if not link and linked.link and session.went():
        _leave(place)
        linked.link, text, linked.own = "", linked.own, None
        place.show(place.first if text is None else text)
        return True
    return False


def _take(place: _Place, link: str) -> bool:
    linked = place.linked
    try:
        text = place.read(session.address()) or ""
    except DamagedLink as problem:
        linked.refused, linked.problem, linked.text = link, str(problem), place.ran()
        return False
    _leave(place)
    place.show(text)
    linked.link, linked.was, linked.text, linked.changed = link, "", place.ran(), text in linked.others
    return True


def _leave(place: _Place) -> None:
    """Keep what is there, if the person has made it."""
    linked, now = place.linked, place.now()
    if not linked.link:
        _put_by(place, linked.own)
        linked.own = now
    elif linked.changed or now != linked.text:
        _put_by(place, now)


def _put_by(place: _Place, text: str | None) -> None:
    linked = place.linked
    if text is not None and text != place.first:
        linked.others = [*(other for other in linked.others if other != text), text][-_MOST_CHANGED:]


def _note(place: _Place) -> None:
    """Say that a link brought this, or what is wrong with it; let the address say what was made of it since."""
    linked = place.linked
    if place.ran() != linked.text:
        linked.problem = ""
        if linked.link:
            _change(place)
    if linked.was:
        session.rewrite(linked.was, place.names, _parts(place))
    if linked.problem:
        st.html(Markup('<div class="al-tell" role="alert">{}</div>').format(linked.problem))
    shown, others = {place.first, place.now(), place.ran()}, list(reversed(linked.others))
    offered = next((text for text in [linked.own, *others] if text is not None and text not in shown), None)
    if offered is None:
        return
    said = "A link brought this." if linked.link else "Something that you made of a link is kept."
    with st.container(horizontal=True, vertical_alignment="center", key=f"{place.key}:linked"):
        st.html(Markup('<span class="al-note">{}</span>').format(said), width="content")
        label = "Back to mine" if linked.link else "Show it"
        help = "What is here now is kept too." if linked.changed else None
        st.button(label, key=f"{place.key}:mine", type="tertiary", on_click=_return, args=(place, offered), help=help)
        if not linked.link:
            st.button("Forget it", key=f"{place.key}:forget", type="tertiary", on_click=_forget, args=(place, offered))


def _change(place: _Place) -> None:
    """The person has changed what the link brought."""
    linked = place.linked
    linked.was, linked.text, linked.changed = linked.was or linked.link, place.ran(), True
    linked.link = next(iter(_parts(place).values()), "")
    if not linked.link:
        _put_by(place, linked.own)
        linked.own = None


def _parts(place: _Place) -> dict[str, str]:
    """The part of an address that leads to what is shown; empty where there is none."""
    try:
        return place.written(place.ran()) if place.ran() != place.first else {}
    except TooLong:
        return {}


def _return(place: _Place, text: str) -> None:
    """Show something else that the person has made."""
    linked = place.linked
    own, link = linked.own, linked.link
    if not link or linked.changed or place.now() != linked.text:
        _put_by(place, place.now())
    if own != text:
        _put_by(place, own)
    linked.link, linked.was, linked.own = "", "", None
    _forget(place, text)
    place.show(text)
    session.change_address(dict.fromkeys(place.names))


def _forget(place: _Place, text: str) -> None:
    place.linked.others = [other for other in place.linked.others if other != text]


# --- an editor


def follow(editor: Editor) -> bool:
    """Fill an editor with the program of the page's address, once; and with what was there when one goes back.

    Return whether it was filled.
    """
    return _follow(_editor(editor))


def note(editor: Editor) -> None:
    """Say that the program is that of a link, or what is wrong with the link."""
    _note(_editor(editor))


def _editor(editor: Editor) -> _Place:
    return _Place(
        editor.key,
        (CODE, PACKED),
        editor.first,
        lambda: editor.text,
        lambda: editor.ran,
        editor.fill,
        linked_program,
        program_link,
    )


# --- a form of the Playground


def follow_form() -> None:
    """Show the form that the address holds, once; and what was there when one goes back."""
    _follow(_form())


def note_form() -> None:
    """Say that the form is that of a link, or what is wrong with the link."""
    _note(_form())


def _form() -> _Place:
    def now() -> str:
        return _encoded(playground_form.current())

    def read(address: Mapping[str, str]) -> str | None:
        form = linked_form(address)
        return None if form is None else _encoded(form)

    return _Place(
        "playground",
        (FORM,),
        _encoded(playground_form.PlaygroundForm().form),
        now,
        now,
        lambda text: playground_form.become(_decoded(text)),
        read,
        lambda text: form_link(_decoded(text)),
    )


def _encoded(form: Form) -> str:
    return msgspec.json.encode(form).decode()


def _decoded(text: str) -> Form:
    return msgspec.json.decode(text, type=Form)


# --- a pair of programs


def follow_pair() -> None:
    """Show the pair of programs that the address holds, once; and what was there when one goes back."""
    _follow(_pair())


def note_pair() -> None:
    """Say that the programs are those of a link, or what is wrong with the link."""
    _note(_pair())


def _pair() -> _Place:
    def said(left: str, right: str) -> str:
        return json.dumps([left, right])

    def read(address: Mapping[str, str]) -> str | None:
        left, right = unpack(address[PAIR], 2)
        return said(left, right)

    return _Place(
        compare_sides.PAGE,
        (PAIR,),
        said(*(compare_sides.side(name).editor.first for name in compare_sides.SIDES)),
        lambda: said(*(compare_sides.side(name).editor.text for name in compare_sides.SIDES)),
        lambda: said(*compare_sides.programs()),
        lambda text: compare_sides.fill_both(*json.loads(text)),
        read,
        lambda text: {PAIR: pack(json.loads(text))},
    )
