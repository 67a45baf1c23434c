"""Makes the pictures of the documents from the running app: ``make pictures`` writes them anew, into docs/pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.app.browser import CHROMIUM, FLAGS, ROOT, WAIT, served, wait_until_the_app_rests, watch_the_runs_of

FOLDER = ROOT / "docs" / "pictures"
_SIZE: ViewportSize = {"width": 1280, "height": 800}


def _start(page: Page) -> None:
    """The front page, at the step at which 12 is added to 12."""
    page.goto("/?stop=4")
    expect(page.locator(".gv .card")).to_contain_text("12 + 12 = 24", timeout=3 * WAIT)  # the server has just started


def _code(page: Page) -> None:
    """The Code page's own program, in the middle of its first backward(), with a node's card."""
    page.goto("/code")
    page.locator(".stage > svg").wait_for()
    wait_until_the_app_rests(page)
    for key in ("b", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".gv .card")).to_contain_text("TanhBackward0", timeout=WAIT)


PICTURES: dict[str, Callable[[Page], None]] = {"start": _start, "code": _code}


def make(browser: Browser, address: str) -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, show in PICTURES.items():
        context = browser.new_context(base_url=address, viewport=_SIZE, color_scheme="light", reduced_motion="reduce")
        watch_the_runs_of(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        show(page)
        wait_until_the_app_rests(page)
        page.mouse.move(0, 0)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        # 256 colours are enough for what is drawn, in a third of the room.
        few = shot.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        few.save(FOLDER / f"{name}.png", optimize=True)
        context.close()


def main() -> None:
    """Start the app and Chromium, and write the pictures."""
    assert CHROMIUM is not None, "the pictures need Chromium"
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        make(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
