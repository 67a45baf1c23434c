"""The Code page: a program in an editor, or an uploaded one."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import session
from app.uploads import OpenError, opened_source
from app.workbench import Editor, workbench

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


@dataclass
class CodeState:
    """The file that was uploaded last."""

    uploaded: str = ""


def page() -> None:
    """Show the workbench with the program that was opened last."""
    with st.popover("Open .py or .ipynb", icon=":material/upload_file:"):
        upload = st.file_uploader("A Python file or a notebook", type=["py", "ipynb"], key="code:upload")
    state = session.remembered(CodeState, "code")
    if upload is not None and state.uploaded != upload.file_id:
        state.uploaded = upload.file_id
        try:
            Editor("code:editor", _STARTER).fill(opened_source(upload.name, upload.getvalue()), upload.name)
        except OpenError as error:
            st.error(str(error))
    workbench("code", _STARTER, above=190)


page()
