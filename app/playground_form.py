"""The Playground's form in the browser: widgets to a ``Form`` and back.

The form lives in the session as plain data. Buttons replace it by another one, and what it was goes to a stack, so
that Undo is a matter of taking the last one back.
"""

from __future__ import annotations

import msgspec
import streamlit as st

from app import session
from components.source.form import Backward, Form, FormError, Leaf, ZeroGrad, leaf_rows, scalar_value, with_scalar
from components.widgets.panels import note_panel

_START = Form(expression="sin(x*w) + x**2", leaves=(Leaf(name="x", value="2.0"), Leaf(name="w", value="3.0")))
_TYPES = ["float32", "float64", "int64"]
_FORM = "playground:form"
_PAST = "playground:past"
_EXPRESSION = "playground:expression"
_STOPPED = "playground:stopped"
_MOST_STEPS_BACK = 100


def current() -> Form:
    """Return the form as it is."""
    form = session.state().get(_FORM)
    return form if isinstance(form, Form) else _START


def edit() -> Form:
    """Show the form and return what it says now."""
    if _EXPRESSION not in session.state():
        session.state()[_EXPRESSION] = current().expression
    st.text_area("Expression", key=_EXPRESSION, height=78, on_change=_typed)
    try:
        rows = leaf_rows(current().expression, current().leaves)
    except FormError:
        rows = current().leaves
    if rows != current().leaves:
        session.state()[_FORM] = msgspec.structs.replace(current(), leaves=rows)
    for leaf in rows:
        _leaf_row(leaf)
    _switches()
    _buttons()
    return current()


def _replace(form: Form) -> None:
    """Make ``form`` the current one, with a way back."""
    if form != current():
        past = session.state().setdefault(_PAST, [])
        past.append(current())
        del past[:-_MOST_STEPS_BACK]
        session.state()[_FORM] = form


def _typed() -> None:
    _replace(msgspec.structs.replace(current(), expression=session.state()[_EXPRESSION], actions=()))


def _with_leaf(leaf: Leaf) -> None:
    leaves = tuple(leaf if row.name == leaf.name else row for row in current().leaves)
    _replace(msgspec.structs.replace(current(), leaves=leaves))


def _leaf_row(leaf: Leaf) -> None:
    """One leaf: name, value, requires_grad, dtype; a number has a slider too."""
    key = f"playground:leaf:{leaf.name}"

    def changed() -> None:
        state = session.state()
        value, tracked, dtype = (state[f"{key}:{part}"] for part in ("value", "grad", "dtype"))
        _with_leaf(Leaf(name=leaf.name, value=value, requires_grad=tracked, dtype=dtype))

    def slid() -> None:
        _with_leaf(with_scalar(leaf, session.state()[f"{key}:slider"]))

    state = session.state()
    state[f"{key}:value"], state[f"{key}:grad"], state[f"{key}:dtype"] = leaf.value, leaf.requires_grad, leaf.dtype
    name, value, tracked, dtype = st.columns([0.08, 0.28, 0.38, 0.26], vertical_alignment="center", gap="small")
    name.markdown(f"**`{leaf.name}`**")
    value.text_input(f"value of {leaf.name}", key=f"{key}:value", on_change=changed, label_visibility="collapsed")
    tracked.toggle("requires_grad", key=f"{key}:grad", on_change=changed)
    types = _TYPES if leaf.dtype in _TYPES else [*_TYPES, leaf.dtype]
    dtype.selectbox(f"dtype of {leaf.name}", types, key=f"{key}:dtype", on_change=changed, label_visibility="collapsed")
    number = scalar_value(leaf)
    if number is not None:
        reach = max(5.0, 2 * abs(number))
        state[f"{key}:slider"] = number
        st.slider(
            f"{leaf.name}", -reach, reach, step=0.1, key=f"{key}:slider", on_change=slid, label_visibility="collapsed"
        )


def _switches() -> None:
    with st.container(horizontal=True):
        st.toggle("retain_graph", key="playground:retain", help="The next Backward keeps what the graph has saved.")
        st.toggle("create_graph", key="playground:create", help="The next Backward builds a graph of the gradient.")
        session.state()["playground:no_grad"] = current().no_grad
        st.toggle(
            "no_grad",
            key="playground:no_grad",
            help="Computes the expression under torch.no_grad().",
            on_change=lambda: _replace(
                msgspec.structs.replace(current(), no_grad=session.state()["playground:no_grad"])
            ),
        )


def _buttons() -> None:
    with st.container(horizontal=True):
        st.button("Backward", key="playground:backward", type="primary", on_click=_backward)
        st.button("Zero grad", key="playground:zero", on_click=_zero_grad)
        st.button("Undo", key="playground:undo", on_click=_undo, disabled=not session.state().get(_PAST))
        st.button("Reset", key="playground:reset", on_click=_reset)
    if session.state().pop(_STOPPED, False):
        note_panel("The program stops with an error, so a call after it would not run. Press Undo first, or Reset.")


def _act(action: Backward | ZeroGrad) -> None:
    """Append a call, unless the program stops before it."""
    trace = session.trace("playground")
    if trace is not None and trace.failure is not None:
        session.state()[_STOPPED] = True
        return
    _replace(msgspec.structs.replace(current(), actions=(*current().actions, action)))


def _backward() -> None:
    state = session.state()
    _act(Backward(retain_graph=state["playground:retain"], create_graph=state["playground:create"]))


def _zero_grad() -> None:
    _act(ZeroGrad())


def _undo() -> None:
    past = session.state().get(_PAST)
    if past:
        session.state()[_FORM] = past.pop()
        session.state()[_EXPRESSION] = current().expression


def _reset() -> None:
    _replace(msgspec.structs.replace(current(), actions=(), no_grad=False))
