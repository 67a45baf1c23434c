"""Traces of sessions that have ended are let go; those of a session that is connected, or was just now, stay."""

from __future__ import annotations

from app.tidying import Tidying, connected
from components.reading import Traces
from tests.figures import traces as t


def test_a_session_that_was_away_for_a_minute_lets_its_traces_go() -> None:
    traces, here, now = Traces(), {"a", "b"}, [0.0]
    kept = {name: traces.keep(t.make_trace(name)) for name in ("a", "b", "shared")}
    for owner in "ab":
        traces.shelf.hold(owner, "own", kept[owner])
        traces.shelf.hold(owner, "shared", kept["shared"])
    tidying = Tidying(traces, here.__contains__, lambda: now[0])
    tidying.tidy()
    here.remove("a")
    now[0] = 100.0
    tidying.tidy()
    now[0] = 159.0
    here.remove("b")
    tidying.tidy()
    assert not any(one.gone for one in kept.values())
    now[0] = 160.0
    here.add("b")  # it came back in time
    tidying.tidy()
    assert [one.gone for one in kept.values()] == [True, False, False]
    now[0] = 300.0
    tidying.tidy()
    assert [one.gone for one in kept.values()] == [True, False, False]


def test_outside_of_a_server_nobody_is_disconnected() -> None:
    assert connected("a session")
