"""The player's pictures in the page's own Download menu: the browser has what is shown, so the server is not asked."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "autograd_lab_picture_buttons",
    html='<div class="pictures"></div>',
    css=(_FOLDER / "buttons.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "buttons.js").read_text(encoding="utf-8"),
)


def picture_buttons(player: str) -> None:
    """Show the buttons that save the picture of the player with this key: SVG, PNG of two sizes, DOT."""
    _component(key=f"{player}:pictures", data={"key": player})
