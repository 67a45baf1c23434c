"""The charts of the Gradients page. A click on a point leads the player to the call that the point is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import graph, session
from app.controls import chart, download, kept_one_of, table
from components.facts import TraceIndex
from components.facts.findings import findings
from components.facts.gradients import History, LeafHistory, gradient_history, variables
from components.facts.gradients.flow import flow_info, intermediate_gradients
from components.facts.layer_health import trends
from components.facts.text import plain_in_markdown
from components.figures.charts.gradient_calls import norm_figure, scalar_figure
from components.figures.charts.gradient_cells import matrix_figure, vector_figure
from components.figures.charts.gradient_flow import flow_figure, intermediate_figure
from components.figures.charts.spreadsheets import gradients_csv
from components.trace import Trace

PAGE = "gradients"
_MOST_LOOKED_AT = 5
_ICONS = {
    "vanishing": ":material/trending_down:",
    "exploding": ":material/trending_up:",
    "dead": ":material/block:",
}


@dataclass
class GradientsState:
    """What the Gradients page remembers: the trace that it shows with its history, and the call that was chosen."""

    trace: Trace | None = None
    history: History | None = None
    call: int | None = None


def history_of(index: TraceIndex) -> History:
    """Return the history of a trace's gradients, worked out once. Another trace forgets what was chosen."""
    state = _state()
    if state.history is None or state.trace is not index.trace:
        state.trace, state.history, state.call = index.trace, gradient_history(index), None
        graph.stop_leading(PAGE)
    return state.history


def _state() -> GradientsState:
    return session.remembered(GradientsState, PAGE)


def choose() -> str:
    """Let the person choose a chart. It stands on the page whatever runs, so that the choice is not forgotten."""
    return kept_one_of("Chart", _CHARTS, f"{PAGE}:chart")


def show(name: str, index: TraceIndex, history: History) -> None:
    """Show what is to be looked at, the chosen chart, the choices it needs, and the download."""
    _to_look_at(index)
    if not history.calls and name != "Inside the graph":
        st.markdown(
            "No call of this program has put anything into a `.grad`. Call `backward()` on a result, or look **inside "
            "the graph** for what `autograd.grad()` computed."
        )
        return
    _CHARTS[name](index, history)
    for note in history.notes:
        st.caption(note)
    download("All numbers as CSV", lambda: gradients_csv(history), "gradients.csv", f"{PAGE}:csv")


def _to_look_at(index: TraceIndex) -> None:
    """List the first bad number, gradients that explode or vanish, and dead units; a press leads the player there."""
    told = [one for one in index.once(findings) if one.first or one.illness not in ("nan", "inf")]
    if not told:
        return
    with st.container(key=f"{PAGE}-look", gap="xsmall"):
        for place, one in enumerate(told[:_MOST_LOOKED_AT]):
            st.button(
                plain_in_markdown(one.text),
                key=_own(index, f"look:{place}"),
                icon=_ICONS.get(one.illness, ":material/priority_high:"),
                type="tertiary",
                help="Show it in the graph",
                disabled=one.number is None,
                on_click=_lead,
                args=(one.number,),
            )
        if len(told) > _MOST_LOOKED_AT:
            st.caption(f"and {len(told) - _MOST_LOOKED_AT} more, in the list above the graph")


def _leaves(index: TraceIndex, history: History) -> None:
    """Scalars together, every other leaf by itself."""
    leaves = [leaf for leaf in variables(history) if leaf.changes]
    if any(leaf.kind == "scalar" for leaf in leaves):
        _chart(index, history, scalar_figure(history), "scalars")
    others = [leaf for leaf in leaves if leaf.kind != "scalar"]
    if not others:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_name = {leaf.label: leaf for leaf in others}
        name = st.selectbox("Leaf", list(by_name), key=_own(index, "leaf"), width=240)
        leaf = by_name[name]
        call = _call(index, history) if leaf.kind == "matrix" else None
    _chart(index, history, _heat_map(leaf, call), f"leaf:{leaf.kind}")


def _heat_map(leaf: LeafHistory, call: int | None) -> go.Figure:
    return vector_figure(leaf) if call is None else matrix_figure(leaf, call)


def _norms(index: TraceIndex, history: History) -> None:
    _chart(index, history, norm_figure(history), "norms")


def _layers(index: TraceIndex, history: History) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        call = _call(index, history)
    _chart(index, history, flow_figure(flow_info(history, call, trends(index))), "layers")


def _inside(index: TraceIndex, history: History) -> None:
    """Gradients of tensors that are no leaves, of the engine run that is chosen."""
    ids = [run.id for run in index.trace.backwards if run.steps]
    if not ids:
        st.markdown("The engine has not run: call `backward()` or `autograd.grad()`.")
        return
    wanted = next((call.backward for call in history.calls if call.number == _current(history)), None)
    run = st.selectbox(
        "Run of the engine",
        ids,
        index=ids.index(wanted) if wanted in ids else 0,
        format_func=lambda id_: intermediate_gradients(index, id_).text,
        key=_own(index, f"run:{wanted}"),
        width=420,
    )
    shown = intermediate_gradients(index, run)
    st.caption("Gradients of named results, as the engine carried them: no `retain_grad()` is needed.")
    chart(intermediate_figure([shown]), _own(index, f"inside:{run}"), lambda custom: _lead(custom[1]))
    rows = [
        {"tensor": row.label, "shape": str(list(row.shape)), "gradient": row.text, "note": row.note}
        for row in shown.rows
    ]
    if rows:
        table(rows)
    for note in shown.notes:
        st.caption(note)


_CHARTS: dict[str, Callable[[TraceIndex, History], None]] = {
    "Leaves": _leaves,
    "Norms": _norms,
    "Layers": _layers,
    "Inside the graph": _inside,
}

# --- which call, and where the player is


def _own(index: TraceIndex, name: str) -> str:
    """A widget's key for this program alone: its choices mean nothing in another."""
    return f"{PAGE}:{index.signature}:{name}"


def _current(history: History) -> int:
    """The call that was chosen last, at first the last of all."""
    number = _state().call
    return number if number is not None and 1 <= number <= len(history.calls) else len(history.calls)


def _call(index: TraceIndex, history: History) -> int:
    """Let the person choose a call by its number."""
    numbers = [call.number for call in history.calls]
    if len(numbers) == 1:
        return numbers[0]
    key = _own(index, "number")
    session.widgets()[key] = _current(history)

    def moved() -> None:
        _go(history, int(session.widgets()[key]))

    chosen = st.select_slider(
        "Call", numbers, key=key, format_func=lambda number: history.call(number).label, on_change=moved, width=360
    )
    return int(chosen)


def _chart(index: TraceIndex, history: History, figure: go.Figure, name: str) -> None:
    """Show a figure; a click on one of its points chooses the call."""

    def clicked(custom: list[Any]) -> None:
        if isinstance(custom[0], int):
            _go(history, custom[0])

    chart(figure, _own(index, name), clicked)


def _go(history: History, number: int) -> None:
    """Choose a call and lead the player to it."""
    if 1 <= number <= len(history.calls):
        _state().call = number
        _lead(history.call(number).moment)


def _lead(moment: object) -> None:
    if isinstance(moment, int):
        graph.lead(PAGE, moment)
