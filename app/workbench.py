"""Editors of pages, and the frame that all pages share: what is made on the left, what it does on the right.

An editor holds two texts: what is typed, and what was run last. Both outlive the session.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import msgspec
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import graph, results, session
from app.controls import one_of
from components.trace import Failure
from components.widgets.editor import Edited, Problem, code_editor, is_built, typed_text


class Typed(msgspec.Struct):
    """What was typed into an editor, ``None`` if nothing was; the browser writes it while it is typed."""

    text: str | None = None


class Ran(msgspec.Struct):
    """What fills an editor, ``None`` for its page's own text, and what was run last, ``None`` for that text itself.

    ``name`` is that of the file which it was filled from.
    """

    source: str | None = None
    text: str | None = None
    name: str = ""


@dataclass
class _Followed:
    """How often an editor was filled anew, and the last request to run it that its page has followed."""

    fillings: int = 0
    run: int | None = None
    """``Edited.run`` of that request."""


@dataclass(frozen=True)
class Editor:
    """The editor ``key``, which begins with the text ``first``."""

    key: str
    first: str

    @property
    def source(self) -> str:
        """What it was filled with."""
        source = session.kept(Ran, self.key).source
        return self.first if source is None else source

    @property
    def ran(self) -> str:
        """The program that was run last, at first the one that is in it."""
        text = session.kept(Ran, self.key).text
        return self.source if text is None else text

    @property
    def name(self) -> str:
        """The name of the file that it was filled from, if it was one."""
        return session.kept(Ran, self.key).name

    def run(self, text: str) -> None:
        """Note what was run."""
        session.kept(Ran, self.key).text = None if text == self.source else text

    def fill(self, source: str, name: str = "") -> None:
        """Fill the editor anew, whatever is typed in it, and run that."""
        ran = session.kept(Ran, self.key)
        ran.source, ran.text, ran.name = (None if source == self.first else source), None, name
        session.remembered(_Followed, self.key).fillings += 1

    def typed(self) -> Edited:
        """Return the text as it is in this run of the page; once, before it is shown."""
        fillings, source = session.remembered(_Followed, self.key).fillings, self.source
        revision = hashlib.sha256(f"{fillings}\n{source}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        draft = session.kept(Typed, self.key)
        edited = typed_text(source, key=self.key, revision=revision, draft=draft.text)
        if not is_built():
            draft.text = None if edited.text == source else edited.text
        return edited

    def asks(self, edited: Edited) -> bool:
        """Return whether somebody has asked to run the text since the last call."""
        followed = session.remembered(_Followed, self.key)
        last, followed.run = followed.run, edited.run
        return last not in (None, edited.run)


class Guide:
    """What a page adds to the workbench: nothing, until it says otherwise."""

    task_first = False
    """There is something to be done, which a phone shows above the graph; Run is not the most important button."""

    def before(self) -> None:
        """Show what stands above the editor."""

    def program(self, text: str) -> str:
        """Return how much of the text in the editor is run."""
        return text

    def asked_to_run(self, text: str) -> None:
        """Hear that a person asked to run a text."""

    def buttons(self, text: str) -> bool:
        """Show what stands beside Run; return whether the text is to be run."""
        return False

    def after(self, text: str) -> None:
        """Show what stands below the buttons."""

    def over(self, ran: str) -> None:
        """Show what stands above the picture of the text that was run last."""


def problem_of(failure: Failure | None) -> Problem | None:
    """Return a failure for its line in the editor, if it has one."""
    if failure is None or failure.line is None:
        return None
    return Problem(failure.line, failure.message[:500])


def show_editor(page: str, edited: Edited, key: str, height: int, label: str = "Program") -> None:
    """Show the editor of the program that a page runs; ``height`` is in CSS pixels."""
    trace = session.trace(page)
    code_editor(
        edited,
        key=key,
        words=session.completions(),
        problem=problem_of(trace.failure if trace is not None else None),
        height=height,
        channel=page,
        label=label,
    )


def workbench(
    page: str,
    source: str,
    *,
    above: int,
    name: str = "",
    height: int = 520,
    made: float = 0.34,
    guide: Guide | None = None,
) -> None:
    """Show an editor, filled with ``source`` at first, and the results of what was run last.

    Each ``name`` has an editor of its own, which keeps what was typed. ``above`` is what the page has above the
    results, in CSS pixels, ``made`` the editor's share of the width.
    """
    guide = guide or Guide()
    editor = Editor(f"{page}:editor{name}", source)
    edited = editor.typed()
    if editor.asks(edited):
        editor.run(edited.text)
        guide.asked_to_run(edited.text)
    # Another program, or the same when somebody asks to run it.
    program = guide.program(editor.ran)
    started = session.ask(page, program, about=(name, program, edited.run))
    making, did = _halves(page, made, guide.task_first)
    with making:
        guide.before()
        show_editor(page, edited, editor.key, height)
        with st.container(horizontal=True, vertical_alignment="center"):
            clicked = _run_button(page, not guide.task_first)
            wanted = guide.buttons(edited.text)
            _choose_device()
            st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
        if (clicked or wanted) and not started:
            # Leaving a text area for the button has started what was typed already.
            editor.run(edited.text)
            guide.asked_to_run(edited.text)
            program = guide.program(edited.text)
            session.start(page, program, about=(name, program, edited.run), again=clicked)
            st.rerun()
        guide.after(edited.text)
    with did:
        guide.over(editor.ran)
        if results.progress(page):
            return
    trace = session.trace(page)
    if trace is None:
        return
    with did:
        graph.show(page, above=above, show_code=not is_built())
        results.below(trace)
    with making:
        results.failure(trace)
        results.status(trace)


def _halves(page: str, made: float, task_first: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where the editor goes, and where what the program did."""
    if task_first:
        making, did = st.columns([made, 1 - made], gap="medium")
    else:
        did, making = frame(page, [1 - made, made])
    return making, did


def frame(page: str, widths: list[float]) -> list[DeltaGenerator]:
    """Return two columns, of which a wide window shows the first at the right and a phone at the top."""
    with st.container(key=f"{page}-frame"):
        return st.columns(widths, gap="medium")


def _run_button(page: str, first: bool) -> bool:
    """Show the Run button, the most important one if it is the first."""
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    return st.button("Run", key=f"{page}:again", type=kind, icon=":material/play_arrow:")


def _choose_device() -> None:
    """Where the server has a GPU: whether programs may use it, from the next run on."""
    if session.has_gpu():
        chosen = one_of(
            "Device",
            ("CPU", "GPU"),
            "device:choice",
            first="GPU" if session.device() == "cuda" else "CPU",
            help='With "GPU" a program may put tensors on it: `torch.ones(3, device="cuda")`.',
        )
        session.choose_device("cuda" if chosen == "GPU" else "cpu")
