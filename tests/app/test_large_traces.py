"""Pages show the same of a trace that a reader reads; one that was let go is made again, and the page says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

import pytest
from streamlit.testing.v1 import AppTest

from app import graph, session
from components.figures import PlayerData
from components.reading import Traces, reader
from components.reading.kept import Own
from components.worker.sent import Sent, SentMemory
from tests.app.apptest import html_of, players, settled, shown, visit
from tests.figures import traces as t

PAGES = ("code", "playground", "lessons", "gradients", "memory", "compare")


@pytest.fixture
def afar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    """The server's traces, all of which are read in a reader meanwhile."""
    traces = session.engine().traces
    monkeypatch.setattr(traces, "_small", 0)
    yield traces
    traces.close()


def opened(page: str) -> AppTest:
    test = visit()
    settled(test.switch_page(f"screens/{page}.py").run())
    assert not test.exception
    return test


def said(test: AppTest) -> str:
    return re.sub(r"took [\d.]+ ms", "", html_of(test).partition("<style>")[0])


def refuse(source: object) -> NoReturn:
    raise AssertionError("This process reads no large trace.")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_the_same_of_what_a_reader_reads(page: str, afar: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[PlayerData] = []
    monkeypatch.setattr(graph, "player", lambda data, **_: drawn.append(data))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sent, "read", refuse)
        patched.setattr(Own, "read", refuse)
        patched.setattr(SentMemory, "read", refuse)
        far = said(opened(page))
    monkeypatch.setattr(afar, "_small", 300_000)
    near = said(opened(page))
    assert near == far
    assert drawn[-1] == next(data for data in drawn if data.source == drawn[-1].source)


def test_a_trace_that_was_let_go_is_made_again_and_the_page_says_so() -> None:
    test = opened("code")
    before, traces = shown(test, "code"), session.engine().traces
    for number in range(2):
        traces.shelf.hold("", f"other {number}", traces.keep(t.chain(3 + number)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(traces.shelf, "_most", 1)
        traces.shelf.hold("", "other 2", traces.keep(t.chain(9)))
    assert before.gone
    settled(test.run())
    assert not test.exception
    assert "The program ran again." in html_of(test)
    assert players(test) == ["code:player"]
    assert shown(test, "code").program == before.program
    settled(test.run())
    assert not test.exception


def test_a_trace_that_can_be_read_no_more_is_a_failure_on_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    test, traces = opened("code"), session.engine().traces
    source = shown(test, "code").source
    assert source is not None
    monkeypatch.setattr(traces, "_small", source.size - 1)
    monkeypatch.setattr(reader, "_ATTEMPTS", 0)
    test.run()
    assert not test.exception
    assert "too large to be shown" in html_of(test)
