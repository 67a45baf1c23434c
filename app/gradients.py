"""The charts of the Gradients page. A click on a point leads the player to the call that the point is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import graph, session
from app.controls import chart, download, kept_one_of, table
from components.facts.gradients import History, LeafHistory, variables
from components.facts.gradients.flow import flow_info, intermediate_gradients
from components.facts.text import plain_in_markdown
from components.figures.charts.gradient_calls import norm_figure, scalar_figure
from components.figures.charts.gradient_cells import matrix_figure, vector_figure
from components.figures.charts.gradient_flow import flow_figure, intermediate_figure
from components.figures.charts.spreadsheets import gradients_csv
from components.reading import KeptTrace
from components.reading.sections import engine_runs, history_of, layer_trends, to_look_at

PAGE = "gradients"
_MOST_LOOKED_AT = 5
_ICONS = {
    "vanishing": ":material/trending_down:",
    "exploding": ":material/trending_up:",
    "dead": ":material/block:",
}


@dataclass
class GradientsState:
    """What the Gradients page remembers: the trace that it shows, and the call that was chosen."""

    shown: KeptTrace | None = None
    call: int | None = None


def follow() -> None:
    """Forget what was chosen, where the page shows another trace."""
    state, shown = _state(), session.shown(PAGE)
    if state.shown is not shown:
        state.shown, state.call = shown, None
        graph.stop_leading(PAGE)


def _state() -> GradientsState:
    return session.remembered(GradientsState, PAGE)


def choose() -> str:
    """Let the person choose a chart. It stands on the page whatever runs, so that the choice is not forgotten."""
    return kept_one_of("Chart", _CHARTS, f"{PAGE}:chart")


def show(name: str) -> None:
    """Show what is to be looked at, the chosen chart, the choices it needs, and the download."""
    _to_look_at()
    history = session.look(PAGE, history_of)
    if not history.calls and name != "Inside the graph":
        st.markdown(
            "No call of this program has put anything into a `.grad`. Call `backward()` on a result, or look **inside "
            "the graph** for what `autograd.grad()` computed."
        )
        return
    _CHARTS[name](history)
    for note in history.notes:
        st.caption(note)
    download("All numbers as CSV", lambda: gradients_csv(history), "gradients.csv", f"{PAGE}:csv")


def _to_look_at() -> None:
    """List the first bad number, gradients that explode or vanish, and dead units; a press leads the player there."""
    told = session.look(PAGE, to_look_at)
    if not told:
        return
    with st.container(key=f"{PAGE}-look", gap="xsmall"):
        for place, one in enumerate(told[:_MOST_LOOKED_AT]):
            st.button(
                plain_in_markdown(one.text),
                key=_own(f"look:{place}"),
                icon=_ICONS.get(one.illness, ":material/priority_high:"),
                type="tertiary",
                help="Show it in the graph",
                disabled=one.number is None,
                on_click=_lead,
                args=(one.number,),
            )
        if len(told) > _MOST_LOOKED_AT:
            st.caption(f"and {len(told) - _MOST_LOOKED_AT} more, in the list above the graph")


def _leaves(history: History) -> None:
    """Scalars together, every other leaf by itself."""
    leaves = [leaf for leaf in variables(history) if leaf.changes]
    if any(leaf.kind == "scalar" for leaf in leaves):
        _chart(history, scalar_figure(history), "scalars")
    others = [leaf for leaf in leaves if leaf.kind != "scalar"]
    if not others:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_name = {leaf.label: leaf for leaf in others}
        name = st.selectbox("Leaf", list(by_name), key=_own("leaf"), width=240)
        leaf = by_name[name]
        call = _call(history) if leaf.kind == "matrix" else None
    _chart(history, _heat_map(leaf, call), f"leaf:{leaf.kind}")


def _heat_map(leaf: LeafHistory, call: int | None) -> go.Figure:
    return vector_figure(leaf) if call is None else matrix_figure(leaf, call)


def _norms(history: History) -> None:
    _chart(history, norm_figure(history), "norms")


def _layers(history: History) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        call = _call(history)
    _chart(history, flow_figure(flow_info(history, call, session.look(PAGE, layer_trends))), "layers")


def _inside(history: History) -> None:
    """Gradients of tensors that are no leaves, of the engine run that is chosen."""
    ids = session.look(PAGE, engine_runs)
    if not ids:
        st.markdown("The engine has not run: call `backward()` or `autograd.grad()`.")
        return
    wanted = next((call.backward for call in history.calls if call.number == _current(history)), None)
    run = st.selectbox(
        "Run of the engine",
        list(ids),
        index=list(ids).index(wanted) if wanted in ids else 0,
        format_func=ids.__getitem__,
        key=_own(f"run:{wanted}"),
        width=420,
    )
    shown = session.look(PAGE, intermediate_gradients, run)
    st.caption("Gradients of named results, as the engine carried them: no `retain_grad()` is needed.")
    chart(intermediate_figure([shown]), _own(f"inside:{run}"), lambda custom: _lead(custom[1]))
    rows = [
        {"tensor": row.label, "shape": str(list(row.shape)), "gradient": row.text, "note": row.note}
        for row in shown.rows
    ]
    if rows:
        table(rows)
    for note in shown.notes:
        st.caption(note)


_CHARTS: dict[str, Callable[[History], None]] = {
    "Leaves": _leaves,
    "Norms": _norms,
    "Layers": _layers,
    "Inside the graph": _inside,
}

# --- which call, and where the player is


def _own(name: str) -> str:
    """A widget's key for this program alone: its choices mean nothing in another."""
    shown = session.shown(PAGE)
    return f"{PAGE}:{shown.head.signature if shown is not None else ''}:{name}"


def _current(history: History) -> int:
    """The call that was chosen last, at first the last of all."""
    number = _state().call
    return number if number is not None and 1 <= number <= len(history.calls) else len(history.calls)


def _call(history: History) -> int:
    """Let the person choose a call by its number."""
    numbers = [call.number for call in history.calls]
    if len(numbers) == 1:
        return numbers[0]
    key = _own("number")
    session.widgets()[key] = _current(history)

    def moved() -> None:
        _go(history, int(session.widgets()[key]))

    chosen = st.select_slider(
        "Call", numbers, key=key, format_func=lambda number: history.call(number).label, on_change=moved, width=360
    )
    return int(chosen)


def _chart(history: History, figure: go.Figure, name: str) -> None:
    """Show a figure; a click on one of its points chooses the call."""

    def clicked(custom: list[Any]) -> None:
        if isinstance(custom[0], int):
            _go(history, custom[0])

    chart(figure, _own(name), clicked)


def _go(history: History, number: int) -> None:
    """Choose a call and lead the player to it."""
    if 1 <= number <= len(history.calls):
        _state().call = number
        _lead(history.call(number).moment)


def _lead(moment: object) -> None:
    if isinstance(moment, int):
        graph.lead(PAGE, moment)
