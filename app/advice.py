"""Advice beside a program: the lines that it would change, and a button that changes them and runs the program.

An advice is about the program that ran. It is followed where the person edits: an editor, whose undo brings the text
back, or the form of the Playground. What was typed there since stays, unless it is in the very lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from app.editors import Editor
from components.explanations import Remark, apply_hint
from components.source.line_changes import line_changes, made_in
from components.trace import Failure
from components.widgets.panels import Markup, change_panel, failure_panel, with_code

_HELP = "Changes the program in the editor and runs it. Ctrl+Z in the editor brings yours back."
_OTHER = '<span class="al-note">These lines were changed since the program ran. Run it, and see again.</span>'
_REMARK = Markup('<div class="al-remark" role="status"><b>Line {}</b> {}</div>')


@dataclass(frozen=True)
class Place:
    """Where a person edits a program; ``key`` names it among the controls of a page.

    ``now`` is its text as far as it is known, ``typed`` the text as it is when somebody presses a button. ``become``
    puts another text there and runs it, where ``takes`` says that it can stand there.
    """

    key: str
    now: Callable[[], str]
    typed: Callable[[], str]
    become: Callable[[str], None]
    takes: Callable[[str], bool] = lambda _: True
    help: str = _HELP


def in_editor(editor: Editor, also: Callable[[], None] = lambda: None, name: str = "") -> Place:
    """Return an editor as a place; ``also`` is done beside what fills it. ``name`` tells a second one of a page."""

    def become(text: str) -> None:
        editor.fill(text, editor.name)
        also()

    return Place(f"{editor.key}{name}", lambda: editor.text, lambda: editor.typed().text, become)


@lru_cache(maxsize=64)
def applied(source: str, hint: str | None) -> str | None:
    """Return the program with a hint's edits made; ``None`` if it has none that fit the program."""
    changed = apply_hint(source, hint)
    return changed if changed != source else None


def failure(failed: Failure, source: str, place: Place | None) -> None:
    """Say why a program stopped and, where something mends it, show that as a change which can be made."""
    changed = applied(source, failed.hint)
    if changed is None or place is None or not place.takes(changed):
        failure_panel(failed)
        return
    with st.container(key=f"{_named(place.key)}-al-failure", gap=None):
        failure_panel(failed, hint=False)
        offer(place, source, changed, "failure")


def offer(place: Place, source: str, changed: str, what: str) -> None:
    """Show a change of the program that ran, with a button that makes it; ``what`` tells it from others of the page."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"{_named(place.key)}-{what}-al-do"
    ):
        st.html(change_panel(line_changes(source, changed)))
        if made_in(place.now(), source, changed) is None:
            st.html(_OTHER, width="content")
            return
        st.button(
            "Apply",
            key=f"{place.key}:apply:{what}",
            icon=":material/edit:",
            help=place.help,
            on_click=_follow,
            args=(place, source, changed),
        )


def _follow(place: Place, source: str, changed: str) -> None:
    text = made_in(place.typed(), source, changed)
    if text is not None:
        place.become(text)


def noted(remarks: Sequence[Remark], source: str, place: Place) -> None:
    """Show what is surprising in a program that ran to its end, each with its change where one is known."""
    for number, remark in enumerate(remarks):
        with st.container(key=f"{_named(place.key)}-{number}-al-noted"):
            st.html(_REMARK.format(remark.line, with_code(remark.explanation)))
            changed = applied(source, remark.hint)
            if changed is not None and place.takes(changed):
                offer(place, source, changed, f"remark-{number}")


def _named(key: str) -> str:
    return key.replace(":", "-")
