"""What the tests share that run a page as Streamlit does, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from streamlit.testing.v1 import AppTest

from app import session
from app.in_browser import InBrowser
from app.session import PageState
from components.facts import TraceIndex
from components.reading import KeptTrace
from components.trace import Trace

LONG = 60
MAIN = Path(__file__).parents[2] / "app" / "main.py"

State = TypeVar("State")
Made = TypeVar("Made", bound=msgspec.Struct)


def visit(kept: Mapping[str, str] | None = None) -> AppTest:
    """Return the app as a browser opens it that keeps these values, as JSON by name."""
    test = AppTest.from_file(MAIN, default_timeout=LONG)
    test.session_state["all:InBrowser"] = InBrowser(arrived=True, texts=dict(kept or {}))
    return test


def remembered(test: AppTest, kind: type[State], page: str) -> State:
    """Return what the session remembers of a kind for a page, as ``session.remembered`` does inside the app."""
    state: State = test.session_state[f"{page}:{kind.__name__}"]
    return state


def shown(test: AppTest, page: str) -> KeptTrace:
    """Return what stands for the trace that a page shows."""
    kept = remembered(test, PageState, page).kept
    assert kept is not None
    return kept


def index_of(test: AppTest, page: str) -> TraceIndex:
    """Return the look-up tables of the trace that a page shows."""
    return session.engine().traces.index(shown(test, page))


def trace_of(test: AppTest, page: str) -> Trace:
    """Return the trace that a page shows."""
    return index_of(test, page).trace


def show(test: AppTest, page: str, trace: Trace) -> None:
    """Let a page show another trace, as if its run had given that."""
    remembered(test, PageState, page).kept = session.keep(trace)


def made(test: AppTest, kind: type[Made], page: str) -> Made:
    """Return what the person has made of a kind on a page, as ``session.kept`` does inside the app."""
    store = remembered(test, InBrowser, "all").made[f"{page}:{kind.__name__}"]
    assert isinstance(store, kind)
    return store


def settled(test: AppTest) -> AppTest:
    """Wait for the runs that are under way, and run the page again, as browsers do."""
    while True:
        states = [value for value in test.session_state.values() if isinstance(value, PageState)]
        under_way = [state.run for state in states if state.run is not None]
        for run in under_way:
            assert run.result(LONG) is not None
        if not under_way:
            return test
        test.run()


def html_of(test: AppTest) -> str:
    """Return all HTML of a page."""
    return " ".join(element.proto.body for element in test.get("html"))


def players(test: AppTest) -> list[str]:
    """Return the keys of the players of a page."""
    keys = [str(component.key) for component in test.get("bidi_component")]
    return [key for key in keys if key.endswith(":player")]
