"""The table of modules as Streamlit shows it, with the real workers behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET
from streamlit.testing.v1 import AppTest

from app import session
from components.capture import capture_program
from components.trace import MeasureModules, Program
from tests.app.apptest import remembered, settled, visit

MLP = """\
import torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with torch.autocast("cpu", dtype=torch.bfloat16):
    loss = model(torch.ones(5, 3)).float().square().sum()
loss.backward()
optimizer.step()
"""


def code(source: str, **look: Any) -> AppTest:
    kept = {"code:View": look, "code:editor:Ran": {"source": source}}
    test = visit({name: json.dumps(value) for name, value in kept.items()})
    settled(test.run())
    settled(test.switch_page("screens/code.py").run())
    assert not test.exception
    return test


def test_a_press_shows_what_each_module_has_and_takes() -> None:
    test = code(MLP)
    assert len(test.dataframe) == 0
    settled(test.button(key="code:modules-shown").click().run())
    assert not test.exception
    rows, copies = (each.value for each in test.dataframe)
    assert list(rows["module"]) == ["model", "model.0", "model.1", "model.2"]
    assert list(rows["parameters"]) == [26, 16, 0, 10]
    assert list(rows["class"]) == ["Sequential", "Linear", "Tanh", "Linear"]
    assert (rows["forward, ms"] > 0).all()
    assert rows["update / weight"].notna().tolist() == [True, True, False, True]
    # bfloat16: two bytes for each of 12, 4, 8 and 2 numbers
    sizes = {"model.0.weight": 24, "model.0.bias": 8, "model.2.weight": 16, "model.2.bias": 4}
    assert dict(zip(copies["tensor"], copies["bytes of a copy"], strict=True)) == sizes
    settled(test.button(key="code:modules-shown").click().run())
    assert len(test.dataframe) == 0


def test_a_program_without_modules_has_no_such_button() -> None:
    test = code("import torch\nx = torch.ones(2, requires_grad=True)\nx.sum().backward()\n")
    assert "code:modules-shown" not in [button.key for button in test.button]


def test_a_trace_from_elsewhere_is_not_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    start = session.start

    def noted(page: str, source: str, question: object = UNSET, **others: Any) -> None:
        asked.append(question)
        start(page, source, question, **others)  # type: ignore[arg-type]

    test = code("import torch\n")
    monkeypatch.setattr(session, "start", noted)
    remembered(test, session.PageState, "code").kept = session.keep(capture_program(Program(source=MLP)))
    settled(test.run())
    settled(test.button(key="code:modules-shown").click().run())
    assert not test.exception
    rows = test.dataframe[0].value
    assert list(rows["module"]) == ["model", "model.0", "model.1", "model.2"]
    assert "forward, ms" not in rows
    assert not any(isinstance(question, MeasureModules) for question in asked)
