"""The Python side of the editor, and what was typed: Streamlit forgets a widget that was not on the last page.

The bundle and the names that are completed are files, which a browser fetches once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import streamlit as st

from ..files import component_of, serve, written
from ..state import STATE

BUILT = Path(__file__).parent / "built"


@dataclass(frozen=True)
class Edited:
    """The program as it stands in an editor, and the person's last request to run it."""

    revision: str
    """Tells which source the editor was filled with."""
    text: str
    run: int = 0
    """0 until the person asks to run (Ctrl+Enter); a new, larger number at every request."""
    seq: int = 0
    """The number of the browser's last report that was taken or came too late."""


@dataclass(frozen=True)
class Problem:
    """An error to show at a line of the program."""

    line: int
    message: str


def typed_text(source: str, *, key: str, revision: str, draft: str | None = None) -> Edited:
    """Return the program in the editor ``key``, which was filled with ``source``, and remember it for the session.

    ``draft`` is what was typed in an earlier session. Only another ``revision`` replaces what was typed; what was typed
    comes back after other pages were open. Once in a run of the page, before ``code_editor``: who runs the program
    first can show the problem of this very run there.
    """
    known: Edited | None = STATE.get(_memory_of(key))
    report = read_report(_reported(key))
    if known is None:
        known = Edited(revision, source if draft is None else draft)
    elif known.revision != revision:
        known = Edited(revision, source, known.run, max(known.seq, report.seq if report else 0))
    # A report can be late: it belongs to the source that it names, and to no later return of the same source.
    if report is not None and report.revision == revision and report.seq > known.seq:
        known = replace(report, run=max(known.run, report.run))
    STATE[_memory_of(key)] = known
    return known


def known_text(key: str, revision: str) -> str | None:
    """Return what was typed in the editor ``key`` when it was shown last in this session, if it was filled so."""
    known: Edited | None = STATE.get(_memory_of(key))
    return None if known is None or known.revision != revision else known.text


def code_editor(
    edited: Edited,
    *,
    key: str,
    words: Sequence[str] = (),
    problem: Problem | None = None,
    height: int = 420,
    beside: int | None = None,
    of: int = 1,
    channel: str = "",
    label: str = "Program",
    live: bool = False,
    partly: tuple[str, str] | None = None,
) -> None:
    """Show the editor ``key`` with what ``typed_text`` returned.

    ``words`` are completed, dotted ones after their modules and the program's aliases of them, those of
    ``torch.Tensor`` after other values too. ``height`` is in CSS pixels; with ``beside`` it is at least that, and else
    its part, as one ``of`` some, of what ``beside`` leaves of the window. ``channel`` names the player whose marks are
    shown. ``live`` is for an expression: Enter runs it, and it is reported after a pause in typing too.
    ``partly`` is a text and the part of it that is run, where that is not all.
    """
    bundle = _bundle()
    if bundle is None:
        _text_area(edited, key, height, label)
        return
    component_of("editor", BUILT / bundle)(
        key=key,
        data={
            **asdict(edited),
            "key": key,
            "words": _address_of(tuple(words)),
            "problem": asdict(problem) if problem is not None else None,
            "height": height,
            "beside": beside,
            "of": of,
            "channel": channel,
            "label": label,
            "live": live,
            "partly": {"text": partly[0], "part": partly[1]} if partly is not None else None,
        },
        default={"edited": None},
        on_edited_change=lambda: None,
    )


def is_built() -> bool:
    """Whether the real editor is there, which shows the player's marks."""
    return _bundle() is not None


def read_report(reported: object) -> Edited | None:
    """Return what the browser reports, ``None`` for anything that is no report."""
    match reported:
        case {"revision": str(revision), "text": str(text), "run": int(run), "seq": int(seq)}:
            return Edited(revision, text, run, seq)
    return None


def _reported(key: str) -> object:
    """Return what the browser reported last, before the component is on the page in this run."""
    state = STATE.get(key)
    return state.get("edited") if isinstance(state, Mapping) else None


def _memory_of(key: str) -> str:
    return f"{key}:typed"


def _bundle() -> str | None:
    """Return the file name of the built editor, ``None`` where it was not built."""
    return next((path.name for path in sorted(BUILT.glob("editor-*.js"))), None)


def _address_of(words: tuple[str, ...]) -> str:
    """Return the address of the names, as seen from the bundle's; empty where there are none."""
    if not words:
        return ""
    path = written("names.json", _by_module(words))
    return f"{serve('names', path.parent)}{path.name}"


@lru_cache(maxsize=8)
def _by_module(words: tuple[str, ...]) -> str:
    """Return the names by what stands before their last dot, as JSON."""
    groups: dict[str, list[str]] = {}
    for word in words:
        module, _, name = word.rpartition(".")
        groups.setdefault(module, []).append(name)
    return json.dumps({module: " ".join(names) for module, names in groups.items()})


def _text_area(edited: Edited, key: str, height: int, label: str) -> None:
    # Set anew without need, it would undo what is being typed.
    if STATE.get(key) != edited.text:
        STATE[key] = edited.text

    def committed() -> None:
        known: Edited = STATE[_memory_of(key)]
        STATE[_memory_of(key)] = replace(known, text=STATE[key], run=known.run + 1)

    st.text_area(label, key=key, height=height, on_change=committed, label_visibility="collapsed")
