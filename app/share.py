"""Handing on what a page shows: a link, a code for phones, a frame for other pages; files where a link is too short."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl, urlencode

import segno
import streamlit as st

from app import compare_sides, graph, playground_form, progress, session
from app.controls import chosen_parts, download, one_of
from app.derivatives_questions import EDITOR
from app.links import PAIR, SAFE, TooLong, form_link, pack, program_link

# A code of more characters has modules too small for a phone at the back of a room.
_LONGEST_CODE = 1_200


def show(page: str, search: str) -> None:
    """Open the panel. ``search`` is the part of the browser's address that says where the player is."""
    asked = dict(parse_qsl(search.removeprefix("?")))
    _panel(page, {name: asked[name] for name in ("step", "node", "of") if name in asked})


@st.dialog("Share", width="large")
def _panel(page: str, place: Mapping[str, str]) -> None:
    try:
        link = link_of(page, place)
    except TooLong as problem:
        st.markdown(str(problem))
        _file(page)
        return
    image = code(page, place)
    coded, told = st.columns([0.36, 0.64], gap="medium") if image else (None, st.container())
    if coded is not None:
        data = base64.b64encode(image.encode()).decode()
        coded.html(f'<img class="al-qr" alt="QR code of the link" src="data:image/svg+xml;base64,{data}">')
    with told:
        what = "just this: program, view, step" if page in _PARTS else "this page"
        st.markdown(f"**Link.** It opens {what}.")
        with st.container(key="share-link"):
            st.code(link, language=None, wrap_lines=True)
        if not image:
            st.caption("This link is too long for a code that phones could read from a projector.")
    if page in _PARTS and page != "compare":
        st.markdown("**Frame.** It shows this inside a page of your own:")
        parts = ["picture", "editor and picture"]
        alone = "&show=player" if one_of("What it shows", parts, "share:parts") == parts[0] else ""
        st.code(_frame(page, f"{link}{'&' if '?' in link else '?'}embed=true{alone}"), language="html", wrap_lines=True)


def _frame(page: str, link: str) -> str:
    title, source = html.escape(f"Autograd Lab: {session.name_of(page)}"), html.escape(link)
    return (
        f'<iframe src="{source}" title="{title}" width="100%" height="640" style="border: 0" allowfullscreen></iframe>'
    )


def _file(page: str) -> None:
    if page == "compare":
        st.caption("*Both traces*, above the programs, saves one file for both.")
        return
    download("Download the program (.py)", _program_of(page), "program.py", "share:file")


def code(page: str, place: Mapping[str, str]) -> str:
    """Return the link to what a page shows as the SVG of a QR code; nothing where it is too long for one."""
    try:
        link = link_of(page, place)
    except TooLong:
        return ""
    if len(link) > _LONGEST_CODE:
        return ""
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, "svg", xmldecl=False, svgns=True, omitsize=True, light="#fff")
    return drawn.getvalue().decode()


def link_of(page: str, place: Mapping[str, str]) -> str:
    """Return the address of just what a page shows, and where its player is. Raises ``TooLong``."""
    here = (st.context.url or "").partition("?")[0]
    made = _PARTS[page]() if page in _PARTS else {}
    shown = (f"{page}:{side}" for side in compare_sides.SIDES) if page == compare_sides.PAGE else (page,)
    looks = [part for one in shown for part in graph.link_parts(one).items()]
    parts = {**made, **place, **chosen_parts(page), **dict(looks)} if made else {}
    return f"{here}?{urlencode(parts, safe=SAFE)}" if parts else here


def _program_of(page: str) -> str:
    """The program that a page shows, as it was run."""
    if page == "derivatives":
        return EDITOR.ran
    shown = session.shown(page)
    return shown.program.source if shown is not None else ""


def _program(page: str) -> dict[str, str]:
    program = _program_of(page)
    return program_link(program) if program else {}


def _lesson() -> dict[str, str]:
    lesson = progress.open_lesson()
    if lesson is None:
        return {}
    # What has run may be less: a lesson's program runs up to the question that nobody has answered.
    program = progress.editor_of(lesson).ran
    if program != lesson.source:
        return {"lesson": lesson.slug, **program_link(program)}
    shown = len(progress.kept_of(lesson).predicted)
    return {"lesson": lesson.slug, **({"answered": str(shown)} if shown else {})}


def _pair() -> dict[str, str]:
    if any(compare_sides.side(name).origin.source == compare_sides.TRACE for name in compare_sides.SIDES):
        raise TooLong("A trace that was opened from a file does not fit into a link. Share a file instead.")
    return {PAIR: pack(compare_sides.programs())}


_PARTS: dict[str, Callable[[], dict[str, str]]] = {
    "playground": lambda: form_link(playground_form.made().form),
    **{page: partial(_program, page) for page in ("code", "gradients", "memory", "derivatives")},
    "compare": _pair,
    "lessons": _lesson,
}
