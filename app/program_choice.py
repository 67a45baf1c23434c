"""Which program a page is about that looks at programs: that of another page, an example, its own, an opened trace.

The program stands in an editor: who changes it there has a program of the page's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import streamlit as st

from app import advice, linked, recordings, session
from app.editors import Editor, show_editor
from app.uploads import OpenError
from app.workbench import heading, room_beside, run_row, show_told
from components.reading import KeptTrace
from components.widgets.editor import Edited
from components.widgets.panels import note_panel

OPENED, OWN = "opened", "own"


class Chosen(msgspec.Struct):
    """Where the program is from: ``OWN``, ``OPENED``, the page that it is of, or an example's name."""

    source: str = ""


@dataclass
class ProgramChoice:
    """What a page of this kind remembers, and the trace that was opened on it, if one was."""

    latest: str | None = None
    """The page on which a program was run last, when that was looked at."""
    trace: KeptTrace | None = None
    file: str = ""
    """The name of the file that the trace is from."""
    opened: int = 0
    """How many traces were opened so far."""
    problem: str = ""
    """Why the last file could not be opened."""


def program(page: str, title: str, examples: Mapping[str, str]) -> KeptTrace | None:
    """Show the program of a page, with what chooses and runs it; return what stands for its trace once it has run."""
    editor = Editor(f"{page}:editor", next(iter(examples.values())))
    if linked.follow(editor):
        _own(page)
    edited = _settle(page, examples, editor)
    with heading(page, title):
        _choose(page, examples)
        _open(page)
    if _memory(page).problem:
        note_panel(_memory(page).problem)
    if _source(page) == OPENED:
        recordings.choose_step(page, _memory(page).trace, partial(_show_step, page))
    show_editor(page, edited, editor.key, 130, beside=room_beside(page))
    run_row(page, editor)
    linked.note(editor)
    shown = page if session.running(page) or _source(page) not in session.PROGRAM_PAGES else _source(page)
    show_told(shown, place(page, examples))
    return session.shown(page)


def place(page: str, examples: Mapping[str, str]) -> advice.Place:
    """Return where the program of a page can be changed: it is then the page's own."""
    return advice.in_editor(Editor(f"{page}:editor", next(iter(examples.values()))), partial(_own, page))


def give(page: str, text: str) -> None:
    """Let a page be about a program of its own: this one, when it is opened next."""
    Editor(f"{page}:editor", "").fill(text)
    _own(page)


def _own(page: str) -> None:
    """Let a page be about the program in its editor."""
    session.kept(Chosen, page).source, _memory(page).latest = OWN, session.latest()


def _settle(page: str, examples: Mapping[str, str], editor: Editor) -> Edited:
    """Let the editor follow what it follows, take what was typed, and start what has to run."""
    _follow_latest(page, examples, editor)
    followed = _followed(page, examples)
    if followed is not None and followed != editor.source:
        editor.fill(followed)
    edited = editor.typed()
    asked, pressed = editor.asks(edited), editor.take_press()
    if asked or pressed:
        _run(page, editor, edited.text)
    source = _source(page)
    if source == OPENED:
        if session.shown(page) is not _memory(page).trace:
            session.show(page, _memory(page).trace)
    elif source in session.PROGRAM_PAGES and session.shown(source) is not None:
        session.collect(source)  # what was started there may be done by now
        session.adopt(page, source)
    elif pressed:
        session.start(page, editor.ran, about=(editor.ran, edited.run), again=True)
    else:
        session.ask(page, editor.ran, about=(editor.ran, edited.run))
    session.call(page, _name(page, examples))
    return edited


def _run(page: str, editor: Editor, text: str) -> None:
    """Note what is run, which is the page's own program where it was changed."""
    if text != editor.source or _source(page) == OPENED:
        session.kept(Chosen, page).source = OWN
        editor.fill(text)
    editor.run(text)


def _follow_latest(page: str, examples: Mapping[str, str], editor: Editor) -> None:
    """A program that was run on another page is looked at next, unless a program of the page's own is there."""
    memory, chosen, latest = _memory(page), session.kept(Chosen, page), session.latest()
    own = chosen.source == OWN or editor.text != editor.source
    if latest != memory.latest and memory.trace is None and not own:
        chosen.source = latest or ""
    memory.latest = latest
    if chosen.source == OPENED and memory.trace is None:
        chosen.source = OWN  # the trace is gone with the session that it was opened in, its program is not
    if chosen.source not in {OPENED, OWN, *session.PROGRAM_PAGES, *examples}:
        chosen.source = next(iter(examples))


def _followed(page: str, examples: Mapping[str, str]) -> str | None:
    """The program that is followed; ``None`` where that is not known, as of a page that has run nothing yet."""
    source = _source(page)
    trace = _memory(page).trace if source == OPENED else session.shown(source)
    return examples.get(source) or (trace.program.source if trace is not None else None)


def _name(page: str, examples: Mapping[str, str]) -> str:
    """What the program is called."""
    source = _source(page)
    if source == OPENED:
        return _memory(page).file
    return source if source in examples else session.name_of(source) if source in session.PROGRAM_PAGES else ""


def _choose(page: str, examples: Mapping[str, str]) -> None:
    """Let the person choose a program."""
    memory, chosen = _memory(page), session.kept(Chosen, page)
    made = [other for other in session.PROGRAM_PAGES if session.shown(other) is not None or chosen.source == other]
    options = [*([OPENED] if memory.trace is not None else []), *([OWN] if chosen.source == OWN else []), *made]
    words = {OPENED: f"Trace: {memory.file}", OWN: "Edited here"}
    words |= {other: f"From {session.PROGRAM_PAGES[other]}" for other in made}
    key = f"{page}:program"
    session.widgets()[key] = chosen.source

    def choose() -> None:
        chosen.source = session.widgets()[key]

    st.selectbox(
        "Program",
        [*options, *examples],
        format_func=lambda option: words.get(option, option),
        key=key,
        label_visibility="collapsed",
        on_change=choose,
    )


def _open(page: str) -> None:
    """Show the button that opens a trace, as one that was recorded on a machine with a GPU."""
    # Another key after each trace that was opened: the browser then makes the panel anew, which is closed.
    number = _memory(page).opened
    with st.popover("Open a trace", icon=":material/folder_open:", key=f"{page}:open:{number}"):
        st.caption(
            "A `trace.json` from *Download* of any page, or of `python -m app trace PROGRAM.py` on another machine, "
            "such as one with a GPU; or a training that was recorded with `autograd_lab`. Nothing in it is run."
        )
        st.file_uploader(
            "Trace",
            type=recordings.ENDINGS,
            key=f"{page}:upload:{number}",
            label_visibility="collapsed",
            on_change=_uploaded,
            args=(page,),
        )


def _uploaded(page: str) -> None:
    upload = session.widgets().get(f"{page}:upload:{_memory(page).opened}")
    if upload is not None:
        open_file(page, upload.name, upload.getvalue())


def open_file(page: str, name: str, data: bytes) -> None:
    """Let a page be about the trace in a file; where it cannot be opened, the page says why."""
    memory = _memory(page)
    memory.problem = ""
    try:
        memory.trace = recordings.opened(page, name, data)
    except OpenError as problem:
        memory.problem = str(problem)
        return
    session.hold(f"{page}:opened", memory.trace)
    memory.file = name
    memory.opened += 1
    session.kept(Chosen, page).source = OPENED


def _show_step(page: str, trace: KeptTrace) -> None:
    _memory(page).trace = trace
    session.hold(f"{page}:opened", trace)


def _source(page: str) -> str:
    return session.kept(Chosen, page).source


def _memory(page: str) -> ProgramChoice:
    memory = session.remembered(ProgramChoice, page)
    if memory.trace is not None and memory.trace.gone:
        memory.trace = None
    return memory
