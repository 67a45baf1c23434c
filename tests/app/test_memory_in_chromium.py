"""The Memory page as a person uses it: a click that leads the player, zoom, a trace from a GPU, variants measured."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from components.trace import encode_trace
from tests.app.browser import CHROMIUM, choose, wait_for_the_steps_address, wait_until_the_app_rests, watched
from tests.app.test_memory_page import gpu_trace

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/memory") as opened:
        opened.locator(".gv .node").first.wait_for()
        opened.locator(".js-plotly-plot .scatterlayer .fills path").first.wait_for()
        wait_until_the_app_rests(opened)
        yield opened


def example(page: Page, name: str) -> None:
    choose(page, "Program", name)


def section(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    wait_until_the_app_rests(page)


def at(page: Page, part: float, height: float = 0.5) -> tuple[float, float]:
    """A place in the timeline, as parts of its width and of its height."""
    box = page.locator(".js-plotly-plot").first.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * part, box["y"] + box["height"] * height


def click(page: Page, part: float, height: float = 0.5) -> None:
    """Click as a hand does: the pointer is there first, and what it is over is shown."""
    page.mouse.move(*at(page, part, height), steps=3)
    expect(page.locator(".hoverlayer .hovertext").first).to_be_visible()
    page.wait_for_timeout(200)
    page.mouse.click(*at(page, part, height))


def test_a_click_leads_the_player_to_the_node_and_lights_its_line(page: Page) -> None:
    expect(page.locator(".gv footer.whole")).to_have_count(1)
    # The peak is in backward; in the lower half there is no point near the pointer, and it is found all the same.
    place = at(page, 0.75, 0.9)
    page.mouse.move(*place)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("line 11, in backward() 1")
    page.mouse.click(*place)
    expect(page.locator(".gv .said")).to_contain_text("SigmoidBackward0")
    expect(page.get_by_role("radio", name="Where you clicked")).to_be_checked()
    expect(page.get_by_text("were held while line 11 ran")).to_be_visible()
    expect(page.locator(".gv .now").first).to_contain_text("loss.backward()")
    wait_for_the_steps_address(page)
    # A click on a place of the forward leads there.
    wait_until_the_app_rests(page)
    click(page, 0.3, 0.9)
    expect(page.get_by_text("were held while line 8 ran")).to_be_visible()
    expect(page.locator(".gv .now").first).to_contain_text("h = torch.sigmoid(h)")


def test_on_a_small_projector_the_line_stays_in_sight(page: Page) -> None:
    """There is no room for three panes: a card would take the place of the program."""
    page.set_viewport_size({"width": 1280, "height": 800})
    wait_until_the_app_rests(page)
    place = at(page, 0.75, 0.9)
    page.mouse.move(*place)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("line 11, in backward() 1")
    page.mouse.click(*place)
    expect(page.locator(".gv .said")).to_contain_text("SigmoidBackward0")
    expect(page.locator(".cm-line.lab-now")).to_be_visible()


def test_dragging_zooms_a_click_keeps_the_zoom_and_a_double_click_ends_it(page: Page) -> None:
    labels = page.locator(".js-plotly-plot").first.locator(".xtick text")
    everything = labels.all_text_contents()
    page.mouse.move(*at(page, 0.1))
    page.mouse.down()
    page.mouse.move(*at(page, 0.4, 0.55), steps=8)
    page.mouse.up()
    expect(labels).not_to_have_count(len(everything))
    zoomed = labels.all_text_contents()
    page.wait_for_timeout(600)  # else the end of the drag and the click were a double click
    click(page, 0.5)
    expect(page.get_by_text("were held while line 8 ran")).to_be_visible()
    wait_until_the_app_rests(page)
    assert labels.all_text_contents() == zoomed
    page.wait_for_timeout(600)
    page.mouse.dblclick(*at(page, 0.5))
    expect(labels).to_have_count(len(everything))


def test_what_was_clicked_is_remembered_while_another_section_is_shown(page: Page) -> None:
    section(page, "Saved for backward")
    click(page, 0.3)
    wait_until_the_app_rests(page)
    section(page, "What was alive")
    expect(page.get_by_role("radio", name="Where you clicked")).to_be_checked()
    expect(page.get_by_text("were held while line 8 ran")).to_be_visible()


def test_a_bar_leads_to_the_line_that_allocated_the_block(page: Page) -> None:
    bars = page.locator(".js-plotly-plot").nth(1).locator(".trace.bars").last.locator(".point path")
    bars.first.hover(force=True)
    bars.first.click(force=True)
    expect(page.locator(".cm-line.lab-now")).to_contain_text("x = torch.randn(256, 256")


def test_a_trace_from_a_gpu_is_opened_with_its_lines(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "gpu.json"
    path.write_bytes(encode_trace(gpu_trace()))
    page.get_by_role("button", name="Open a trace").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator(".js-plotly-plot").first).to_contain_text("CUDA reserved")
    expect(page.get_by_text("recorded on NVIDIA <H100>")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)  # the panel does not stay over the picture
    page.get_by_role("button", name="Open a trace").click()
    (tmp_path / "damaged.json").write_text('{"version": 1, "program"')
    page.locator("input[type=file]").set_input_files(tmp_path / "damaged.json")
    expect(page.get_by_text("damaged.json could not be opened")).to_be_visible()


def test_variants_are_measured_one_after_the_other(page: Page) -> None:
    example(page, "A leak")
    expect(page.get_by_text("Leak in line 10")).to_be_visible()
    section(page, "What would save memory")
    page.get_by_role("button", name=re.compile("^.*Measure ")).click()
    table = page.locator("table.al-table", has_text="saved at most")
    expect(table).to_be_visible()
    expect(table.locator("tr").nth(1)).to_contain_text("→")
    expect(page.get_by_role("button", name=re.compile("Measure "))).to_be_enabled()


def test_the_csv_files_have_every_event_and_block(page: Page, tmp_path: Path) -> None:
    rows = {}
    for name in ("events", "blocks"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"All {name} as CSV").click()
        path = tmp_path / f"{name}.csv"
        waiting.value.save_as(path)
        rows[name] = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    # x has 256 * 256 float32: 262,144 bytes
    assert (rows["blocks"][0]["name"], rows["blocks"][0]["bytes"]) == ("x", "262144")
    assert len(rows["events"]) == sum(1 + (one["released"] != "") for one in rows["blocks"])


def test_a_narrow_window_stacks_the_panes(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    chart = page.locator(".js-plotly-plot").first.bounding_box()
    player = page.locator(".gv").first.bounding_box()
    assert chart is not None
    assert player is not None
    assert chart["width"] < 390
    assert chart["y"] > player["y"] + player["height"]
