"""The graph in Chromium: looking around, selecting, reading, by pointer and by keyboard; labels that do nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from tests.app.browser import CHROMIUM, FLAGS, ROOT, _wait_until_healthy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
WAIT = 30_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = str(Path(__file__).with_name("graph_app.py"))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    server = subprocess.Popen([*command, "--server.address", "127.0.0.1"], cwd=ROOT)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(address)
    picture(opened).wait_for()
    # The last thing on the page: nothing that could change the graph's size comes after it.
    expect(opened.get_by_text("selected: None")).to_be_visible()
    yield opened
    opened.close()
    assert errors == []


def picture(page: Page) -> Locator:
    return page.locator(".stage > svg")


def box(page: Page, ident: str) -> Locator:
    return page.locator(f'.stage .node[data-id="{ident}"]')


def seen(page: Page) -> list[float]:
    """Return what part of the picture is seen: left, top, width, height, in its own units."""
    return [float(number) for number in (picture(page).get_attribute("viewBox") or "").split()]


def centre(page: Page, ident: str) -> tuple[float, float]:
    place = box(page, ident).bounding_box()
    assert place is not None
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def test_the_wheel_zooms_to_the_pointer_and_fit_comes_back(page: Page) -> None:
    home = seen(page)
    before = centre(page, "t2")
    page.mouse.move(*before)
    page.mouse.wheel(0, -400)
    expect(picture(page)).not_to_have_attribute("viewBox", " ".join(f"{number:g}" for number in home))
    after = centre(page, "t2")
    # What is under the pointer stays there, though the picture is letterboxed.
    assert after == pytest.approx(before, abs=1.5)
    assert seen(page)[2] < home[2]
    page.get_by_role("button", name="Fit").click()
    assert seen(page) == home


def test_buttons_zoom_around_the_middle(page: Page) -> None:
    left, top, width, height = seen(page)
    page.get_by_role("button", name="Zoom in").click()
    # 0.8 of the width and height around the same middle: the corner moves by a tenth of each.
    assert seen(page) == pytest.approx([left + width / 10, top + height / 10, width * 0.8, height * 0.8], abs=0.01)
    page.get_by_role("button", name="Zoom out").click()
    assert seen(page) == pytest.approx([left, top, width, height], abs=0.01)


def test_dragging_moves_the_picture_with_the_pointer_and_selects_nothing(page: Page) -> None:
    x, y = centre(page, "n3")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 25, steps=5)
    page.mouse.up()
    assert centre(page, "n3") == pytest.approx((x + 60, y + 25), abs=1.5)
    expect(page.locator(".card")).to_be_hidden()


def test_a_click_shows_the_card_and_tells_python(page: Page) -> None:
    box(page, "n3").click()
    card = page.locator(".card")
    expect(card.locator("h3")).to_have_text("PowBackward0")
    expect(card.locator(".formula")).to_contain_text("pow_backward(grad, self)")
    expect(card.locator(".note")).to_have_text("It was freed.")
    expect(page.get_by_text("selected: n3")).to_be_visible()
    # The edges of what is selected are lit: from y, to the saved tensor, to the product, to the copy of x.
    expect(page.locator(".edge.beside")).to_have_count(4)
    page.get_by_role("button", name="Close the card").click()
    expect(card).to_be_hidden()


def test_a_saved_tensor_and_a_copy_have_the_cards_of_what_they_belong_to(page: Page) -> None:
    box(page, "n3~saved").click()
    expect(page.locator(".card h3")).to_have_text("PowBackward0")
    box(page, "n0~1").click()
    expect(page.locator(".card h3")).to_have_text("x")
    expect(page.get_by_text("selected: n0~leaf")).to_be_visible()
    # The leaf and its copy are one thing.
    expect(page.locator(".node.selected")).to_have_count(2)


def test_the_pointer_lights_a_box_with_its_neighbours(page: Page) -> None:
    page.mouse.move(*centre(page, "n2"))
    # n2, n3 above it, n0 below it.
    expect(page.locator(".node.near")).to_have_count(3)
    page.mouse.move(5, 5)
    expect(page.locator(".node.near")).to_have_count(0)


def test_the_keyboard_follows_the_gradient(page: Page) -> None:
    page.locator(".stage").focus()
    chosen = page.locator(".node.selected")
    for key, ident in (
        ("ArrowDown", "t2"),
        ("ArrowDown", "n3"),
        ("ArrowRight", "n3~saved"),
        ("ArrowLeft", "n3"),
        ("ArrowUp", "t2"),
        ("ArrowDown", "n3"),
    ):
        page.keyboard.press(key)
        expect(chosen).to_have_attribute("data-id", ident)
    expect(page.locator(".announced")).to_have_text("PowBackward0 line 7")
    expect(page.locator(".card")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator(".card h3")).to_have_text("PowBackward0")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_be_hidden()
    expect(chosen).to_have_count(1)
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    home = seen(page)
    page.keyboard.press("+")
    assert seen(page)[2] == pytest.approx(home[2] * 0.8, abs=0.01)
    page.keyboard.press("0")
    assert seen(page) == home


def test_place_and_selection_survive_other_numbers_in_the_same_graph(page: Page) -> None:
    box(page, "t2").click()
    expect(page.locator(".card dd")).to_have_text("8")
    expect(page.get_by_text("selected: t2")).to_be_visible()
    page.get_by_role("button", name="Zoom in").click()
    place = seen(page)
    page.get_by_role("button", name="Change the value").click()
    expect(page.locator(".card dd")).to_have_text("9")
    expect(page.locator(".node.selected")).to_have_attribute("data-id", "t2")
    assert seen(page) == place


def test_full_screen_is_the_component_alone(page: Page) -> None:
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement === null")


def test_on_a_phone_the_card_is_below_the_graph(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".gv")).to_have_class("gv lab narrow")
    box(page, "n3").click()
    card, stage = page.locator(".card").bounding_box(), page.locator(".stage").bounding_box()
    assert card is not None
    assert stage is not None
    assert card["y"] >= stage["y"] + stage["height"] - 1
    assert card["width"] == pytest.approx(stage["width"], abs=2)


@pytest.mark.parametrize(
    ("show", "words"), [("empty", "No graph yet."), ("problem", "This graph could not be laid out.")]
)
def test_without_a_picture_there_are_words(page: Page, address: str, show: str, words: str) -> None:
    page.goto(f"{address}/?show={show}")
    expect(page.locator(".message")).to_have_text(words)
    expect(picture(page)).to_have_count(0)


def test_hostile_labels_are_text(page: Page, address: str) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(f"{address}/?show=hostile")
    box(page, "n3~saved").click()
    expect(page.locator(".card dd")).to_contain_text("<script>document.title=1</script>")
    assert "<img src=x" in (box(page, "n3~saved").text_content() or "")
    assert page.title() != "1"
    assert page.locator(".gv script, .gv img, .gv foreignObject, .gv a").count() == 0
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_an_svg_with_more_than_a_drawing_in_it_is_cleaned(page: Page) -> None:
    """The same function that the component uses, on a text that Graphviz would not write but a bug of it might."""
    source = (ROOT / "components" / "widgets" / "graph_view" / "svg.js").read_text(encoding="utf-8")
    left = page.evaluate(
        "([source, text]) => new Function('text', source + '; return sanitised(text)?.outerHTML ?? null')(text)",
        [
            source,
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()">'
            "<script>x()</script><style>*{}</style><foreignObject/><image href='http://a/'/><use href='#a'/>"
            "<g class='node' onclick='x()' style='fill:url(http://a/)'><a xlink:href='javascript:x()' target='_top'>"
            "<text x='1' fill='url(#g)'>kept</text><animate/></a></g></svg>",
        ],
    )
    assert left == ('<svg><g class="node"><text x="1">kept</text></g></svg>')
