"""What was typed, kept in the session: Streamlit forgets a widget that was not on the last page, a program must stay.

A browser's report can be late: it belongs to the source that it names, and to no later return of the same source.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Edited:
    """The program as it stands, and the person's last request to run it."""

    text: str
    run: int
    """0 until the person asks to run (Ctrl+Enter); a new, larger number at every request."""


@dataclass(frozen=True)
class Kept:
    """The last that is known of one editor."""

    revision: str
    edited: Edited
    seq: int = 0
    """The number of the last report that was taken or came too late."""


@dataclass(frozen=True)
class Report:
    """What the browser says."""

    revision: str
    edited: Edited
    seq: int


def recall(key: str, source: str, revision: str, told: object) -> Kept:
    """Return what is known of the editor ``key`` after the report ``told``, and keep it."""
    known: Kept | None = _state().get(_name(key))
    report = read(told)
    if known is None:
        known = Kept(revision, Edited(source, 0))
    elif known.revision != revision:
        known = Kept(revision, Edited(source, known.edited.run), max(known.seq, report.seq if report else 0))
    if report is not None and report.revision == revision and report.seq > known.seq:
        run = max(known.edited.run, report.edited.run)
        known = Kept(revision, Edited(report.edited.text, run), report.seq)
    keep(key, known)
    return known


def keep(key: str, known: Kept) -> None:
    """Remember ``known`` for the rest of the session."""
    _state()[_name(key)] = known


def asked(key: str, text: str) -> None:
    """Note, where the editor is a text area, that ``text`` was committed."""
    known: Kept = _state()[_name(key)]
    keep(key, replace(known, edited=Edited(text, known.edited.run + 1)))


def read(told: object) -> Report | None:
    """Return the browser's report, ``None`` for anything that is no report."""
    match told:
        case {"revision": str(revision), "text": str(text), "run": int(run), "seq": int(seq)}:
            return Report(revision, Edited(text, run), seq)
    return None


def _name(key: str) -> str:
    return f"{key}:kept"


def _state() -> MutableMapping[str | int, Any]:
    return st.session_state
