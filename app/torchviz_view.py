"""The torchviz view of a page's trace; what is not drawn yet is drawn in another run of the program.

Of a trace that somebody opened nothing is run until they press a button.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from msgspec import Struct
from msgspec.structs import replace

from app import results, session
from app.controls import kept_choice, kept_toggle
from components.figures import PlayerData
from components.reading import KeptTrace
from components.reading.torchviz_view import TorchvizAsked, torchviz_needs, torchviz_view
from components.trace import Draw, Trace

_UNDER_WAY = "torchviz is drawing this, in another run of the program."
_OPENED = "This trace was saved without this drawing. torchviz makes it in a new run of the program: press Draw it."


@dataclass
class _Agreed:
    """The opened trace whose program may be run."""

    number: int = -1


def data(page: str, look: Struct, asked: TorchvizAsked) -> PlayerData:
    """Show the view's switches, of fields of ``look``; return what the player gets."""
    names, question = session.look(page, torchviz_needs, asked)
    if len(names) > 1:
        kept_choice("Drawing of", names, look, "drawing", f"{page}:root:viz", width=180)
    with st.popover("Show", icon=":material/tune:"):
        kept_toggle("show_attrs", look, "show_attrs", f"{page}:attrs")
        kept_toggle("show_saved", look, "show_saved", f"{page}:show_saved")
    if question is not None:
        answer, instead = _answer(page, question)
        asked = replace(asked, answer=answer, instead=instead)
    return session.look(page, torchviz_view, asked)


def _answer(page: str, question: Draw) -> tuple[Trace | None, str]:
    """Have the program asked; return its answer, or what is said until it is there."""
    shown = session.shown(page)
    assert shown is not None  # it has just been looked at
    if shown.opened and session.remembered(_Agreed, page).number != shown.number:
        st.button("Draw it", key=f"{page}:draw", type="primary", on_click=_agree, args=(page, shown))
        return None, _OPENED
    name = _run_of(page)
    session.ask(name, shown.program.source, question)
    return (None, _UNDER_WAY) if session.collect(name) else (session.trace(name), "")


def _agree(page: str, shown: KeptTrace) -> None:
    session.remembered(_Agreed, page).number = shown.number


def show_under_way(page: str) -> None:
    """Show the run that draws, with Stop, while there is one."""
    results.progress(_run_of(page))


def _run_of(page: str) -> str:
    return f"{page}:torchviz"
