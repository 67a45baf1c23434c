"""What a program did: progress while it runs, then the graph, the leaves, the output, the lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app import session
from components.figures import (
    LabGraph,
    LayoutProblem,
    Picture,
    lab_dot,
    lab_graph,
    lab_roots,
    leaf_rows,
    node_cards,
    torchviz_choices,
    torchviz_dot,
)
from components.figures.text import bytes_text, plural
from components.trace import Trace
from components.widgets.graph_view import graph_view
from components.widgets.panels import failure_panel, leaves_panel, listing_panel, output_panel

_WHOLE = "whole program"


@dataclass(frozen=True)
class _Shown:
    """What a view shows: a picture or why there is none, and the Lab graph behind it, whose folds have cards too."""

    picture: Picture | LayoutProblem | None
    title: str
    empty: str = ""
    graph: LabGraph | None = None


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
    text = f"Running{where} · {now.seconds:.1f} s" if now.state == "running" else f"{waiting} · {now.seconds:.1f} s"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text}**")
        if st.button("Stop", icon=":material/stop_circle:", key=f"{page}:stop", type="primary"):
            run.stop()
    if now.stdout:
        st.code(now.stdout[-2_000:], language=None, height=320)


def graph(page: str, trace: Trace, *, height: int = 540) -> int | None:
    """Show the graph with its switches; return the line of what is selected."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "View", ["Lab", "torchviz"], default="Lab", key=f"{page}:view", label_visibility="collapsed", required=True
        )
        shown = _torchviz(page, trace) if kind == "torchviz" else _lab(page, trace)
    cards = node_cards(trace, shown.graph)
    view: Literal["lab", "torchviz"] = "torchviz" if kind == "torchviz" else "lab"
    selected = graph_view(
        shown.picture,
        cards,
        kind=view,
        key=f"{page}:graph:{view}",
        title=shown.title,
        empty=shown.empty,
        height=height,
    )
    card = cards.get(selected) if selected else None
    return card.line if card is not None else None


def _lab(page: str, trace: Trace) -> _Shown:
    roots = {f"{index + 1}. {root.label}": root for index, root in enumerate(lab_roots(trace))}
    chosen = None
    if len(roots) > 1:
        chosen = st.selectbox(
            "Graph of", [_WHOLE, *roots], key=f"{page}:root:lab", label_visibility="collapsed", width=230
        )
    drawn = lab_graph(trace, roots.get(chosen or ""))
    if not drawn.boxes:
        return _Shown(None, "Graph", _nothing(trace), drawn)
    return _Shown(session.picture(lab_dot(drawn)), _title(drawn, trace), graph=drawn)


def _title(drawn: LabGraph, trace: Trace) -> str:
    if not drawn.nodes:
        return "No graph: autograd recorded nothing"
    folded = f", folded by {drawn.folded}" if drawn.folded else ""
    saved = sum(node.saved_bytes for node in trace.nodes)
    return f"{plural(drawn.nodes, 'node')}{folded} · {bytes_text(saved)} saved"


def _torchviz(page: str, trace: Trace) -> _Shown:
    choices = torchviz_choices(trace)
    of = choices[0] if choices else None
    if len(choices) > 1:
        of = st.selectbox("Drawing of", choices, key=f"{page}:root:viz", label_visibility="collapsed", width=180)
    attrs = st.toggle("show_attrs", key=f"{page}:attrs")
    saved = st.toggle("show_saved", key=f"{page}:saved")
    drawing = torchviz_dot(trace, of, show_attrs=attrs, show_saved=saved)
    if drawing is None:
        return _Shown(None, "torchviz", _nothing(trace))
    if drawing.dot is None:
        message = f"This graph has {drawing.nodes:,} nodes, too many for torchviz. The Lab view folds it."
        return _Shown(LayoutProblem("too_large", message), "torchviz")
    return _Shown(session.picture(drawing.dot), f"make_dot({drawing.of})")


def _nothing(trace: Trace) -> str:
    if trace.failure is not None:
        return "The program stopped before it built a graph."
    return "No graph yet. Make a tensor with requires_grad=True and compute something with it."


def status(trace: Trace) -> None:
    """One quiet line of figures, and what was left out."""
    text = f"{plural(len(trace.nodes), 'node')} · {plural(len(trace.backwards), 'backward pass')}".replace(
        "passs", "passes"
    )
    text += f" · torch {trace.environment.torch.partition('+')[0]} on {trace.program.device}"
    st.html(f'<p class="al-note">{text} · observed run took {trace.duration_ns / 1e6:.1f} ms</p>')
    for cut in trace.truncations[:3]:
        st.html(f'<p class="al-note">Recorded up to a cap of {cut.cap:,} ({cut.observer}); missing: {cut.missing}.</p>')


def below(trace: Trace) -> None:
    """The leaves and the printed output, side by side."""
    left, right = st.columns(2)
    with left:
        leaves_panel(leaf_rows(trace))
    with right:
        output_panel(trace)


def lines(trace: Trace, selected: int | None) -> None:
    """The program with what each line did."""
    listing_panel(trace, selected)


def failure(trace: Trace) -> None:
    """The failure, if there is one."""
    if trace.failure is not None:
        failure_panel(trace.failure)
