"""The player's own files joined to what a browser takes, and the player as one HTML file. Knows no Streamlit.

The scripts are ES modules for those who check and test them. Joined they need neither a build nor a server: each comes
after those that it imports, and the words ``import`` and ``export`` are taken away.
"""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ...figures import PlayerData
from ...trace.codec import collector_paused

FOLDER = Path(__file__).parent
MAIN = "player.js"
START = "export default function start"
"""How the function begins that Streamlit calls, in ``MAIN``; no other script has a default export."""
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) (\w+))", re.MULTILINE)
# Lines of comments and types: the text travels to the browser with every run of the page.
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/)\n", re.MULTILINE | re.DOTALL)


class Goto(Struct, frozen=True):
    """A step to be led to: the number of the request, of which each is followed once, and the step's."""

    turn: int
    step: int


class PlayerMount(Struct, frozen=True, kw_only=True):
    """How the player stands in its page; see ``view.player``. ``own_menu`` is whether it saves pictures by itself."""

    key: str
    show_code: bool
    can_fold: bool
    own_menu: bool = True
    channel: str | UnsetType = UNSET
    above: int | UnsetType = UNSET
    goto: Goto | UnsetType | None = UNSET


def message(data: PlayerData, mount: PlayerMount) -> dict[str, Any]:
    """Return what the player's scripts get, as JSON values: ``Message`` in ``data.d.ts``."""
    with collector_paused():  # millions of values for a large trace, none of them garbage
        return {**msgspec.to_builtins(data), **msgspec.to_builtins(mount)}


def text_of(name: str) -> str:
    """Return the text of a file of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def imports(text: str) -> dict[str, list[str]]:
    """Return the names that a script imports, by the script that they are from."""
    return {name: re.findall(r"\w+", names) for names, name in _IMPORT.findall(text)}


def exports(text: str) -> list[str]:
    """Return the names that a script exports."""
    return _EXPORT.findall(text)


def scripts() -> list[str]:
    """Return the names of the player's scripts, each after those that it imports. Raises ``ValueError`` at a circle."""
    order: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"scripts import each other: {' -> '.join((*above, name))}")
        if name not in order:
            for other in imports(text_of(name)):
                visit(other, (*above, name))
            order.append(name)

    visit(MAIN, ())
    return order


def joined(start: str = START) -> str:
    """Return the scripts as one; ``start`` is written in place of ``START``."""
    plain = (_EXPORT.sub("", _IMPORT.sub("", _COMMENT.sub("", text_of(name)))) for name in scripts())
    return "\n".join(plain).replace(START, start)


def standalone_page(data: PlayerData, title: str) -> str:
    """Return the player as one HTML file that needs no network: boxes are as they were when it was made."""
    told = json.dumps(message(data, PlayerMount(key="page", show_code=True, can_fold=False)))
    # Inside a script element "</script" would end it, and so would "<!--" begin a comment.
    return _template().substitute(
        title=html.escape(title),
        css=text_of("player.css"),
        body=text_of("player.html"),
        data=told.replace("<", "\\u003c"),
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    return Template(text_of("page.html").replace("$script", joined("function start").replace("$", "$$")))
