"""Every page as people have it in front of them: what they need is in sight, titles can be read, nobody is kept out.

Bounding boxes say so, at the sizes of laptops and projectors; axe-core looks for what keeps people out.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, ROOT, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

SIZES = [(1280, 800), (1366, 768), (1920, 1080)]
PROGRAM = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor([1.0, 2.0], requires_grad=True)
h = torch.tanh(x * w)
y = (h ** 2).sum()
y.backward(retain_graph=True)
print("first", x.grad)
y.backward()
print("again", x.grad)
"""
STOPPED = PROGRAM.replace("retain_graph=True", "")
FORM = "sin(x*w) + x**2|x=2.0|w=3.0|backward(retain_graph)|backward()|"
PAGES = {
    "playground": f"/playground?form={quote(FORM)}",
    "code": f"/code?code={quote(PROGRAM)}",
    "gradients": f"/gradients?code={quote(PROGRAM)}",
    "memory": f"/memory?code={quote(PROGRAM)}",
    "lessons": "/lessons?lesson=retain_graph",
    "exercise": "/lessons?lesson=own_function",
}
# Pages of another kind: of these axe alone has something to say.
OTHERS = {"start": "/", "derivatives": "/derivatives", "compare": "/compare"}
LEAST = 9.0
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

IN_SIGHT = """(element) => {
    const { top, left, right, bottom, height } = element.getBoundingClientRect();
    return height > 0 && top >= 0 && left >= 0 && right <= innerWidth && bottom <= innerHeight;
}"""
# The sizes, in CSS pixels, of the titles of boxes: the largest text of each.
TITLES = """(stage) => [...stage.querySelectorAll(".node")].map((node) => {
    const sizes = [...node.querySelectorAll("text")].map(
        (text) => [getComputedStyle(text).fontSize, text.getScreenCTM().d]
    );
    return Math.max(...sizes.map(([size, scale]) => parseFloat(size) * scale));
})"""


def seen(page: Page, selector: str) -> None:
    """Expect every element of a kind, of which there is one at least, to be in sight as a whole."""
    elements = page.locator(selector)
    expect(elements.first).to_be_visible()
    for element in elements.all():
        assert element.evaluate(IN_SIGHT), (selector, element.bounding_box(), page.viewport_size)


def titles(page: Page) -> list[float]:
    sizes: list[float] = page.locator(".gv .stage").first.evaluate(TITLES)
    return sizes


def look_for_barriers(page: Page) -> None:
    """Let axe-core look at the page; it may find nothing that it calls serious."""
    page.evaluate(f"globalThis.axe ?? (0, eval)({AXE.read_text(encoding='utf-8')!r})")
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    serious = [
        (one["id"], [(node["target"], node["failureSummary"][:300]) for node in one["nodes"][:4]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", PAGES)
def test_leaves_output_and_titles_are_in_sight_with_the_card_open(visitor: BrowserContext, name: str) -> None:
    with watched(visitor, PAGES[name], width=1280, height=800) as page:
        expect(page.locator(".al-told-of")).to_be_visible()
        wait_until_the_app_rests(page)
        assert page.locator("h1").count() == 1
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            seen(page, ".al-told-of .al-panel")
            seen(page, ".gv")
            if name == "exercise":
                continue  # nothing is computed yet
            before = titles(page)
            assert min(before) >= LEAST, (name, width, before)
            page.locator(".gv .node.function").first.click()
            expect(page.locator(".gv .card")).to_be_visible()
            assert min(titles(page)) >= LEAST
            assert titles(page) == pytest.approx(before, rel=0.01)
            page.keyboard.press("Escape")
            expect(page.locator(".gv .card")).to_be_hidden()


@pytest.mark.parametrize("path", ["/code", "/gradients", "/memory"])
def test_an_error_is_in_sight_beside_what_caused_it(visitor: BrowserContext, path: str) -> None:
    with watched(visitor, f"{path}?code={quote(STOPPED)}", width=1280, height=800) as page:
        expect(page.locator(".al-fail")).to_contain_text("second time")
        wait_until_the_app_rests(page)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            seen(page, ".al-fail")
            seen(page, ".al-told-of .al-panel")
            editor, error = page.locator(".cm-editor").first.bounding_box(), page.locator(".al-fail").bounding_box()
            assert editor is not None
            assert error is not None
            assert error["x"] == pytest.approx(editor["x"], abs=4)
            assert error["y"] > editor["y"]


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(visitor: BrowserContext, name: str, scheme: Any) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make check` fetches it where npm's packages can be had")
    with watched(visitor, (PAGES | OTHERS)[name], width=1280, height=800, scheme=scheme) as page:
        expect(page.locator(".gv").first).to_be_visible()
        wait_until_the_app_rests(page)
        look_for_barriers(page)


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_a_phone_scrolls_in_one_direction_and_shows_first_what_is_made(visitor: BrowserContext, name: str) -> None:
    with watched(visitor, (PAGES | OTHERS)[name], width=390, height=844) as page:
        player = page.locator(".gv").first
        expect(player).to_be_visible()
        wait_until_the_app_rests(page)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
        made, shown = page.locator("h1").bounding_box(), player.bounding_box()
        assert made is not None
        assert shown is not None
        assert made["y"] < shown["y"]
        assert shown["x"] + shown["width"] <= 390
