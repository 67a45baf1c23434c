"""The Python side of the player, and the player as one HTML file.

The browser gets the picture, the story and the cards at once, so that stepping, selecting, zooming and reading cost no
round trip; the server hears only of boxes to be opened or closed, which needs another layout.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_SCRIPTS = (
    "svg.js",
    "camera.js",
    "card.js",
    "story.js",
    "code.js",
    "timeline.js",
    "colours.js",
    "download.js",
    "place.js",
    "player.js",
)


def _text(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


_component = st.components.v2.component(
    "autograd_lab_player",
    html=_text("player.html"),
    css=_text("player.css"),
    js=_text(*_SCRIPTS),
)


def player(
    data: Mapping[str, Any],
    *,
    key: str,
    height: int = 640,
    show_code: bool = True,
    channel: str = "",
    on_fold: Callable[[str, str], None] | None = None,
) -> None:
    """Show the player's data (``figures.player_data``).

    ``on_fold`` is called with ``"open"`` or ``"close"`` and a group's id before the page runs again; without it boxes
    stay as they are. ``channel`` is the name under which an editor beside it hears of the current line, ``show_code``
    whether the player has the program beside the graph itself. ``height`` is in CSS pixels.
    """

    def folded() -> None:
        asked = getattr(st.session_state.get(key), "fold", None)
        for word in ("open", "close"):
            group = asked.get(word) if isinstance(asked, dict) else None
            if on_fold is not None and isinstance(group, str):
                on_fold(word, group)

    _component(
        key=key,
        height=height,
        data={
            **data,
            "key": key,
            "show_code": show_code,
            "channel": channel,
            "can_fold": on_fold is not None,
            "in_address": True,
        },
        on_fold_change=folded,
    )


def standalone_page(data: Mapping[str, Any], title: str) -> str:
    """Return the player as one HTML file that needs no network: boxes are as they were when it was made."""
    told = json.dumps({**data, "key": "page", "show_code": True, "can_fold": False, "in_address": True})
    # Inside a script element "</script" would end it, and so would "<!--" begin a comment.
    return _template().substitute(
        title=html.escape(title), css=_text("player.css"), body=_text("player.html"), data=told.replace("<", "\\u003c")
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    script = _text(*_SCRIPTS).replace("export default function", "const start = function").replace("$", "$$")
    return Template(_text("page.html").replace("$script", script))
