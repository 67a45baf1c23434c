"""The first minute in Chromium: the walk from the bare address, the examples, the explained heads of tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.examples import FIRST, Example
from app.links import linked_program
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
EXAMPLES = [example for examples in FIRST.values() for example in examples]
# Examples that are about an error, and its words.
FAILS = {"backward() a second time": "a second time", "Changed in place": "inplace operation"}


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/", width=1280, height=800) as opened:
        yield opened


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def leaf_text(page: Page) -> Locator:
    return page.locator(".stage > svg .node", has_text="x").last


def bottom(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_the_walk_leads_from_the_bare_address_to_why_24_and_to_the_playground(page: Page) -> None:
    expect(page.get_by_role("heading", name="Autograd Lab", level=1)).to_be_visible()
    expect(page).to_have_title("Autograd Lab")
    grad = page.locator(".al-figures div", has_text="x.grad").locator("dd")
    expect(grad).to_have_text("None")
    button(page, "Backward").click()
    expect(grad).to_have_text("12")
    expect(page.locator(".stage > svg")).to_contain_text(".grad 12")
    place = button(page, "Backward again").bounding_box()
    button(page, "Backward again").press("Enter")
    expect(grad).to_have_text("24")
    again = button(page, "Why 24?")
    expect(again).to_be_focused()  # who walks by keys can go on
    after = again.bounding_box()
    assert place is not None
    assert after is not None
    assert (after["x"], after["y"]) == (place["x"], place["y"])
    again.press("Enter")
    expect(page.locator(".gv .said")).to_contain_text("24")
    expect(page.locator(".gv .card")).to_contain_text("12 + 12 = 24")
    button(page, "Back").click()
    expect(page.locator(".al-dots")).to_contain_text("Stop 3 of 5")
    expect(page.locator(".gv .card")).to_be_hidden()
    button(page, "Why 24?").click()
    button(page, "Now yours").click()
    page.get_by_role("slider", name="x").press("ArrowRight")
    expect(grad).to_have_text("37.5")  # twice 3 * 2.5**2
    button(page, "Open it in the Playground").click()
    expect(page.get_by_label("Expression")).to_have_text("x**3")
    expect(page.locator(".stage > svg")).to_contain_text(".grad 18.75 + 18.75 = 37.5")
    expect(page).to_have_title("Playground · Autograd Lab")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1366, 768), (1920, 1080)])
def test_all_of_the_front_page_is_seen_without_scrolling(visitor: BrowserContext, width: int, height: int) -> None:
    for stop in range(1, 6):
        with watched(visitor, f"/?stop={stop}", width=width, height=height) as page:
            page.locator(".stage > svg").wait_for()
            wait_until_the_app_rests(page)
            last = page.get_by_test_id("stPageLink").last
            expect(last).to_be_visible()
            assert bottom(last) <= height + (32 if height < 800 else 0)
            assert bottom(page.locator(".st-key-start-story")) <= bottom(page.locator(".gv")) + 1


def test_a_reload_and_back_return_to_the_same_stop(page: Page) -> None:
    button(page, "Backward").click()
    button(page, "Backward again").click()
    button(page, "Why 24?").wait_for()
    wait_until_the_app_rests(page)
    page.reload()
    button(page, "Why 24?").wait_for()
    page.go_back()
    button(page, "Backward again").wait_for()
    page.go_forward()
    button(page, "Why 24?").wait_for()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_each_example_opens_a_graph(page: Page, example: Example) -> None:
    page.get_by_role("link", name=example.title).click()
    expect(page).to_have_title(f"{example.page.capitalize()} · Autograd Lab")
    page.locator(".gv").wait_for()
    wait_until_the_app_rests(page)
    failed = page.locator(".al-fail")
    if example.title in FAILS:
        expect(failed).to_contain_text(FAILS[example.title])
    else:
        expect(failed).to_have_count(0)
    if example.address.get("lesson") != "partial_derivatives":
        expect(page.locator(".stage > svg .node").first).to_be_visible()
    program = linked_program(example.address)
    if program is not None:
        expect(page.locator(".cm-line", has_text=program.splitlines()[2])).to_be_visible()


@pytest.mark.parametrize("way", ["pointer", "Tab"])
def test_the_head_of_a_column_explains_itself(page: Page, way: str) -> None:
    page.goto("/playground")
    head = page.locator(".al-table th", has_text="added last")
    head.wait_for()
    wait_until_the_app_rests(page)
    tip = head.locator(".al-tip")
    expect(tip).to_be_hidden()
    if way == "pointer":
        head.hover()
    else:
        page.locator(".al-table th").first.focus()
        for _ in range(3):
            page.keyboard.press("Tab")
    expect(tip).to_be_visible()
    expect(tip).to_have_text("What the last backward() added to .grad.")
    # It stands at its head, inside the window, and nothing cuts it off or covers it.
    page.wait_for_function(
        """tip => {
            const own = tip.getBoundingClientRect(), head = tip.closest("th").getBoundingClientRect();
            tip.style.pointerEvents = "auto";
            const seen = tip.contains(document.elementFromPoint(own.x + own.width / 2, own.y + own.height / 2));
            const near = Math.min(Math.abs(own.top - head.bottom), Math.abs(own.bottom - head.top)) < 8;
            return seen && near && own.left >= 0 && own.right <= innerWidth;
        }""",
        arg=tip.element_handle(),
    )


@pytest.mark.parametrize("way", ["key", "button"])
def test_the_help_is_opened_on_every_page(page: Page, way: str) -> None:
    page.goto("/code")
    page.locator(".stage > svg").wait_for()
    wait_until_the_app_rests(page)
    if way == "key":
        page.keyboard.press("?")
    else:
        button(page, "Help: keys and words").click()
    dialog = page.get_by_role("dialog", name="Help")
    dialog.get_by_label("Search the words").fill("retain_graph")
    dialog.get_by_label("Search the words").press("Enter")
    expect(dialog.locator("dt").first).to_have_text("retain_graph")
    dialog.get_by_role("tab", name="Keys").click()
    expect(dialog.locator("kbd", has_text="Ctrl+Enter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
