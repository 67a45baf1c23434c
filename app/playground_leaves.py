"""The rows of the Playground's leaves: a value or a shape, a slider for a number, requires_grad, dtype."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from msgspec.structs import replace

from app import session
from app.playground_form import become, made
from components.facts.terms import meaning_of
from components.source.form import Form, FormError, Leaf, scalar_value, with_scalar, with_shape, with_typed
from components.source.form.expression import read_expression
from components.source.form.fixes import fitting_shapes, shape_text
from components.source.form.shapes import Shape, shape_of_value

_TYPES = ["float32", "float64", "int64"]
_SHAPES: dict[str, tuple[Shape, bool]] = {
    "number": ((), False),
    "vector of 3": ((3,), False),
    "matrix 2 × 3": ((2, 3), False),
    "random 2 × 3": ((2, 3), True),
}


def show(form: Form) -> None:
    """Show a row for each leaf, with the shape that it should have where the expression cannot be computed as it is."""
    try:
        fitting = fitting_shapes(form, read_expression(form.expression))
    except FormError:
        fitting = {}
    for leaf in form.leaves:
        _row(leaf, fitting.get(leaf.name))


def _row(leaf: Leaf, fitting: Shape | None) -> None:
    key, values = f"playground:leaf:{leaf.name}", session.widgets()

    def typed() -> None:
        _become(with_typed(leaf, values[f"{key}:value"]))

    def slid() -> None:
        _become(with_scalar(leaf, values[f"{key}:slider"]), f"slid {leaf.name}")

    def switched() -> None:
        _become(replace(leaf, requires_grad=values[f"{key}:grad"]))

    values[f"{key}:value"], values[f"{key}:grad"] = leaf.value, leaf.requires_grad
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"playground-leaf-{leaf.name}"):
        st.markdown(f"**`{leaf.name}`**", width="content")
        number = scalar_value(leaf)
        width: int | Literal["stretch"] = "stretch" if number is None else 82
        st.text_input(
            f"value of {leaf.name}", key=f"{key}:value", on_change=typed, label_visibility="collapsed", width=width
        )
        if fitting is not None:
            label = f"Fits: {shape_text(fitting)}"
            st.button(label, key=f"{key}:fitting", on_click=_become, args=(with_shape(leaf, fitting),), width="stretch")
        elif number is not None:
            reach = max(5.0, 2 * abs(number))
            values[f"{key}:slider"] = number
            st.slider(
                f"slider of {leaf.name}",
                -reach,
                reach,
                step=0.1,
                key=f"{key}:slider",
                on_change=slid,
                label_visibility="collapsed",
            )
        st.toggle("requires_grad", key=f"{key}:grad", on_change=switched, help=meaning_of("requires_grad"))
        _menu(leaf, key)


def _menu(leaf: Leaf, key: str) -> None:
    """Show what can be chosen of a leaf besides its value: its shape, filled with numbers, and its dtype."""
    values = session.widgets()

    def chosen() -> None:
        _become(replace(leaf, dtype=values[f"{key}:dtype"]))

    shape = shape_of_value(leaf.value)
    with st.popover("…" if shape is None else shape_text(shape), help=f"Shape and dtype of {leaf.name}"):
        st.markdown(f"Fill `{leaf.name}` with a")
        with st.container(horizontal=True, gap="small"):
            for place, (label, (wanted, random)) in enumerate(_SHAPES.items()):
                st.button(
                    label, key=f"{key}:shape:{place}", on_click=_become, args=(with_shape(leaf, wanted, random=random),)
                )
        st.caption("Or type a shape as the value: `(4,)`, `(2, 3)`, `2x3`.")
        values[f"{key}:dtype"] = leaf.dtype
        types = _TYPES if leaf.dtype in _TYPES else [*_TYPES, leaf.dtype]
        st.selectbox(f"dtype of {leaf.name}", types, key=f"{key}:dtype", on_change=chosen, help=meaning_of("dtype"))


def _become(leaf: Leaf, change: str = "") -> None:
    form = made().form
    become(replace(form, leaves=tuple(leaf if row.name == leaf.name else row for row in form.leaves)), change)
