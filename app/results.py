"""What a program did, around its graph: progress while it runs, the leaves, the output, why it failed."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from app import advice, session
from components.facts import TraceIndex, leaf_rows
from components.facts.text import plural
from components.trace import Trace
from components.widgets.panels import leaves_panel, output_panel

_NOTE = Markup('<p class="al-note">{}</p>')


def progress(page: str) -> bool:
    """Show a run that is under way, with Stop; return whether there is one."""
    if not session.collect(page):
        return False
    _watch(page)
    return True


@st.fragment(run_every=0.4)
def _watch(page: str) -> None:
    run = session.running(page)
    if run is None or not session.collect(page):
        st.rerun()
        return
    now = run.progress()
    waiting = f"Waiting for {plural(now.ahead, 'program')} ahead" if now.ahead else "Starting"
    where = f" · line {now.line}" if now.line is not None else ""
    doing = "Running" if run.of is None else "Measuring memory, in a second run"
    text = f"{doing}{where} · {now.seconds:.1f} s" if now.state == "running" else f"{waiting} · {now.seconds:.1f} s"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text}**")
        st.button("Stop", icon=":material/stop_circle:", key=f"{page}:stop", type="primary", on_click=run.stop)
    if now.stdout:
        st.code(now.stdout[-2_000:], language=None, height=320)


def status(trace: Trace) -> None:
    """One quiet line of figures, and what was left out."""
    for note in trace.notes[:5]:
        st.html(_NOTE.format(note.message))
    if not trace.steps:
        return  # it ended before its first line
    text = f"{plural(len(trace.nodes), 'node')} · {plural(len(trace.backwards), 'backward pass')}"
    text += f" · torch {trace.environment.torch.partition('+')[0]} on {trace.program.device}"
    st.html(_NOTE.format(f"{text} · observed run took {trace.duration_ns / 1e6:.1f} ms"))
    for cut in trace.truncations[:3]:
        st.html(_NOTE.format(f"Recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}."))


def told(index: TraceIndex, place: advice.Place) -> None:
    """What is said of a run beside the program: why it failed, its leaves, its output, figures of it.

    ``place`` is where its program can be changed, as advice says.
    """
    trace = index.trace
    failure(trace, place)
    advice.noted(index, place)
    stopped = trace.failure is not None
    panels = leaves_panel(leaf_rows(trace), stopped=stopped), output_panel(trace)
    kind = " al-failed" if stopped else ""
    st.html(Markup('<div class="al-told-of{}">{}{}</div>').format(kind, *panels))
    status(trace)


def failure(trace: Trace, place: advice.Place | None = None) -> None:
    """The failure, if there is one; with what would mend it, in the place where that can be done."""
    if trace.failure is not None:
        advice.failure(trace.failure, trace.program.source, place)
