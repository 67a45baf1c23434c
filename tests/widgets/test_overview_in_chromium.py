"""A model in Chromium: seen whole at first, opened down to one attention head and back, in a file without a server."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import Budget, foldings
from components.reading.graph_view import GraphAsked, graph_view
from components.trace import Program
from components.widgets.player.page import standalone_page
from tests.app.browser import CHROMIUM, tab
from tests.model_programs import GPT, RESNET
from tests.widgets.mounted import rest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
# In CSS pixels.
LEAST_TITLE = 11
DRAWN = "Autograd Lab draws any: open the trace there."


@cache
def document(source: str, most: int) -> str:
    """Return a program's player as a file, with at most so many other pictures, and none of a hundred boxes."""
    index = TraceIndex(capture_program(Program(source=source)))
    first = graph_view(index, GraphAsked()).data
    others = foldings(
        index, None, first, lambda opened: graph_view(index, GraphAsked(opened=opened)).data, Budget(most, boxes=99)
    )
    return standalone_page(first, "A model", others)


def show(page: Page, folder: Path, source: str, most: int = 0) -> None:
    path = folder / "model.html"
    path.write_text(document(source, most), encoding="utf-8")
    page.goto(path.as_uri())
    page.locator(".stage > svg").wait_for()
    rest(page)


def boxes(page: Page) -> Locator:
    return page.locator(".stage .node")


def box(page: Page, title: str) -> Locator:
    """Return the box whose title is this; its other words come behind."""
    return page.locator(f'.stage .node[aria-label^="{title} "]')


def view(page: Page) -> str:
    return page.locator(".stage > svg").get_attribute("viewBox") or ""


def middle(place: Locator) -> tuple[float, float]:
    found = place.bounding_box()
    assert found is not None
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def frame_middle(page: Page, group: str) -> tuple[float, float]:
    return middle(page.locator(f'.stage .cluster[data-frame="{group}"] > path').first)


def came(page: Page, count: int) -> None:
    """Wait for another picture and until it has come to rest."""
    expect(boxes(page)).to_have_count(count)
    expect(page.locator(".gv.busy")).to_have_count(0)
    rest(page)


def least_title(page: Page) -> float:
    """Return how large the titles are on the screen."""
    size = page.evaluate("""() => Math.min(...[...document.querySelectorAll(".stage .node")].map((node) => {
        const text = node.querySelector("text"), scale = text.getScreenCTM().a;
        return scale * parseFloat(getComputedStyle(text).fontSize);
    }))""")
    return float(size)


@pytest.mark.parametrize(("source", "count"), [(GPT, 8), (RESNET, 13)])
def test_a_model_is_seen_whole_in_few_boxes_that_can_be_read(
    reader: BrowserContext, tmp_path: Path, source: str, count: int
) -> None:
    with tab(reader, width=1280, height=800) as page:
        show(page, tmp_path, source)
        expect(boxes(page)).to_have_count(count)
        assert count <= 15
        assert least_title(page) >= LEAST_TITLE
        # Nothing is cut off, so that there is nothing to be shown in small.
        expect(page.locator(".map")).to_be_hidden()
        expect(page.locator(".more > div:not([hidden])")).to_have_count(0)


def test_a_gpt_is_opened_down_to_a_head_and_closed_again(reader: BrowserContext, tmp_path: Path) -> None:
    with tab(reader, width=1280, height=800) as page:
        show(page, tmp_path, GPT, 40)
        first = view(page)
        for title, group, count in (
            ("model.blocks", "g.0.3", 19),
            ("model.blocks.0", "g.0.3.0", 24),
            ("model.blocks.0.attn", "g.0.3.0.1", 29),
        ):
            box(page, title).dispatch_event("dblclick")
            came(page, count)
            # It is there where it was opened, and can be read.
            assert page.locator(f'.stage .cluster[data-frame="{group}"]').count() == 1
            assert least_title(page) >= LEAST_TITLE
            stage, place = page.locator(".stage").bounding_box(), frame_middle(page, group)
            assert stage is not None
            assert stage["x"] < place[0] < stage["x"] + stage["width"]
            if count > 19:  # twelve blocks are higher than the stage
                assert stage["y"] < place[1] < stage["y"] + stage["height"]
        expect(page.locator(".map")).to_be_visible()
        expect(page.locator(".depth output")).to_have_text("level 1+ of 4")
        # What is around what was opened is as it was: the other blocks are there.
        expect(box(page, "model.blocks.11")).to_have_count(1)
        page.locator(".stage").focus()
        for count in (24, 19, 8):
            page.keyboard.press("c")
            came(page, count)
        # Back where one began, and the box that was closed is the one that is selected.
        assert view(page) == first
        expect(page.locator(".node.selected")).to_have_attribute("data-id", "g.0.3")
        # A file has not every picture: what another box takes the place of is said, until something else is opened.
        told = page.locator(".told")
        for title in ("model.blocks", "model.blocks.0", "model.blocks.1"):
            expect(told).to_be_hidden()
            box(page, title).dispatch_event("dblclick")
            came(page, {"model.blocks": 19}.get(title, 24))
        expect(told).to_have_text(f"This file has no picture with both open: model.blocks.0 is closed again. {DRAWN}")


def test_a_search_opens_the_boxes_on_the_way_and_levels_open_all(reader: BrowserContext, tmp_path: Path) -> None:
    with tab(reader, width=1280, height=800) as page:
        show(page, tmp_path, GPT, 40)
        page.keyboard.press("/")
        page.keyboard.type("blocks.0.attn.proj")
        page.keyboard.press("Enter")
        expect(page.locator(".node.selected")).to_have_attribute("aria-label", re.compile("^model.blocks.0.attn.proj "))
        page.keyboard.press("Escape")
        missing = f"This file has no picture of that level. {DRAWN}"
        for level, key, said in (("2", "]", ""), ("3", "]", ""), ("3", "]", missing), ("2", "[", ""), ("1", "[", "")):
            page.keyboard.press(key)
            expect(page.locator(".depth output")).to_have_text(f"level {level} of 4")
            expect(page.locator(".gv.busy")).to_have_count(0)
            expect(page.locator(".told")).to_have_text(said)
        expect(page.locator(".depth [data-do=coarser]")).to_be_disabled()
        expect(boxes(page)).to_have_count(3)
