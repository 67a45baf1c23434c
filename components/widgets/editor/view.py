"""The Python side of the editor.

The bundle is a file that the browser fetches once. Given as text it would travel again with every rerun, and Streamlit
knows files only of installed packages; so the folder is declared in the words that a package's manifest would use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

from . import kept
from .kept import Edited

BUILT = Path(__file__).parent / "built"
_MANIFEST = ComponentManifest("autograd_lab", "1", [ComponentConfig("editor", BUILT.name)])
_NAME = "autograd_lab.editor"


@dataclass(frozen=True)
class Problem:
    """An error to show at a line of the program."""

    line: int
    message: str


def code_editor(
    source: str,
    *,
    key: str,
    revision: str,
    words: Sequence[str] = (),
    problem: Problem | None = None,
    height: int = 420,
    channel: str = "",
    label: str = "Program",
) -> Edited:
    """Show an editor with ``source``; return what the person made of it.

    Only another ``revision`` replaces what was typed; what was typed comes back after other pages were open. ``words``
    are completed, dotted ones after their modules and the program's aliases of them, those of ``torch.Tensor`` after
    other values too. ``height`` is in CSS pixels. ``channel`` names the player whose marks are shown.
    """
    bundle = _bundle()
    if bundle is None:
        return _text_area(source, key, revision, height, label)
    known = kept.recall(key, source, revision, _told(key))
    result = _component(bundle)(
        key=key,
        data={
            "key": key,
            "revision": revision,
            "text": known.edited.text,
            "run": known.edited.run,
            "seq": known.seq,
            "words": _by_module(tuple(words)),
            "problem": asdict(problem) if problem is not None else None,
            "height": height,
            "channel": channel,
            "label": label,
        },
        default={"edited": None},
        on_edited_change=lambda: None,
    )
    return kept.recall(key, source, revision, result.edited).edited


def edited_so_far(source: str, *, key: str, revision: str) -> Edited:
    """Return what ``code_editor`` of the same arguments will return, without showing it.

    Who runs the program first can show the problem of this very run in the editor.
    """
    return kept.recall(key, source, revision, _told(key)).edited


def _bundle() -> str | None:
    """Return the file name of the built editor, ``None`` where it was not built."""
    return next((path.name for path in sorted(BUILT.glob("editor-*.js"))), None)


def _component(bundle: str) -> ComponentRenderer:
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(_NAME) is None:
        manager.register_from_manifest(_MANIFEST, BUILT.parent)
    return _registered(bundle)


@lru_cache(maxsize=1)
def _registered(bundle: str) -> ComponentRenderer:
    return st.components.v2.component(_NAME, js=bundle)


@lru_cache(maxsize=8)
def _by_module(words: tuple[str, ...]) -> dict[str, str]:
    """Return the names by what stands before their last dot: thousands of names travel with every run."""
    groups: dict[str, list[str]] = {}
    for word in words:
        module, _, name = word.rpartition(".")
        groups.setdefault(module, []).append(name)
    return {module: " ".join(names) for module, names in groups.items()}


def _told(key: str) -> object:
    """Return what the browser said last, before the component is on the page in this run."""
    state = st.session_state.get(key)
    return state.get("edited") if isinstance(state, Mapping) else None


def _text_area(source: str, key: str, revision: str, height: int, label: str) -> Edited:
    known = kept.recall(key, source, revision, None)
    # Set anew without need, it would undo what is being typed.
    if st.session_state.get(key) != known.edited.text:
        st.session_state[key] = known.edited.text
    st.text_area(
        label,
        key=key,
        height=height,
        on_change=lambda: kept.asked(key, st.session_state[key]),
        label_visibility="collapsed",
    )
    return known.edited


def is_built() -> bool:
    """Whether the real editor is there, which shows the player's marks."""
    return _bundle() is not None
