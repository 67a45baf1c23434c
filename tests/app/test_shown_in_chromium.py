"""What programs show, in Chromium against the real server: figures, values of cells, standard error, notebooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

PLOT = """\
import sys
import torch
import matplotlib.pyplot as plt

x = torch.linspace(0, 6, 5, requires_grad=True)
x.sin().sum().backward()
print("before")
plt.plot(x.detach(), x.grad); plt.show()
print("after")
print("a warning", file=sys.stderr)
"""
HOSTILE = """\
class Evil:
    def __repr__(self):
        return "<img src=x onerror='window.hacked=1'>"

    def _repr_svg_(self):
        return "<svg xmlns='http://www.w3.org/2000/svg' onload='parent.hacked=1'><script>parent.hacked=1</script></svg>"

    def _repr_html_(self):
        return "<script>window.hacked=1</script>"


display(Evil())
print("<script>window.hacked=1</script>")
"""


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/code") as opened:
        opened.locator(".gv .node").first.wait_for()
        wait_until_the_app_rests(opened)
        yield opened


def run(page: Page, source: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("ControlOrMeta+Enter")


def test_a_figure_stands_between_what_was_printed_before_and_after(page: Page) -> None:
    run(page, PLOT)
    out = page.locator("pre.al-out")
    expect(out.locator("img")).to_have_attribute("title", "line 8")
    assert out.locator("img").evaluate("image => image.naturalWidth") > 300
    words = out.evaluate("out => [...out.childNodes].map(one => one.tagName ?? one.textContent.trim())")
    assert words[:3] == ["before", "IMG", "after"]
    expect(out.locator(".al-err")).to_have_text("a warning\n")


def test_its_line_has_a_chip_and_its_step_the_picture(page: Page) -> None:
    run(page, PLOT)
    expect(page.locator(".lab-chips [data-line='8']")).to_have_text("shows a figure")
    picture = page.locator(".gv .pictures")
    expect(picture).to_be_hidden()
    page.locator(".cm-lineNumbers .cm-gutterElement", has_text="8").click()
    expect(page.locator(".gv .said")).to_have_text("Line 8: shows a figure.")
    expect(picture.locator("img")).to_be_visible()
    page.get_by_role("button", name="Hide the figures").click()
    expect(picture).to_be_hidden()
    page.locator(".cm-lineNumbers .cm-gutterElement", has_text="7").click()
    page.locator(".cm-lineNumbers .cm-gutterElement", has_text="8").click()
    expect(picture.locator("img")).to_be_visible()


def test_the_file_of_the_player_shows_it_without_a_server(page: Page, browser: Browser, tmp_path: Path) -> None:
    run(page, PLOT)
    page.locator(".al-out img").wait_for()
    wait_until_the_app_rests(page)
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Player as one HTML file").click()
    waiting.value.save_as(tmp_path / "player.html")
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.goto((tmp_path / "player.html").as_uri())
    expect(alone.locator(".pictures img")).to_be_visible()
    expect(alone.locator(".code li", has_text="plt.show()").locator(".chips")).to_contain_text("shows a figure")
    context.close()


def test_what_a_program_shows_is_never_markup(page: Page) -> None:
    run(page, HOSTILE)
    picture = page.locator(".al-out img")
    expect(picture).to_have_attribute("alt", "<img src=x onerror='window.hacked=1'>")
    expect(page.locator("pre.al-out")).to_contain_text("<script>window.hacked=1</script>")
    wait_until_the_app_rests(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator(".al-out script").count() == 0


def test_a_notebook_shows_its_cells_values_and_names_what_was_left_out(page: Page, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import torch"]},
        {"cell_type": "code", "source": "x = torch.ones(2, requires_grad=True)\n(x * 2).sum().backward()\nx.grad"},
    ]
    file = tmp_path / "lesson.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    page.get_by_role("button", name="Open").click()
    page.locator("input[type=file]").set_input_files(file)
    value = page.locator(".al-out .al-value")
    expect(value).to_have_text("tensor([2., 2.])")
    expect(value).to_have_attribute("title", "line 8")
    expect(page.get_by_text("Line 2 is no Python and was left out: %matplotlib inline")).to_be_visible()


def test_a_file_that_is_not_there_is_said_with_its_line(page: Page) -> None:
    run(page, "import torch\nprint('on')\ndata = open('data.csv').read()\n")
    failure = page.locator(".al-fail")
    expect(failure).to_contain_text("FileNotFoundError on line 3")
    expect(page.locator("pre.al-out")).to_contain_text("on")
