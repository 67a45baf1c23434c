"""What the browser is told of what a session has changed: small, told more than once, and never what is damaged."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from app import in_browser, session
from app.editors import Ran, Typed
from app.in_browser import InBrowser


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InBrowser:
    known: dict[str, object] = {}
    monkeypatch.setattr(session, "remembered", lambda kind, page: known.setdefault(f"{page}:{kind.__name__}", kind()))
    return session.in_browser()


def test_what_a_person_only_looked_at_is_not_told(store: InBrowser) -> None:
    store.texts = {"code:editor:Typed": '{ "text": "mine" }'}
    assert session.kept(Typed, "code:editor").text == "mine"
    assert session.kept(Typed, "other:editor").text is None
    assert store.to_keep() == {}


def test_a_change_is_told_for_a_while_and_then_no_more(store: InBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for number in range(50):  # as many lessons
        session.kept(Ran, f"lessons:editor:{number}").text = "x" * 5_000
    assert len(store.to_keep()) == 50
    now += 60
    for _ in range(in_browser._LEAST_TOLD - 1):
        assert len(store.to_keep()) == 50  # however long a connection was away
    session.kept(Ran, "lessons:editor:7").text = "y"
    assert {name: json.loads(text)["text"] for name, text in store.to_keep().items()} == {"lessons:editor:7:Ran": "y"}


def test_all_tabs_of_a_browser_are_one_person() -> None:
    first, second, other = InBrowser(), InBrowser(), InBrowser()
    second.texts = {"all:Person": first.to_keep()["all:Person"]} if first.person else {}
    assert first.person == second.person != other.person
    assert second.to_keep() == {}
    # What a browser says may be anything.
    other.made.clear()
    other.texts = {"all:Person": json.dumps({"name": "x" * 1_000})}
    assert other.person == "x" * 32


def test_half_a_character_is_kept_as_it_is(store: InBrowser) -> None:
    session.kept(Typed, "code:editor").text = "\ud83d"
    told = dict(store.to_keep())
    store.made.clear()
    store.texts = told
    assert session.kept(Typed, "code:editor").text == "\ud83d"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"text": 3}', "[" * 100_000, '{"text": "\ud800', "\0"])
def test_what_is_damaged_is_as_at_first(store: InBrowser, text: str) -> None:
    store.texts = {"code:editor:Typed": text}
    assert session.kept(Typed, "code:editor") == Typed()
    assert store.to_keep() == {}


def test_a_kind_of_values_has_no_required_part() -> None:
    for kind in (Typed, Ran):
        assert msgspec.convert({}, kind) == kind()
