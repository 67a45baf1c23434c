"""The story unasked, on the pages: what a backward did, and the way to the first bad number, without stepping."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.links import program_link
from tests.app.browser import CHROMIUM, WAIT, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
TRAP = """import torch
x = torch.tensor([0.0, 4.0], requires_grad=True)
y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))
y.sum().backward()
"""
MADE = "SqrtBackward0 (line 3) made NaN in 1 of 2 elements in backward() of line 4"
WHY = "The 0 comes from where() on line 3"


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank") as opened:
        yield opened


def with_program(page: Page, path: str) -> None:
    page.goto("about:blank")
    page.goto(f"{path}?{urlencode(program_link(TRAP))}")
    page.locator(".gv footer.whole .said", has_text=MADE).wait_for(timeout=3 * WAIT)
    wait_until_the_app_rests(page)


def test_after_backward_the_first_screen_says_what_changed(page: Page) -> None:
    """sin(x w) + x**2 at x = 2, w = 3: 2.881 + 4 = 6.881 and 1.92, once and twice."""
    page.goto("/playground")
    page.locator(".gv .node").first.wait_for(timeout=3 * WAIT)  # the first of all waits for the workers
    wait_until_the_app_rests(page)
    page.locator(".st-key-playground-retain label").click()
    said, leaf = page.locator(".gv footer.whole .said"), page.locator(".gv .node.leaf", has_text="x")
    backward = page.get_by_role("button", name="Backward", exact=True)
    backward.click()
    expect(said).to_contain_text("puts 6.881 into x.grad and 1.92 into w.grad. retain_graph=True keeps 12 B.")
    expect(leaf).to_contain_text(".grad 6.881")
    backward.click()
    expect(said).to_contain_text("call 2: backward() adds to x.grad (6.881 + 6.881 = 13.76) and w.grad (1.92 + 1.92 =")
    expect(leaf).to_contain_text(".grad 6.881 + 6.881 = 13.76")


def test_the_first_nan_is_named_and_a_press_leads_to_it(page: Page) -> None:
    with_program(page, "/code")
    page.get_by_role("button", name="NaN").click()
    page.get_by_role("menuitem", name=WHY).click()
    expect(page.locator(".gv .node.now")).to_contain_text("SqrtBackward0")
    expect(page.locator(".gv .said")).to_contain_text(WHY)
    expect(page.locator(".gv .card")).to_contain_text("[0, 1]")


def test_on_gradients_a_press_leads_there_too(page: Page) -> None:
    with_program(page, "/gradients")
    page.get_by_role("button", name=WHY).click()
    expect(page.locator(".gv .node.now")).to_contain_text("SqrtBackward0")
    expect(page.locator(".gv .said")).to_contain_text(WHY)
