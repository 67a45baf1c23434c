"""What the player gets and is made of, and the player as one HTML file. Knows no Streamlit."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ...figures import PlayerData
from ...trace.codec import collector_paused
from ..scripts import joined

FOLDER = Path(__file__).parent
MAIN = "player.js"
_MOST_PACKED = 12_000_000


class Goto(Struct, frozen=True):
    """A step or a box to be led to, and the number of the request, of which each is followed once."""

    turn: int
    step: int | None = None
    box: str | None = None


class PlayerChange(Struct, frozen=True):
    """What can be asked of a box or of an edge: "what if" the gradient of ``of`` were another, or ``of`` itself.

    ``kinds`` are ``"zero"``, ``"scale"``, ``"clip"``, ``"detach"`` and ``"value"``; ``value`` is what a leaf has now.
    """

    of: str
    kinds: tuple[str, ...]
    value: str = ""


class PlayerMount(Struct, frozen=True, kw_only=True):
    """How the player stands in its page; see ``view.player``. ``own_menu`` is whether it saves pictures by itself.

    ``changes`` are by the name of a card, or ``link-`` and the number of an edge; ``refused`` counts the questions that
    were, of which the last stands on its card again. ``foldings`` are, where no server
    draws, the same picture with other boxes open: their ids, the level of detail that this is, and what differs from
    the data, as JSON, compressed, in base64.
    """

    key: str
    show_code: bool
    can_fold: bool
    own_menu: bool = True
    channel: str | UnsetType = UNSET
    above: int | UnsetType = UNSET
    goto: Goto | UnsetType | None = UNSET
    refused: int = 0
    changes: dict[str, PlayerChange] = {}
    foldings: list[tuple[list[str], int | None, str]] = []


def message(data: PlayerData, mount: PlayerMount) -> dict[str, Any]:
    """Return what the player's scripts get, as JSON values: ``Message`` in ``data.d.ts``."""
    with collector_paused():  # millions of values for a large trace, none of them garbage
        return {**msgspec.to_builtins(data), **msgspec.to_builtins(mount)}


def text_of(name: str) -> str:
    """Return the text of a file of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def standalone_page(data: PlayerData, title: str, foldings: Iterable[PlayerData] = ()) -> str:
    """Return the player as one HTML file that needs no network.

    ``foldings`` are the same picture with other boxes open (``figures.foldings``): as many as the file has
    room for can be opened and closed in it. Without them boxes are as they were when it was made.
    """
    packed = list(_packed(data, foldings))
    told = json.dumps(message(data, PlayerMount(key="page", show_code=True, can_fold=bool(packed), foldings=packed)))
    # Inside a script element "</script" would end it, and so would "<!--" begin a comment.
    return _template().substitute(
        title=html.escape(title),
        css=text_of("player.css"),
        body=text_of("player.html"),
        data=told.replace("<", "\\u003c"),
    )


def _packed(data: PlayerData, foldings: Iterable[PlayerData]) -> Iterator[tuple[list[str], int | None, str]]:
    """Yield what differs in each of the other pictures, the picture itself first, until they are too many bytes."""
    plain = msgspec.to_builtins(data)
    left = _MOST_PACKED
    for number, other in enumerate(foldings):
        told = msgspec.to_builtins(other)
        differs = {name: value for name, value in told.items() if value != plain.get(name)}
        text = base64.b64encode(gzip.compress(msgspec.json.encode(differs), 6, mtime=0)).decode()
        left -= len(text)
        if left < 0:
            return
        if number == 0:
            yield list(data.opened), _level(data), base64.b64encode(gzip.compress(b"{}", 6, mtime=0)).decode()
        yield list(other.opened), _level(other), text


def _level(data: PlayerData) -> int | None:
    return None if data.beyond else data.level


@lru_cache(maxsize=1)
def _template() -> Template:
    return Template(text_of("page.html").replace("$script", joined(FOLDER, MAIN, "function start").replace("$", "$$")))
