"""Scripts as people write them, recorded unchanged and opened in the app: the last step, the first one, the charts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from app.recordings import Recorded
from components.reading.graph_view import GraphAsked, graph_view
from components.trace.recording import decode_recording
from tests.app.apptest import index_of, remembered, settled, trace_of, visit
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched
from tests.recorder.recorded import NAMES, once


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_script_is_opened_and_led_to_its_first_step(name: str) -> None:
    data = once(name).file
    head, steps = decode_recording(data).head, decode_recording(data).steps
    test = visit()
    settled(test.run())
    settled(test.switch_page("screens/code.py").run())
    test.file_uploader(key="code:upload").upload(f"{name}.trace", data, "application/octet-stream")
    settled(test.run())
    assert [error.value for error in test.exception] == []
    assert trace_of(test, "code").training_step == steps[-1]
    assert len(graph_view(index_of(test, "code"), GraphAsked()).data.boxes) <= 60

    (slider,) = test.select_slider
    assert slider.options == [str(step) for step in steps]
    settled(slider.set_value(steps[0]).run())
    assert [error.value for error in test.exception] == []
    assert trace_of(test, "code").training_step == steps[0]
    training = remembered(test, Recorded, "code").training
    assert training is not None
    assert training.recorded == len(head.steps)
    charts = [one.proto.id for one in test.get("plotly_chart")]
    assert [any(f"training:{chart}" in one for one in charts) for chart in ("loss", "layers")] == [True, True]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_in_a_browser_a_recorded_gpt_is_opened_and_another_step_is_chosen(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    file = tmp_path / "gpt.trace"
    file.write_bytes(once("gpt").file)
    with watched(visitor, "/code", width=1280, height=800) as page:
        page.locator(".stage svg").wait_for()
        wait_until_the_app_rests(page)
        page.get_by_role("button", name="Open").click()
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_text("Step 6 of 7 steps")).to_be_visible()
        # Two passes of the model, of which gradients are accumulated, and their losses.
        expect(page.locator(".stage .node", has_text="model 197 nodes")).to_have_count(2)
        wait_until_the_app_rests(page)
        page.keyboard.press("Escape")
        page.get_by_role("slider", name="Step of the training").press("ArrowLeft")
        expect(page.get_by_text("Step 3 of 7 steps")).to_be_visible()
        wait_until_the_app_rests(page)
        expect(page.locator(".stage .node", has_text="model 197 nodes")).to_have_count(2)
        assert page.locator(".stage .node").count() <= 15
        expect(page.locator(".js-plotly-plot")).to_have_count(2)
