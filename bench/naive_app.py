"""The Playground that people write in an afternoon: Streamlit, torch and torchviz in one process.

An expression, Backward, Reset; ``make_dot`` of the result, and the gradients as the title of the picture.
"""

from __future__ import annotations

import os

import streamlit as st
import torch
from torchviz import make_dot

EXPRESSION = "cos(sin(x*w) + x**2 + tanh(w)*exp(x) + w**3)"


def page() -> None:
    """Show the page."""
    st.title("Autograd")
    presses = st.session_state.setdefault("presses", 0)
    expression = st.text_input("Expression", EXPRESSION)
    at = st.number_input("x", value=float(st.query_params.get("x", "2.0")))
    if st.button("Backward"):
        presses = st.session_state.presses = presses + 1
    if st.button("Reset"):
        presses = st.session_state.presses = 0
    x, w = torch.tensor(at, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    functions = {name: getattr(torch, name) for name in ("sin", "cos", "tanh", "exp")}
    y = eval(expression, {}, functions | {"x": x, "w": w})
    for _ in range(presses):
        y.backward(retain_graph=True)
    drawing = make_dot(y, params={"x": x, "w": w, "y": y})
    drawing.attr(label=f"x.grad = {x.grad}, w.grad = {w.grad}")
    st.graphviz_chart(drawing)


if __name__ == "__main__":
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    page()
