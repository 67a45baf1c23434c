"""A training step that was recorded on a GPU with its memory, for Memory and lesson 10 where there is no GPU.

``make gpu`` writes the file on a machine that has one; it says what it ran on. Without the file nothing is offered.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import program_choice, session

FILE = Path(__file__).parent / "samples" / "gpu_step.json"
WORDS = "A training step recorded on a GPU"


def offer(key: str) -> None:
    """Show the button that opens the sample on Memory, where there is one and no GPU."""
    if FILE.is_file() and not session.has_gpu():
        st.button(WORDS, key=key, icon=":material/developer_board:", on_click=_open)


def _open() -> None:
    program_choice.open_file("memory", FILE.name, FILE.read_bytes())
    session.leave_for("memory")
