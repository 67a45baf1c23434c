"""A press does what it says in a callback, whatever comes next, and the page is run once for it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from streamlit.runtime.state import SafeSessionState, SessionState

from app import session
from components.widgets.state import STATE
from tests.app.apptest import settled, visit

ROOT = Path(__file__).parents[2]
BUTTONS = {"button", "form_submit_button"}


def test_every_button_acts_in_a_callback() -> None:
    """What stands behind ``if st.button(...)`` is lost when the next event ends the run before it."""
    calls = [
        (f"{path.relative_to(ROOT)}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for path in sorted((ROOT / "app").rglob("*.py"))
        if "lessons" not in path.parent.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUTTONS
    ]
    assert len(calls) > 30
    assert [place for place, names in calls if "on_click" not in names] == []


def test_no_rule_of_style_has_the_browser_look_through_the_whole_page() -> None:
    """What stands in a state of a page is looked for at each change of any; a phone's list of pages is short."""
    rules = (ROOT / "app" / "look.css").read_text(encoding="utf-8").splitlines()
    assert [rule for rule in rules if re.match(r"\s*(\.stApp|html|body|:root)\S*:has\(", rule)] == []


class _Ended(Exception):
    """As Streamlit ends a run when a newer event waits."""


def test_what_a_press_reads_and_writes_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise _Ended

    ending = SafeSessionState(SessionState(), end)
    monkeypatch.setattr("components.widgets.state.get_session_state", lambda: ending)
    with pytest.raises(_Ended):
        ending["anything"] = 1
    STATE["one"] = 1
    assert "one" in STATE
    assert (STATE["one"], STATE.get("two"), list(STATE)) == (1, None, ["one"])
    del STATE["one"]
    assert len(STATE) == 0
    session.leave_for("code")
    session.go_to(lesson="first")
    assert session.remembered(session._History, "all").leaving == ("screens/code.py", {})


@pytest.mark.parametrize(
    ("screen", "press"),
    [
        ("code", "code:again"),
        ("memory", "memory:again"),
        ("gradients", "gradients:again"),
        ("lessons", "lessons:next"),
        ("playground", "playground:backward"),
        ("derivatives", "derivatives:example:Rosenbrock, two numbers"),
    ],
)
def test_a_press_runs_its_page_once(screen: str, press: str, monkeypatch: pytest.MonkeyPatch) -> None:
    test = visit()
    settled(test.run())
    settled(test.switch_page(f"screens/{screen}.py").run())
    runs: list[None] = []
    monkeypatch.setattr(session, "stay", lambda: runs.append(None))
    assert not test.button(key=press).click().run().exception
    assert len(runs) == 1
