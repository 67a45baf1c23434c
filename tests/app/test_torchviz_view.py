"""The torchviz view of a page: small graphs at once, the rest when somebody looks, an opened trace only when asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET
from streamlit.testing.v1 import AppTest

from app import session
from components.capture import capture_program
from components.trace import Draw, Program, encode_trace
from tests.app.apptest import html_of, settled, visit

SMALL = "import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\n"
LARGE = "import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x\nfor i in range(80):\n    y = y * 1.01\n"


def code(source: str, **look: Any) -> AppTest:
    """Return the Code page of a person who looks at a program with torchviz."""
    kept = {"code:View": {"torchviz": True, **look}, "code:editor:Ran": {"source": source}}
    test = visit({name: json.dumps(value) for name, value in kept.items()})
    settled(test.run())
    return settled(test.switch_page("screens/code.py").run())


def player(test: AppTest) -> dict[str, Any]:
    """Return what the page's player gets."""
    (found,) = [one for one in test.get("bidi_component") if str(one.key) == "code:player"]
    told: dict[str, Any] = json.loads(found.proto.json)
    return told


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What programs are asked from now on, in order."""
    asked: list[object] = []
    start = session.start

    def noted(page: str, source: str, question: object = UNSET, **others: Any) -> None:
        asked.append(question)
        start(page, source, question, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "start", noted)
    return asked


def test_a_small_graph_is_drawn_at_once(questions: list[object]) -> None:
    told = player(code(SMALL))
    assert "PowBackward0" in told["dot"]
    assert [question for question in questions if question is not UNSET] == []


def test_a_switch_of_torchvizs_has_the_program_asked(questions: list[object]) -> None:
    told = player(code(SMALL, show_attrs=True))
    assert "exponent" in told["dot"]
    assert "exponent" in told["svg"]
    assert [question for question in questions if question is not UNSET] == [Draw(number=0, show_attrs=True)]


def test_a_larger_graph_is_drawn_when_somebody_looks(questions: list[object]) -> None:
    told = player(code(LARGE))
    assert told["dot"].count("MulBackward0") == 80
    assert [question for question in questions if question is not UNSET] == [Draw(number=0)]


def test_of_an_opened_trace_nothing_is_run_until_that_is_asked(questions: list[object]) -> None:
    trace = capture_program(Program(source=LARGE))
    assert trace.torchviz[0].dot is UNSET
    test = code(SMALL)
    before = len(questions)
    test.file_uploader(key="code:upload").upload("saved.json", encode_trace(trace), "application/json").run()
    assert "Draw it" in player(settled(test))["message"]
    assert questions[before:] == []
    settled(test.button(key="code:draw").click().run())
    assert player(test)["dot"].count("MulBackward0") == 80
    assert questions[before:] == [Draw(number=0)]
    assert "Draw it" not in html_of(test)
