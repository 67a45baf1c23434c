"""Large programs in the Code page: each opens, is walked, opened further and searched; how fast is for `make bench`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bench.programs import FOR_THE_PLAYER, chain
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SLOW = 60_000
MOST_BOXES = 520
# A run has ten seconds, and beside other tests 100,000 nodes can take them all: that many are for `make bench`.
LARGE = {name: source for name, source in FOR_THE_PLAYER.items() if name != "chain of 100,000"} | {
    "chain of 50,000": chain(50_000)
}


@pytest.fixture(scope="module")
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank") as opened:
        opened.set_default_timeout(SLOW)
        expect.set_options(timeout=SLOW)
        yield opened


@pytest.mark.parametrize("name", LARGE)
def test_a_large_program_opens_and_is_walked(page: Page, name: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("about:blank")
    page.goto("/code")
    page.locator(".stage > svg").wait_for()
    wait_until_the_app_rests(page)  # the picture is there before the rest of its page
    before = page.locator(".gv .title").text_content()
    assert before
    box = page.get_by_label("Program", exact=True)
    box.fill(LARGE[name])
    box.press("Control+Enter")
    # While a program runs the player may be gone; a new one has no title until it has its picture.
    expect(page.locator(".gv .title")).to_have_text(re.compile(f"^(?!{re.escape(before)}$)."))
    # What the app says where something went wrong is said first, so that a failure of this test names it.
    expect(page.locator(".al-fail")).to_have_text([])
    expect(page.locator(".gv .message")).to_have_text("")
    assert 5 <= page.locator(".stage .node").count() <= MOST_BOXES
    page.locator(".stage").focus()
    for key in ("ArrowRight", "ArrowRight", "b", "ArrowRight", "End", "ArrowLeft", "Home"):
        page.keyboard.press(key)
    expect(page.locator(".count")).to_contain_text("1 / ")
    folded = page.locator(".stage .node.folded")
    if folded.count():
        count = page.locator(".stage .node").count()
        folded.first.focus()
        folded.first.dispatch_event("dblclick")
        page.wait_for_function(
            """(count) => {
                const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
                const gv = roots.map((root) => root.querySelector(".gv")).find(Boolean);
                return gv.querySelectorAll(".stage .node").length > count;
            }""",
            arg=count,
        )
        assert page.locator(".stage .node").count() <= MOST_BOXES
    assert errors == []
