"""The Playground's form in the browser: widgets to a ``Form`` and back.

The form lives in the session as plain data. Whatever changes it replaces it by another one, and what it was goes to a
stack, so that Undo is a matter of taking the last one back; the program is a function of the form, so the presses stay
while the expression changes under them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import streamlit as st

from app import session, style
from app.controls import choose_device, kept_toggle
from app.editors import Typed
from components.facts.terms import meaning_of
from components.source.form import BackwardPress, Form, FormError, Leaf, ZeroGrad, leaf_rows
from components.widgets.editor import Edited, code_editor, is_built, typed_text
from components.widgets.panels import Markup, with_code

EDITOR = "playground:expression"
_START = Form(expression="sin(x*w) + x**2", leaves=(Leaf(name="x", value="2.0"), Leaf(name="w", value="3.0")))
_MOST_STEPS_BACK = 40
_MOST_DROPPED = 20
# The editor is as high as its text, in CSS pixels.
_LINE, _AROUND_LINES, _MOST_LINES = 21, 25, 5
_LEAST = 68
"""The height of a text area, where the editor was not built: Streamlit allows no less."""
_HINT = "Enter runs it · Shift+Enter begins a new line"
_UNDER = Markup('<p class="al-under{}" role="status">{}</p>')


class PlaygroundForm(msgspec.Struct):
    """The form as it is and what it was before each change; what the toggles and the plots stand at.

    ``last`` names the last change, so that typing, or moving one slider, is one step back. ``dropped`` are the leaves
    whose names went from the expression: they come back as they were.
    """

    form: Form = _START
    past: list[Form] = msgspec.field(default_factory=list)
    last: str = ""
    dropped: list[Leaf] = msgspec.field(default_factory=list)
    retain: bool = False
    create: bool = False
    plotted: str = ""


@dataclass
class _Filling:
    """What this session's editor was filled with, how often, and the text that the form has taken from it."""

    source: str | None = None
    taken: str = ""
    number: int = 0


def made() -> PlaygroundForm:
    """Return what the person has made of the form."""
    return session.kept(PlaygroundForm, "playground")


def current() -> Form:
    """Return the form with what is typed by now, and see to it that the editor says what the form does."""
    # Half a character, as browsers can send it, could not be kept.
    filling, text = _filling(), _typed().text.encode("utf-8", "replace").decode()
    if text != filling.taken:
        filling.taken = text
        _become(_with_expression(text), "typed")
    elif made().form.expression != filling.taken:
        filling.source = filling.taken = made().form.expression
        filling.number += 1
    return made().form


def become(form: Form, change: str = "") -> None:
    """Replace the form, with a way back; changes of one name in a row are one step back."""
    current()
    _become(form, change)


def change(name: str = "", **fields: Any) -> None:
    """Change fields of the form, with a way back."""
    _become(msgspec.structs.replace(current(), **fields), name)


def _become(form: Form, change: str) -> None:
    now = made()
    if form == now.form:
        return
    if not change or change != now.last:
        now.past.append(now.form)
        del now.past[:-_MOST_STEPS_BACK]
    now.last = change
    _show(form)


def show_expression(problem: FormError | None) -> None:
    """Show the editor, and right below it what cannot be read; there is always room for that, so that nothing moves."""
    edited = _typed()
    lines = min(edited.text.count("\n") + 1, _MOST_LINES)
    height = _AROUND_LINES + lines * _LINE if is_built() else _LEAST
    code_editor(edited, key=EDITOR, words=session.completions(), height=height, label="Expression", live=True)
    if problem is None:
        st.html(_UNDER.format("", _HINT))
    else:
        only = "Line 1: " if "\n" not in made().form.expression.strip() else ""
        st.html(_UNDER.format(" al-unread", with_code(str(problem).removeprefix(only))))
        style.add('[class*="st-key-playground-player"] { opacity: .55; }')


def show_switches() -> None:
    """Show the three toggles: two of the next Backward, one of the expression."""
    now, values = made(), session.widgets()
    with st.container(horizontal=True, key="playground-switches", gap="small"):
        for label, field in (("retain_graph", "retain"), ("create_graph", "create")):
            kept_toggle(label, now, field, f"playground:{field}")
        values["playground:no_grad"] = now.form.no_grad
        st.toggle(
            "no_grad",
            key="playground:no_grad",
            help=meaning_of("no_grad"),
            on_change=lambda: change(no_grad=values["playground:no_grad"]),
        )
        choose_device()


def show_buttons(why_not: str) -> None:
    """Show what can be pressed; ``why_not`` says why no call can be added, if it cannot."""
    now = made()
    with st.container(horizontal=True, key="playground-buttons", gap="small"):
        st.button(
            "Backward",
            key="playground:backward",
            type="primary",
            on_click=_press,
            disabled=bool(why_not),
            help=why_not or None,
        )
        st.button(
            "Zero grad",
            key="playground:zero",
            on_click=lambda: change(actions=(*made().form.actions, ZeroGrad())),
            disabled=bool(why_not),
            help=why_not or None,
        )
        st.button(
            "Undo",
            key="playground:undo",
            on_click=_undo,
            disabled=not now.past,
            help=None if now.past else "Nothing was changed yet.",
        )
        pressed = bool(now.form.actions or now.form.no_grad)
        st.button(
            "Reset",
            key="playground:reset",
            on_click=lambda: change(actions=(), no_grad=False),
            disabled=not pressed,
            help=None if pressed else "Nothing was pressed yet.",
        )


def _press() -> None:
    now = made()
    press = BackwardPress(retain_graph=now.retain, create_graph=now.create)
    change(actions=(*now.form.actions, press))


def _undo() -> None:
    now = made()
    if now.past:
        now.last = ""
        _show(now.past.pop())


def _with_expression(text: str) -> Form:
    """Return the form with another expression and the rows of its names, which stay while it cannot be read."""
    now = made()
    try:
        rows = leaf_rows(text, (*now.dropped, *now.form.leaves))
    except FormError:
        rows = now.form.leaves
    return msgspec.structs.replace(now.form, expression=text, leaves=rows)


def _show(form: Form) -> None:
    """Make a form the one that is shown; leaves that it does not have wait until their names come back."""
    now = made()
    waiting = {leaf.name: leaf for leaf in (*now.dropped, *now.form.leaves)}
    shown = {leaf.name for leaf in form.leaves}
    now.dropped = [leaf for leaf in waiting.values() if leaf.name not in shown][-_MOST_DROPPED:]
    now.form = _with_one_row_a_name(form)


def _with_one_row_a_name(form: Form) -> Form:
    """Return a form as it can be shown; what a browser kept, or a link brought, may be damaged."""
    return msgspec.structs.replace(form, leaves=tuple({leaf.name: leaf for leaf in form.leaves}.values()))


def _filling() -> _Filling:
    """Return what the editor was filled with: at first the expression that was kept."""
    filling = session.remembered(_Filling, "playground")
    if filling.source is None:
        now = made()
        now.form = _with_one_row_a_name(now.form)
        filling.source = filling.taken = now.form.expression
    return filling


def _typed() -> Edited:
    filling = _filling()
    revision = hashlib.sha256(f"{filling.number}\n{filling.source}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    draft = session.kept(Typed, EDITOR).text
    return typed_text(filling.source or "", key=EDITOR, revision=revision, draft=draft)
