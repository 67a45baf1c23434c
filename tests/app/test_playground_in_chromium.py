"""The Playground in Chromium: typing, the plots beside the toggles, errors that mend themselves, what fits a screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.app.browser import CHROMIUM, WAIT, wait_until_the_app_rests, watched
from tests.app.looks import wait_until_kept

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/playground", width=1280, height=800) as opened:
        opened.locator(".stage .node").first.wait_for(timeout=3 * WAIT)  # the first of all waits for the workers
        wait_until_the_app_rests(opened)  # the form comes after its picture
        yield opened


def expression(page: Page) -> Locator:
    return page.get_by_label("Expression", exact=True)


def write(page: Page, text: str) -> None:
    """Type key by key, as a person does."""
    expression(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def bar_texts(page: Page, plot: str) -> Locator:
    return page.locator(f".st-key-playground-{plot} .bartext")


def node(page: Page, name: str) -> Locator:
    return page.locator(".stage .node", has_text=name)


def test_typing_shows_the_new_graph_and_leaves_the_cursor_where_it_is(page: Page) -> None:
    write(page, "tanh(x)")
    expect(node(page, "TanhBackward0")).to_be_visible()
    expect(expression(page)).to_be_focused()
    page.keyboard.type(" * v")
    expect(node(page, "MulBackward0")).to_be_visible()
    expect(page.get_by_label("value of v")).to_have_value("1.0")
    expect(expression(page)).to_have_text("tanh(x) * v")


def test_enter_runs_and_shift_enter_begins_a_line(page: Page) -> None:
    write(page, "h = exp(x)")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("h * h")
    expect(page.locator(".cm-line")).to_have_text(["h = exp(x)", "h * h"])
    page.keyboard.press("Enter")
    expect(node(page, "ExpBackward0")).to_be_visible()
    expect(page.locator(".cm-line")).to_have_count(2)


def test_half_an_expression_keeps_the_picture_and_moves_nothing(page: Page) -> None:
    before = page.get_by_label("value of x").bounding_box()
    write(page, "sin(x*w) + x**2 +")
    under = page.locator(".al-under.al-unread")
    expect(under).to_contain_text("Python cannot read this")
    assert page.get_by_label("value of x").bounding_box() == before
    expect(node(page, "SinBackward0")).to_be_visible()
    expect(page.locator('[class*="st-key-playground-player"]').first).to_have_css("opacity", "0.55")
    expect(page.get_by_role("button", name="Backward", exact=True)).to_be_disabled()
    page.keyboard.type(" 1")
    expect(under).to_have_count(0)


def test_the_twelve_that_becomes_twenty_four_stands_in_the_plots(page: Page) -> None:
    write(page, "x**3")
    expect(page.get_by_label("value of w")).to_have_count(0)
    expect(bar_texts(page, "held")).to_have_text(["4 B"])
    where = page.locator(".st-key-playground-plots").bounding_box()
    page.locator(".st-key-playground-retain label").click()
    press(page, "Backward")
    expect(bar_texts(page, "grads")).to_have_text(["12", "12"])
    press(page, "Backward")
    expect(bar_texts(page, "grads")).to_have_text(["12", "12", "12", "24"])
    # Before the first press, after it and after the second: x is saved and kept.
    expect(bar_texts(page, "held")).to_have_text(["4 B", "4 B", "4 B"])
    expect(page.locator(".al-plot-words")).to_have_text(["12 + 12 = 24", "4 B kept by retain_graph"])
    press(page, "Zero grad")
    expect(page.locator(".al-plot-words").first).to_have_text("x.grad = 0")
    assert page.locator(".st-key-playground-plots").bounding_box() == where


def test_a_second_backward_is_mended_by_the_button_beside_the_error(page: Page) -> None:
    write(page, "x**3")
    expect(node(page, "PowBackward0")).to_be_visible()
    press(page, "Backward")
    expect(page.locator(".al-plot-words").last).to_have_text("4 B freed")
    press(page, "Backward")
    expect(page.locator(".al-mend")).to_contain_text("The first Backward freed what the graph had saved")
    expect(page.locator(".al-raised")).to_contain_text("Trying to backward through the graph a second time")
    press(page, "Keep the graph in the first press")
    expect(bar_texts(page, "grads")).to_have_text(["12", "12", "12", "24"])
    expect(page.locator(".al-raised")).to_have_count(0)
    expect(page.locator(".code li", has_text="y.backward(retain_graph=True)")).to_be_visible()
    press(page, "Undo")
    expect(page.locator(".al-raised")).to_be_visible()
    press(page, "Undo")
    expect(page.locator(".al-raised")).to_have_count(0)
    expect(bar_texts(page, "grads")).to_have_text(["12", "12"])


def test_matrices_come_by_themselves_and_the_sum_is_written_into_the_expression(page: Page) -> None:
    write(page, "relu(W@x + b)")
    page.get_by_role("button", name="Fits: (2,)").click()
    expect(page.get_by_label("value of x")).to_have_value("[1.0, 2.0]")
    expect(node(page, "ReluBackward0")).to_be_visible()
    press(page, "Backward")
    press(page, "Take the sum: relu(W@x + b).sum()")
    expect(expression(page)).to_have_text("relu(W@x + b).sum()")
    expect(page.locator(".al-table tr", has_text="[4, 6]")).to_be_visible()  # the sums of W's columns


def test_it_is_there_again_after_a_reload(page: Page) -> None:
    write(page, "x**3 * w")
    page.locator(".st-key-playground-create label").click()
    press(page, "Backward")
    expect(page.locator(".al-plot-words").first).to_have_text("x.grad = 36")  # 3 * 4 * 3
    wait_until_kept(page, "playground:PlaygroundForm", '"type":"backward"')
    page.reload()
    expect(expression(page)).to_have_text("x**3 * w")
    expect(page.locator(".al-plot-words").first).to_have_text("x.grad = 36")
    expect(page.get_by_role("switch", name="create_graph")).to_be_checked()
    press(page, "Undo")
    expect(page.locator(".al-plot-words").first).to_have_text("x.grad is None")


@pytest.mark.parametrize("size", [(1280, 800), (1366, 768), (1920, 1080)])
def test_the_form_its_plots_its_error_and_the_leaves_fit_the_screen(page: Page, size: tuple[int, int]) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    for _ in range(2):
        press(page, "Backward")
        wait_until_the_app_rests(page)
    expect(page.locator(".al-raised")).to_be_visible()
    for part in (".st-key-playground-plots", ".st-key-playground-error", ".al-table tr >> nth=2"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
        assert box["x"] + box["width"] <= 0.36 * width


def test_what_is_made_comes_first_for_keys_and_on_a_phone(page: Page) -> None:
    press_of_tab = """() => {
        const words = [];
        const inside = (root) => root.querySelectorAll("*").forEach((one) => {
            if (one.matches("button, input, [contenteditable]")) words.push(one.ariaLabel ?? one.textContent.trim());
            if (one.shadowRoot) inside(one.shadowRoot);
        });
        inside(document.querySelector(".stMain"));
        return words;
    }"""
    expect(page.get_by_role("button", name="Backward", exact=True)).to_be_visible()
    words = page.evaluate(press_of_tab)
    wanted = ["Expression", "value of x", "Backward", "Zero grad", "Undo", "Reset"]
    assert [word for word in dict.fromkeys(words) if word in wanted] == wanted
    assert words.index("Reset") < words.index("Play")
    page.set_viewport_size({"width": 390, "height": 844})
    order = [expression(page), *(page.locator(part).first for part in _DOWN)]
    places = [place.bounding_box() for place in order]
    tops = [place["y"] for place in places if place is not None]
    assert len(tops) == len(order)
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


_DOWN = [".st-key-playground-buttons", ".st-key-playground-plots", ".al-table", ".stage .node"]
