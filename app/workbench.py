"""Editors of pages, and an editor with what its program did: the frame that the Code and Lessons pages share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import graph, results, session
from app.controls import one_of
from components.trace import Failure
from components.widgets.editor import Edited, Problem, code_editor, is_built, typed_text


@dataclass
class Editor:
    """What fills an editor, and the last request to run it that its page has followed."""

    source: str
    fillings: int = 0
    followed: int = 0
    """``Edited.run`` of that request."""

    def fill(self, source: str) -> None:
        """Fill the editor anew, whatever is typed in it."""
        self.source = source
        self.fillings += 1

    def typed(self, key: str) -> Edited:
        """Return the text as it is in this run of the page; once, before it is shown."""
        filled = f"{self.fillings}\n{self.source}".encode("utf-8", "surrogatepass")
        return typed_text(self.source, key=key, revision=hashlib.sha256(filled).hexdigest()[:16])

    def asks(self, edited: Edited) -> bool:
        """Return whether somebody has asked to run the text since the last call."""
        last, self.followed = self.followed, edited.run
        return edited.run != last


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
    task_first: bool = False,
    before: Callable[[], None] = lambda: None,
    after: Callable[[str], None] = lambda text: None,
) -> None:
    """Show an editor, filled with ``source`` at first, and the results of what was run last.

    Each ``name`` has an editor of its own, which keeps what was typed. ``before`` shows what stands above it, ``after``
    what stands below it, given the text as it is. ``above`` is what the page has above the results, in CSS pixels,
    ``made`` the editor's share of the width. ``task_first``: there is something to be done, which a phone shows above
    the graph, and Run is not the most important button.
    """
    key = f"{page}:editor{name}"
    edited = Editor(source).typed(key)
    # Another program, or the same when somebody asks to run it.
    about = name, source, edited.run
    started = session.ask(page, edited.text, about=about)
    making, did = _halves(page, made, task_first)
    with making:
        before()
        show_editor(page, edited, key, height)
        if _run_button(page, not task_first) and not started:
            # Leaving a text area for the button has started what was typed already.
            session.start(page, edited.text, about=about, again=True)
            st.rerun()
        after(edited.text)
    with did:
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
    """Show the Run button, the most important one if it is the first, and what belongs to it."""
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button("Run", key=f"{page}:again", type=kind, icon=":material/play_arrow:")
        _choose_device()
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
    return clicked


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
