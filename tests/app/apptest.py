"""What the tests share that run a page as Streamlit does, without a browser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from components.worker import Run

LONG = 60
MAIN = Path(__file__).parents[2] / "app" / "main.py"


def settled(test: AppTest, keys: Iterable[str]) -> AppTest:
    """Wait for the runs that are under way in these places of the session, and run the page again, as browsers do."""
    keys = list(keys)
    while True:
        runs = [test.session_state[key] for key in keys if key in test.session_state]
        under_way = [run for run in runs if isinstance(run, Run)]
        for run in under_way:
            assert run.wait(LONG) is not None
        if not under_way:
            return test
        test.run()


def html_of(test: AppTest) -> str:
    """Return all HTML of a page."""
    return " ".join(element.proto.body for element in test.get("html"))
