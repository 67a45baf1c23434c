"""The Gradients page as a person uses it: charts, a click that leads the player, the program of another page, CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, choose, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/gradients") as opened:
        opened.locator(".gv .node").first.wait_for()
        opened.locator(".js-plotly-plot .bars path").first.wait_for()
        yield opened


def example(page: Page, name: str) -> None:
    choose(page, "Program", name)


def chart(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def test_per_call_and_accumulated_stand_side_by_side(page: Page) -> None:
    plot = page.locator(".js-plotly-plot").first
    # d/dx (x w1)^2 + (x w2)^2 + (x w3)^2 = 2 x (1 + 4 + 0.25) = 21 at x = 2: 21 and 21 were added, 42 accumulated
    expect(plot).to_contain_text("added by each call")
    expect(plot).to_contain_text(".grad after it")
    expect(plot.locator(".bartext", has_text=re.compile("^21$"))).to_have_count(3)
    expect(plot.locator(".bartext", has_text=re.compile("^42$"))).to_have_count(1)
    heat = page.locator(".js-plotly-plot").nth(1)
    expect(heat).to_contain_text("-32")  # 2 x^2 w = 2 * 4 * -2 = -16, twice
    expect(heat).to_contain_text("None")


def test_a_click_on_a_bar_leads_the_player_to_that_call(page: Page) -> None:
    expect(page.locator(".gv footer.whole")).to_have_count(1)
    wait_until_the_app_rests(page)
    bars = page.locator(".js-plotly-plot").first.locator(".bars path")
    bars.first.hover(force=True)
    bars.first.click(force=True)
    expect(page.locator(".gv footer.whole")).to_have_count(0)
    expect(page.locator(".gv .said")).to_contain_text(".grad becomes")
    expect(page.locator(".gv .count")).to_contain_text("/")
    first = page.locator(".gv .count").text_content()
    wait_until_the_app_rests(page)
    bars.nth(1).hover(force=True)
    bars.nth(1).click(force=True)
    expect(page.locator(".gv .count")).not_to_have_text(first or "")


def test_a_training_loop_norms_layers_and_the_call_slider(page: Page) -> None:
    example(page, "A training loop")
    chart(page, "Norms")
    expect(page.locator(".js-plotly-plot").last).to_contain_text("0.weight")
    # Four leaves in two panels.
    expect(page.locator(".js-plotly-plot").last.locator(".scatterlayer .trace").nth(7)).to_be_attached()
    chart(page, "Layers")
    expect(page.locator(".js-plotly-plot").last).to_contain_text("weights")
    slider = page.get_by_role("slider", name="Call")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".js-plotly-plot").last).to_contain_text("added by this call")
    expect(page.locator(".gv footer.whole")).to_have_count(0)


def test_gradients_inside_the_graph_without_retain_grad(page: Page) -> None:
    page.get_by_role("link", name="Code").click()
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(
        "import torch\n\nx = torch.tensor(2.0, requires_grad=True)\nh = x * 3\ny = h ** 2\ny.backward()\n"
    )
    page.keyboard.press("ControlOrMeta+Enter")
    page.locator(".gv .node", has_text="PowBackward0").first.wait_for()
    page.get_by_role("link", name="Gradients").click()
    expect(page.get_by_role("combobox", name="Program")).to_have_value("From Code")
    chart(page, "Inside the graph")
    # dy/dh = 2 h = 12
    expect(page.locator(".js-plotly-plot").last).to_contain_text("12")
    expect(page.locator(".js-plotly-plot").last).to_contain_text("h")


def test_a_program_without_gradients_and_a_failing_one_are_told(page: Page) -> None:
    for text, done, words in (
        ("import torch\nx = torch.ones(2)\n", "0 nodes", "No call of this program has put anything into a .grad"),
        ("import torch\ntorch.ones(2) @ torch.ones(3)\n", "line 2", "inconsistent tensor size"),
    ):
        page.get_by_role("link", name="Code").click()
        page.locator(".cm-content").click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(text)
        page.keyboard.press("ControlOrMeta+Enter")
        expect(page.get_by_text(done).first).to_be_visible()
        page.get_by_role("link", name="Gradients").click()
        expect(page.get_by_text(words).first).to_be_visible()


def test_the_csv_has_every_number(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="All numbers as CSV").click()
    path = tmp_path / "gradients.csv"
    waiting.value.save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    of_x = [(row["cause"], row["added"], row["grad_after"]) for row in rows if row["variable"] == "x"]
    assert of_x[:3] == [("backward", "21.0", "21.0"), ("backward", "21.0", "42.0"), ("zero", "", "0.0")]
