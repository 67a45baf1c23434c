"""The Code page: a program in an editor, typed or opened from a file; a saved trace is shown without running it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import recordings, session
from app.editors import Editor
from app.uploads import OpenError, opened_source
from app.workbench import Guide, show_trace, workbench
from components.reading import KeptTrace
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


class _Steps(Guide):
    """Lets the person choose the step of a recording that was opened here, and shows its training."""

    def before(self) -> None:
        """Show which step is shown, above its program."""
        session.collect("code")  # what was run instead may be done by now
        self._shown = session.shown("code")
        recordings.choose_step("code", self._shown, _show)

    def after(self, text: str) -> None:
        """Show the training that the recording is of, over its steps."""
        recordings.show_training("code", self._shown, _show)

    def collected(self) -> None:
        """Show the page anew if what was run instead is done only now: no step is shown any more."""
        if session.shown("code") is not self._shown and recordings.is_open("code", self._shown):
            st.rerun()


def _show(trace: KeptTrace) -> None:
    show_trace("code", _EDITOR, trace)


def page() -> None:
    """Show the workbench with the program that was opened last."""
    workbench("code", "Code", _STARTER, tools=_open, guide=_Steps())


def _open() -> None:
    """Let the person open a program or a trace."""
    problem = session.remembered(CodeState, "code").problem
    with st.popover("Open", icon=":material/folder_open:", help="A Python file, a notebook, a trace, a recording"):
        words = "A .py, an .ipynb, a saved trace or a recorded training"
        st.file_uploader(words, ["py", "ipynb", *recordings.ENDINGS], key=_UPLOAD, on_change=_opened)
    if problem:
        note_panel(problem)


def _opened() -> None:
    state, file = session.remembered(CodeState, "code"), session.widgets().get(_UPLOAD)
    state.problem = ""
    if file is None:
        return
    try:
        if file.name.endswith(tuple(recordings.ENDINGS)):
            trace = recordings.opened("code", file.name, file.getvalue())
            _EDITOR.fill(trace.program.source, file.name)
            show_trace("code", _EDITOR, trace)
        else:
            _EDITOR.fill(opened_source(file.name, file.getvalue()), file.name)
    except OpenError as error:
        state.problem = str(error)


page()
