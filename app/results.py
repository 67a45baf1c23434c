"""What a program did, around its graph: progress while it runs, the leaves, the output, why it failed."""

from __future__ import annotations

import streamlit as st

from app import advice, session
from components.facts.text import plural, visible
from components.reading import KeptTrace
from components.reading.account import Account, account
from components.trace import Draw, MeasureModules
from components.widgets.panels import Markup, leaves_panel, output_panel

_AGAIN = "The server had let go of this run, to make room for others. The program ran again."
_NOTE = Markup('<p class="al-note">{}</p>')


def progress(page: str) -> bool:
    """Show a run that is under way, with Stop; return whether there is one."""
    if session.running(page) is None:
        return False
    # One that is done by now is taken over there, which shows the page anew: what is above is about the one before.
    st.fragment(_watch, run_every=session.engine().pool.pace())(page)
    return True


def _watch(page: str) -> None:
    run = session.running(page)
    if run is None or not session.collect(page):
        st.rerun()
        return
    now = run.progress()
    waiting = f"Waiting for {plural(now.ahead, 'program')} ahead" if now.ahead else "Starting"
    where = f" · line {now.line}" if now.line is not None else ""
    doing = "Measuring memory, in a second run" if run.measures else "Running"
    if isinstance(run.program.question, Draw):
        doing = "Drawing with torchviz, in a second run"
    if isinstance(run.program.question, MeasureModules):
        doing = "Measuring modules, in a second run"
    doings = {
        "running": doing + where,
        "standing": f"Paused{where}, since other long programs are first",
        "ending": "Ended · gathering its trace",
    }
    text = f"{doings.get(now.state, waiting)} · {now.seconds:.1f} s"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text}**")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=f"{page}:stop",
            type="primary",
            disabled=run.stopped_at is not None,
            on_click=run.stop,
        )
    if now.stdout:
        st.code(visible(now.stdout[-2_000:]), language=None, height=320)


def figures(told: Account) -> None:
    """Show quiet lines of figures, and what was left out."""
    for line in told.figures:
        st.html(_NOTE.format(line))


def told(page: str, place: advice.Place) -> None:
    """What is said of a run beside the program: why it failed, its leaves, its output, figures of it.

    ``place`` is where its program can be changed, as advice says.
    """
    shown = session.shown(page)
    if shown is None:
        return
    failure(shown, place)
    if session.ran_again(page):
        st.html(_NOTE.format(_AGAIN))
    told = session.look(page, account)
    advice.noted(told.remarks, shown.program.source, place)
    stopped = shown.failure is not None
    panels = leaves_panel(told.leaves, stopped=stopped), output_panel(told.output)
    kind = " al-failed" if stopped else ""
    st.html(Markup('<div class="al-told-of{}">{}{}</div>').format(kind, *panels))
    figures(told)


def failure(shown: KeptTrace, place: advice.Place | None = None) -> None:
    """The failure, if there is one; with what would mend it, in the place where that can be done."""
    if shown.failure is not None:
        advice.failure(shown.failure, shown.program.source, place)
