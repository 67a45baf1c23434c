"""What the player explains: legend words, nodes, rows and buttons, by pointer, by keyboard, by finger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from components.facts.terms import GRAPH
from tests.app.browser import CHROMIUM, tab
from tests.widgets.mounted import CREATES, SMALL, drawn, mount, show

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    with tab(reader) as opened:
        mount(opened, 800)
        show(opened, drawn(SMALL))
        yield opened


def tip(page: Page) -> Locator:
    return page.get_by_role("tooltip")


def beside(page: Page, about: Locator) -> None:
    """The tooltip is whole in the window, and lies over no part of what it is about."""
    one, other, size = about.bounding_box(), tip(page).bounding_box(), page.viewport_size
    assert one is not None
    assert other is not None
    assert size is not None
    right, down = one["x"] + one["width"], one["y"] + one["height"]
    assert (
        other["x"] >= right - 1
        or other["x"] + other["width"] <= one["x"] + 1
        or other["y"] >= down - 1
        or other["y"] + other["height"] <= one["y"] + 1
    )
    assert min(other["x"], other["y"]) >= 0
    assert other["x"] + other["width"] <= size["width"]
    assert other["y"] + other["height"] <= size["height"]


def test_every_legend_word_is_explained_where_one_points(page: Page) -> None:
    show(page, drawn(CREATES))
    items = page.locator(".legend li")
    words = items.all_text_contents()
    assert words == ["output", "function", "leaf", "saved tensor", "built by create_graph"]
    for place, word in enumerate(words):
        items.nth(place).hover()
        expect(tip(page)).to_have_text(GRAPH[word])
        beside(page, items.nth(place))
        expect(items.nth(place)).to_have_attribute("aria-describedby", tip(page).get_attribute("id") or "")
    page.mouse.move(2, 2)
    expect(tip(page)).to_be_hidden()
    assert page.locator("[aria-describedby]").count() == 0


def test_every_legend_word_is_explained_where_the_keyboard_is(page: Page) -> None:
    page.locator(".stage").focus()
    for word in ("output", "function"):
        page.keyboard.press("Tab")
        expect(tip(page)).to_have_text(GRAPH[word])
    page.keyboard.press("Escape")
    expect(tip(page)).to_be_hidden()


def test_a_node_says_what_it_does(page: Page) -> None:
    for title in ("AccumulateGrad", "SinBackward0", "MulBackward0"):
        node = page.locator(".stage .node", has_text=title).first
        node.hover()
        expect(tip(page)).to_have_text(f"{title} {GRAPH[title]}")
        beside(page, node.locator("path"))
    page.locator(".stage .node.leaf").first.hover()
    expect(tip(page)).to_have_text(f"leaf {GRAPH['leaf']}")
    page.mouse.down()
    expect(tip(page)).to_be_hidden()
    page.mouse.up()


def test_a_node_that_the_keyboard_comes_to_says_what_it_does(page: Page) -> None:
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    expect(tip(page)).to_have_text(f"output {GRAPH['output']}")
    page.keyboard.press("ArrowDown")
    expect(tip(page)).to_have_text(f"AddBackward0 {GRAPH['AddBackward0']}")
    page.keyboard.press("ArrowRight")
    expect(tip(page)).to_be_hidden()


def test_a_freed_box_says_so(page: Page) -> None:
    page.locator(".stage .node.saved.freed").first.hover()
    expect(tip(page)).to_have_text(f"freed {GRAPH['freed']}")


def test_boxes_of_torchviz_are_explained_by_their_colours(page: Page) -> None:
    show(page, drawn(SMALL, "torchviz"))
    assert page.locator(".legend li").all_text_contents() == ["output", "function", "leaf", "saved tensor"]
    page.locator(".stage .node", has_text="PowBackward0").hover()
    expect(tip(page)).to_have_text(f"PowBackward0 {GRAPH['PowBackward0']}")
    page.locator(".stage .node", has_text="y ()").hover()
    expect(tip(page)).to_have_text(f"output {GRAPH['output']}")


def test_the_rows_of_a_card_are_explained(page: Page) -> None:
    page.locator(".stage .node", has_text="PowBackward0").dispatch_event("click")
    rows = page.locator(".card dt span")
    assert rows.all_text_contents() == ["gradient in", "gradient out to x", "exponent", "x"]
    for place, word in enumerate(("gradient in", "gradient out", "exponent", "saved tensor")):
        rows.nth(place).hover()
        expect(tip(page)).to_have_text(GRAPH[word])
        beside(page, rows.nth(place))
    page.mouse.move(2, 2)
    page.get_by_role("button", name="Close the card").focus()
    page.keyboard.press("Tab")
    expect(tip(page)).to_have_text(GRAPH["PyTorch's derivative"])


def test_the_colouring_is_explained_in_the_legend(page: Page) -> None:
    page.locator(".by select").select_option("order")
    page.locator(".legend .scale").hover()
    expect(tip(page)).to_have_text(GRAPH["colour: order"])


def test_no_button_waits_for_the_browsers_own_tooltip(page: Page) -> None:
    page.locator(".stage .node").first.dispatch_event("click")
    buttons = page.locator(".gv :is(header, footer, .card) :is(button, select):visible")
    assert buttons.count() >= 12
    for button in buttons.all():
        assert button.get_attribute("title") is None
        assert button.get_attribute("data-tip")
        assert button.get_attribute("aria-label") or button.text_content()


def test_a_tap_on_a_legend_word_explains_it(browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    mount(page)
    show(page, drawn(SMALL))
    leaf = page.locator(".legend li", has_text="leaf")
    leaf.tap()
    expect(tip(page)).to_have_text(GRAPH["leaf"])
    beside(page, leaf)
    page.locator("header .title").tap()
    expect(tip(page)).to_be_hidden()
    context.close()
