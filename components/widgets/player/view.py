"""The Python side of the player, all of whose scripts, style and page are one file.

The browser gets the picture, the story and the cards at once, so that stepping, selecting, zooming and reading cost no
round trip; the server hears only of boxes to be opened or closed, which needs another layout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from string import Template

from streamlit.components.v2.types import ComponentRenderer

from ...figures import PlayerData
from ..files import component_of, written
from ..scripts import joined
from ..state import STATE
from .page import FOLDER, MAIN, Goto, PlayerChange, PlayerMount, message, text_of

_MOUNT = Template("""
const style = new CSSStyleSheet(), page = document.createElement("template");
style.replaceSync($style);
page.innerHTML = $page;
export default function mount(component) {
  const { parentElement } = component, root = parentElement.getRootNode();
  if (!parentElement.querySelector(".gv")) {
    if (!root.adoptedStyleSheets.includes(style)) root.adoptedStyleSheets.push(style);
    parentElement.append(page.content.cloneNode(true));
  }
  return start(component);
}
""")


def player(
    data: PlayerData,
    *,
    key: str,
    above: int = 180,
    show_code: bool = True,
    channel: str = "",
    goto: tuple[int, int] | tuple[int, None, str] | None = None,
    on_fold: Callable[[str, str], None] | None = None,
    changes: Mapping[str, PlayerChange] | None = None,
    on_what_if: Callable[[str, str, str], None] | None = None,
    refused: int = 0,
) -> None:
    """Show the player's data (``figures.player_data``).

    ``on_fold`` is called with ``"open"`` or ``"close"`` and a group's id, or with ``"level"`` and ``"coarser"`` or
    ``"finer"``, before the page runs again; without it boxes stay as they are. ``channel`` is the name under which an
    editor beside it hears of the current line, ``show_code`` whether the player has the program beside the graph
    itself. The player fills the window but for ``above`` CSS pixels; ``picture_buttons`` save its pictures. ``goto``
    leads it to a step or a box: the number of the request, of which each is followed once, the step's, and the box's
    id. ``changes`` are what can be asked of its boxes and edges; ``on_what_if`` is then called with the key of one of
    them, a kind, and the number or value that was typed; ``refused`` counts the questions that were.
    """

    def folded() -> None:
        asked = getattr(STATE.get(key), "fold", None)
        for word in ("open", "close", "level"):
            group = asked.get(word) if isinstance(asked, dict) else None
            if on_fold is not None and isinstance(group, str):
                on_fold(word, group)

    def asked() -> None:
        match getattr(STATE.get(key), "what_if", None):
            case {"of": str(of), "kind": str(kind), "amount": str(amount)} if on_what_if is not None:
                on_what_if(of, kind, amount)

    mount = PlayerMount(
        key=key,
        show_code=show_code,
        can_fold=on_fold is not None,
        own_menu=False,
        channel=channel,
        above=above,
        goto=Goto(*goto) if goto is not None else None,
        changes=dict(changes or {}),
        refused=refused,
    )
    _component()(key=key, data=message(data, mount), on_fold_change=folded, on_what_if_change=asked)


def _component() -> ComponentRenderer:
    return component_of("player", written("player.js", script()))


@lru_cache(maxsize=1)
def script() -> str:
    """Return the player as the one script that Streamlit loads."""
    texts = {name: json.dumps(text_of(f"player.{ending}")) for name, ending in (("style", "css"), ("page", "html"))}
    return joined(FOLDER, MAIN, "function start") + _MOUNT.substitute(texts)
