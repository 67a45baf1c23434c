"""The Code page: a program in an editor, typed or opened from a file; a saved trace is shown without running it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import session
from app.editors import Editor
from app.uploads import OpenError, opened_source, opened_trace
from app.workbench import show_trace, workbench
from components.widgets.panels import note_panel

_UPLOAD = "code:upload"
_STARTER = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor([1.0, 2.0], requires_grad=True)

h = torch.tanh(x * w)
y = (h ** 2).sum()

y.backward(retain_graph=True)
print("first", x.grad)
y.backward()
print("accumulated", x.grad)
"""


_EDITOR = Editor("code:editor", _STARTER)


@dataclass
class CodeState:
    """Why the last file could not be opened."""

    problem: str = ""


def page() -> None:
    """Show the workbench with the program that was opened last."""
    workbench("code", "Code", _STARTER, tools=_open)


def _open() -> None:
    """Let the person open a program or a trace."""
    problem = session.remembered(CodeState, "code").problem
    with st.popover("Open", icon=":material/folder_open:", help="A Python file, a notebook, a saved trace"):
        st.file_uploader("A .py, an .ipynb, or a saved trace", ["py", "ipynb", "json"], key=_UPLOAD, on_change=_opened)
    if problem:
        note_panel(problem)


def _opened() -> None:
    state, file = session.remembered(CodeState, "code"), session.widgets().get(_UPLOAD)
    state.problem = ""
    if file is None:
        return
    try:
        if file.name.endswith(".json"):
            trace = opened_trace(file.name, file.getvalue())
            _EDITOR.fill(trace.program.source, file.name)
            show_trace("code", _EDITOR, session.keep(trace))
        else:
            _EDITOR.fill(opened_source(file.name, file.getvalue()), file.name)
    except OpenError as error:
        state.problem = str(error)


page()
