"""The few lines of style that Streamlit's theme has no words for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).with_name("look.css")


def apply() -> None:
    """Put the style sheet into the page."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
