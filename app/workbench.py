"""An editor and what its program did: the frame that the Code and Lessons pages share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from app import graph, results, session
from components.trace import Failure
from components.widgets.editor import Problem, code_editor, edited_so_far, is_built

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
    key, revision = f"{page}:editor{name}", hashlib.sha256(source.encode()).hexdigest()[:16]
    if session.state().get(f"{page}:given") != (name, source):
        session.state()[f"{page}:given"] = name, source
        now = edited_so_far(source, key=key, revision=revision)
        session.state()[f"{key}:asked"] = now.run
        session.start(page, now.text)
    making, did = _halves(page, made, task_first)
    with making:
        before()
        after(_editor(page, source, key, revision, height, not task_first))
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


def _editor(page: str, source: str, key: str, revision: str, height: int, first: bool) -> str:
    """Show the editor and its Run button; return the text as it is."""
    now = edited_so_far(source, key=key, revision=revision)
    asked = now.run != session.state().get(f"{key}:asked", 0)
    if asked:
        session.state()[f"{key}:asked"] = now.run
        session.start(page, now.text)
    shown = session.trace(page)
    edited = code_editor(
        source,
        key=key,
        revision=revision,
        words=session.completions(),
        problem=problem_of(shown.failure if shown is not None else None),
        height=height,
        channel=page,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        # Leaving a text area for the button has started what was typed already.
        kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
        if st.button("Run", key=f"{page}:again", type=kind, icon=":material/play_arrow:") and not asked:
            session.start(page, edited.text, again=True)
            st.rerun()
        _choose_device()
        st.html('<span class="al-note">Ctrl+Enter in the editor runs it</span>')
    return edited.text


def _choose_device() -> None:
    """Where the server has a GPU: whether programs may use it, from the next run on."""
    if session.has_gpu():
        chosen = st.segmented_control(
            "Device",
            ["CPU", "GPU"],
            default="GPU" if session.device() == "cuda" else "CPU",
            key="device:choice",
            label_visibility="collapsed",
            required=True,
            help='With "GPU" a program may put tensors on it: `torch.ones(3, device="cuda")`.',
        )
        session.state()["device"] = "cuda" if chosen == "GPU" else "cpu"


def problem_of(failure: Failure | None) -> Problem | None:
    """Return a failure for its line in the editor, if it has one."""
    if failure is None or failure.line is None:
        return None
    return Problem(failure.line, failure.message[:500])
