"""The Playground's form in the browser: widgets to a ``Form`` and back.

The form lives in the session as plain data. Buttons replace it by another one, and what it was goes to a stack, so
that Undo is a matter of taking the last one back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import streamlit as st

from app import session
from components.source.form import BackwardPress, Form, FormError, Leaf, ZeroGrad, leaf_rows, scalar_value, with_scalar
from components.widgets.panels import note_panel

_START = Form(expression="sin(x*w) + x**2", leaves=(Leaf(name="x", value="2.0"), Leaf(name="w", value="3.0")))
_TYPES = ["float32", "float64", "int64"]
_EXPRESSION = "playground:expression"
_MOST_STEPS_BACK = 100


@dataclass
class PlaygroundState:
    """The form as it is, what it was before each change, and whether a call was refused."""

    form: Form = _START
    past: list[Form] = field(default_factory=list)
    refused: bool = False


def edit() -> Form:
    """Show the form and return what it says now."""
    state = _state()
    session.widgets().setdefault(_EXPRESSION, state.form.expression)
    st.text_area("Expression", key=_EXPRESSION, height=78, on_change=_typed)
    try:
        rows = leaf_rows(state.form.expression, state.form.leaves)
    except FormError:
        rows = state.form.leaves
    if rows != state.form.leaves:
        state.form = msgspec.structs.replace(state.form, leaves=rows)
    for leaf in rows:
        _leaf_row(leaf)
    _switches()
    _buttons()
    return state.form


def _state() -> PlaygroundState:
    return session.remembered(PlaygroundState, "playground")


def _change(**changes: Any) -> None:
    """Change fields of the form, with a way back."""
    state = _state()
    form = msgspec.structs.replace(state.form, **changes)
    if form != state.form:
        state.past.append(state.form)
        del state.past[:-_MOST_STEPS_BACK]
        state.form = form


def _typed() -> None:
    _change(expression=session.widgets()[_EXPRESSION], actions=())


def _with_leaf(leaf: Leaf) -> None:
    _change(leaves=tuple(leaf if row.name == leaf.name else row for row in _state().form.leaves))


def _leaf_row(leaf: Leaf) -> None:
    """One leaf: name, value, requires_grad, dtype; a number has a slider too."""
    key = f"playground:leaf:{leaf.name}"

    def changed() -> None:
        values = session.widgets()
        value, tracked, dtype = (values[f"{key}:{part}"] for part in ("value", "grad", "dtype"))
        _with_leaf(Leaf(name=leaf.name, value=value, requires_grad=tracked, dtype=dtype))

    def slid() -> None:
        _with_leaf(with_scalar(leaf, session.widgets()[f"{key}:slider"]))

    values = session.widgets()
    values[f"{key}:value"], values[f"{key}:grad"], values[f"{key}:dtype"] = leaf.value, leaf.requires_grad, leaf.dtype
    name, value, tracked, dtype = st.columns([0.08, 0.28, 0.38, 0.26], vertical_alignment="center", gap="small")
    name.markdown(f"**`{leaf.name}`**")
    value.text_input(f"value of {leaf.name}", key=f"{key}:value", on_change=changed, label_visibility="collapsed")
    tracked.toggle("requires_grad", key=f"{key}:grad", on_change=changed)
    types = _TYPES if leaf.dtype in _TYPES else [*_TYPES, leaf.dtype]
    dtype.selectbox(f"dtype of {leaf.name}", types, key=f"{key}:dtype", on_change=changed, label_visibility="collapsed")
    number = scalar_value(leaf)
    if number is not None:
        reach = max(5.0, 2 * abs(number))
        values[f"{key}:slider"] = number
        st.slider(
            f"{leaf.name}", -reach, reach, step=0.1, key=f"{key}:slider", on_change=slid, label_visibility="collapsed"
        )


def _switches() -> None:
    with st.container(horizontal=True):
        st.toggle("retain_graph", key="playground:retain", help="The next Backward keeps what the graph has saved.")
        st.toggle("create_graph", key="playground:create", help="The next Backward builds a graph of the gradient.")
        session.widgets()["playground:no_grad"] = _state().form.no_grad
        st.toggle(
            "no_grad",
            key="playground:no_grad",
            help="Computes the expression under torch.no_grad().",
            on_change=lambda: _change(no_grad=session.widgets()["playground:no_grad"]),
        )


def _buttons() -> None:
    state = _state()
    with st.container(horizontal=True):
        st.button("Backward", key="playground:backward", type="primary", on_click=_backward)
        st.button("Zero grad", key="playground:zero", on_click=_call, args=(ZeroGrad(),))
        st.button("Undo", key="playground:undo", on_click=_undo, disabled=not state.past)
        st.button("Reset", key="playground:reset", on_click=_change, kwargs={"actions": (), "no_grad": False})
    if state.refused:
        state.refused = False
        note_panel("The program stops with an error, so a call after it would not run. Press Undo first, or Reset.")


def _call(action: BackwardPress | ZeroGrad) -> None:
    """Append a call, unless the program stops before it."""
    trace = session.trace("playground")
    if trace is not None and trace.failure is not None:
        _state().refused = True
        return
    _change(actions=(*_state().form.actions, action))


def _backward() -> None:
    values = session.widgets()
    _call(BackwardPress(retain_graph=values["playground:retain"], create_graph=values["playground:create"]))


def _undo() -> None:
    state = _state()
    if state.past:
        state.form = state.past.pop()
        session.widgets()[_EXPRESSION] = state.form.expression
