"""The player's own files, and the player as one HTML file that works without a server. Knows no Streamlit."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

_HERE = Path(__file__).parent
SCRIPTS = (
    "svg.js",
    "camera.js",
    "card.js",
    "story.js",
    "code.js",
    "timeline.js",
    "figures.js",
    "colours.js",
    "menus.js",
    "download.js",
    "place.js",
    "scene.js",
    "pointer.js",
    "player.js",
)


def text_of(*names: str) -> str:
    """Return the texts of files of this folder, one after the other."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


def standalone_page(data: Mapping[str, Any], title: str) -> str:
    """Return the player as one HTML file that needs no network: boxes are as they were when it was made."""
    told = json.dumps({**data, "key": "page", "show_code": True, "can_fold": False})
    # Inside a script element "</script" would end it, and so would "<!--" begin a comment.
    return _template().substitute(
        title=html.escape(title),
        css=text_of("player.css"),
        body=text_of("player.html"),
        data=told.replace("<", "\\u003c"),
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    script = text_of(*SCRIPTS).replace("export default function", "const start = function").replace("$", "$$")
    return Template(text_of("page.html").replace("$script", script))
