"""A page with nothing but the editor, for its tests: buttons do what the pages' widgets do around it."""

from __future__ import annotations

import sys
from pathlib import Path

# Streamlit runs this file with its own folder in front of the path.
sys.path.insert(0, str(Path(__file__).parents[2]))

import streamlit as st

from components.widgets.editor import Problem, code_editor, typed_text

FIRST = """import torch
import torch.nn.functional as F

# a leaf, and what is made of it
x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor([1.5, -0.5], requires_grad=True)


def loss(value):
    return F.relu(value * w).sum() + x**2


y = loss(torch.sin(x))
print("y =", y)
y.backward()
"""
SECOND = "\n".join(["import torch", "", *(f"v{number} = torch.ones({number})" for number in range(1, 60))])
NAMES = """
    print torch.sin torch.sinh torch.tensor torch.nn.Linear torch.nn.ReLU torch.nn.functional.relu torch.autograd.grad
    torch.nn.functional.gelu torch.nn.functional.softmax torch.Tensor.sum torch.Tensor.backward torch.optim.SGD
"""

st.set_page_config(layout="wide")
# A new editor and new switches are a new page to the tests, without the seconds that loading Streamlit takes.
round_ = st.session_state.setdefault("round", 0) + int(st.button("Anew"))
st.session_state["round"] = round_
other = st.toggle("Other program", key=f"other{round_}")
away = st.toggle("Another page", key=f"away{round_}")
failed = st.toggle("It failed", key=f"failed{round_}")
again = st.button("Do nothing")
st.text_input("Before")
if away:
    st.text("another page")
else:
    source, revision = (SECOND, "second") if other else (FIRST, "first")
    edited = typed_text(source, key=f"program{round_}", revision=revision)
    code_editor(
        edited,
        key=f"program{round_}",
        words=NAMES.split(),
        problem=Problem(10, "RuntimeError: The size of tensor a (3) must match\n<b>b</b> (2)") if failed else None,
        height=460,
        channel="test",
    )
    st.text_input("After")
    st.code(edited.text, language=None)
    st.text(f"runs: {edited.run}")
    st.text(f"lines: {len(edited.text.splitlines())}, first: {edited.text.partition(chr(10))[0]}, button: {again}")
    st.text(f"known before: {edited == typed_text(source, key=f'program{round_}', revision=revision)}")
    st.text(f"round {round_}")
