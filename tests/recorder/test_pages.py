"""The page of each recorded script, opened from a file without a network: it shows the last recorded step, at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from components.trace.recording import decode_recording
from tests.app.browser import CHROMIUM, tab
from tests.recorder.recorded import NAMES, once

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT TESTED: there is no Chromium here"),
]
# Models are large enough to be seen in few boxes; the others are shown whole.
MODELS = {"gpt", "maml", "resnet"}
# How large their titles are on the screen, in CSS pixels.
SIZES = """nodes => nodes.map(node => node.querySelector("text")).map(
    text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))"""


def asked_by(page: Page) -> list[str]:
    """Return the list of what the page asks for, which goes on growing."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: asked.append(said.text))
    return asked


def test_each_page_opens_from_a_file_and_asks_for_nothing(reader: BrowserContext, tmp_path: Path) -> None:
    reader.set_offline(True)
    with tab(reader, width=1280, height=800) as page:
        asked = asked_by(page)
        for name in NAMES:
            path = tmp_path / f"{name}.html"
            path.write_text(once(name).page, encoding="utf-8")
            page.goto(path.as_uri())
            page.locator(".stage > svg").wait_for()
            last = decode_recording(once(name).file).steps[-1]
            expect(page.locator(".title")).to_have_text(f"{name}.py, step {last}")
            if name in MODELS:
                assert page.locator(".stage .node").count() <= 15
                assert min(page.locator(".stage .node").evaluate_all(SIZES)) >= 11
            # A script is long; what is seen of it is where backward() is called.
            expect(page.locator(".code .calls").last).to_be_in_viewport()
            if name == "gpt":  # all of its levels are in the file, the last of 149 boxes
                level, finer = page.locator(".depth output"), page.locator(".depth [data-do=finer]")
                for number in (2, 3, 4, 5):
                    finer.click()
                    expect(level).to_have_text(f"level {number} of 5")
                expect(finer).to_be_disabled()
            assert asked == [path.as_uri()]
            asked.clear()
    reader.set_offline(False)
