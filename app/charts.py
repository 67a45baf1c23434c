"""Showing a Plotly chart: letters in the colour of the page's text, no logo, clicks if somebody listens to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import session
from components.figures.chart_style import with_ink

_INK = {"light": "#1c2433", "dark": "#e6eaf0"}


def chart(figure: go.Figure, key: str, on_click: Callable[[list[Any]], None] | None = None) -> None:
    """Show a figure as wide as its place, or as its own width. ``on_click`` gets the custom data of a clicked point."""
    inked = with_ink(figure, _INK.get(st.context.theme.type or "light", _INK["light"]))

    def clicked() -> None:
        event: Any = session.widgets().get(key)
        points = event.get("selection", {}).get("points", []) if event is not None else []
        custom = next((point["customdata"] for point in points if point.get("customdata")), None)
        if on_click is not None and custom:
            on_click(list(custom))

    st.plotly_chart(
        inked,
        key=key,
        theme=None,
        width="content" if figure.layout.width else "stretch",
        on_select=clicked if on_click is not None else "ignore",
        selection_mode="points",
        config={"displaylogo": False, "showTips": False},
    )
