"""A notebook's cell is recorded as a file is, and shows the player of the last step: offline, in a frame of its own."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from playwright.sync_api import BrowserContext
from traitlets.config import Config

from components.recorder import Run
from tests.app.browser import CHROMIUM

SETUP = """\
import torch
from components.recorder import record
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
CELL = """\
%precision 4
with record(model, every=2) as run:
    for i in range(4):
        optimizer.zero_grad()
        loss = model(torch.ones(3, 2)).square().mean()
        loss.backward()
        optimizer.step()
run
"""


@pytest.fixture(scope="module")
def shell() -> Any:
    """What runs a notebook's cells, without a history on the disk."""
    made: Any = InteractiveShell
    return made(config=Config(HistoryManager={"enabled": False}))


@pytest.fixture(scope="module")
def run(shell: Any) -> Run:
    for cell in (SETUP, CELL):
        done = shell.run_cell(cell, store_history=True)
        done.raise_error()
    assert isinstance(done.result, Run)
    return done.result


def test_the_cell_is_the_program(run: Run) -> None:
    assert run.recorded == [0, 2]
    assert run.recording.file == "notebook cell"
    trace = run.traces[2]
    # IPython runs what it has made of its magic, line for line
    assert trace.program.source.splitlines()[1:] == CELL.splitlines()[1:]
    # what the shell itself keeps among the variables is not there
    assert trace.steps[0].variables.keys() == {"model", "optimizer", "run", "i", "loss"}
    (backward,) = trace.backwards
    assert backward.line == 6
    assert {node.line for node in trace.nodes if node.leaf is None} == {5}
    assert {node.leaf for node in trace.nodes if node.leaf} == {"model.weight", "model.bias"}


def test_the_notebook_gets_a_page_of_its_own(shell: Any, run: Run) -> None:
    shown, _ = shell.display_formatter.format(run)
    assert set(shown) == {"text/plain", "text/html"}
    frame = r'<iframe srcdoc="[^"]*" sandbox="allow-scripts allow-downloads" title="[^"]*" style="[^"]*"></iframe>'
    assert re.fullmatch(frame, shown["text/html"])
    assert "notebook cell, step 2" in html.unescape(shown["text/html"])


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NOT TESTED: there is no Chromium here")
def test_it_plays_in_the_browser_without_a_network(run: Run, reader: BrowserContext) -> None:
    reader.set_offline(True)
    page = reader.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.set_content(f"<!doctype html><p>Out[1]:</p>{run._repr_html_()}")
    frame = page.frame_locator("iframe")
    frame.get_by_text("MeanBackward0").first.wait_for()
    assert "Line 6" in frame.locator("main").inner_text()
    page.close()
    reader.set_offline(False)
    assert problems == []
