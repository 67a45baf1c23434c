"""What if, in a browser: asked on an edge, a card, a leaf; answered beside it; one press goes back, one keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

# dy/dx is 3 * 4 along h * 3 and 4 along h alone, where h = x**2 and x = 2.
PROGRAM = """\
import torch
x = torch.tensor(2.0, requires_grad=True)
h = x ** 2
y = h * 3 + h
y.backward()
print("came", x.grad)"""


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, f"/code?code={quote(PROGRAM)}", width=1280, height=800) as opened:
        opened.locator(".stage svg").wait_for()
        wait_until_the_app_rests(opened)
        yield opened


def program_of(page: Page) -> str:
    return "\n".join(page.locator(".cm-line").all_text_contents())


def shown(page: Page, before: str, after: str) -> None:
    """The words of both pictures have these in them; they are drawn one after the other."""
    pictures = page.locator(".stage svg")
    expect(pictures).to_have_count(2)
    expect(pictures.nth(0)).to_contain_text(before)
    expect(pictures.nth(1)).to_contain_text(after)


def show_asks(page: Page) -> None:
    """Open them, if they are not open from before."""
    asks = page.locator(".card .what-if")
    asks.wait_for()
    if asks.get_attribute("open") is None:
        asks.locator("summary").click()


def test_an_edge_is_asked_about(page: Page) -> None:
    page.locator(".stage .edge text", has_text="3").first.click()
    asked = page.locator(".card .what-if")
    expect(asked.locator("summary")).to_have_text("What if the gradient of h that comes from h * 3 were another?")
    asked.get_by_role("button", name="Zero it").click()
    expect(page.locator(".al-ask")).to_have_text("What if the gradient of h that comes from h * 3 is zero?")
    expect(page.locator(".al-change ins", has_text="grad_fn.register_hook")).to_be_visible()
    shown(page, ".grad 16", ".grad 4")
    expect(page.locator(".card:visible")).to_have_count(0)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator(".al-ask")).to_have_count(0)
    expect(page.locator(".stage svg")).to_have_count(1)
    assert program_of(page) == PROGRAM


def test_a_card_asks_with_a_number_and_keeps_it(page: Page) -> None:
    page.locator(".stage .node", has_text="h = 4").click()
    show_asks(page)
    field = page.get_by_label("Scale by h")
    field.fill("0.5")
    field.press("Enter")
    shown(page, ".grad 16", ".grad 8")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".al-told-of .al-out", has_text="came tensor(8.)")).to_be_visible()
    wait_until_the_app_rests(page)
    assert "h.register_hook(lambda grad: 0.5 * grad)" in program_of(page)
    page.get_by_role("textbox", name="Program", exact=True).press("Control+z")
    assert program_of(page) == PROGRAM


def test_a_leaf_has_another_value_and_what_is_no_number_is_said(page: Page) -> None:
    page.locator(".stage .node.leaf").click()
    show_asks(page)
    field = page.get_by_label("Set value x")
    expect(field).to_have_value("2")
    field.fill("b0")  # keys of the player, too: here they are letters
    field.press("Enter")
    expect(page.locator(".al-tell", has_text="cannot be read")).to_be_visible()
    expect(field).to_be_visible()  # it stands there as it was typed, to be mended
    expect(field).to_have_value("b0")
    expect(page.get_by_role("button", name="Play", exact=False).first).to_be_in_viewport(ratio=1)
    field.fill("3")
    field.press("Enter")
    shown(page, ".grad 16", ".grad 24")  # 4 * 2 * 3


def test_both_pictures_are_in_sight(page: Page) -> None:
    page.locator(".stage .node", has_text="h = 4").click()
    show_asks(page)
    page.get_by_role("button", name="Detach here").click()
    expect(page.locator(".al-fail")).to_contain_text(".detach() cut h off from the graph")  # the answer is there
    expect(page.locator(".stage svg")).to_have_count(2)
    wait_until_the_app_rests(page)
    for stage in page.locator(".stage").all():
        expect(stage).to_be_in_viewport(ratio=0.9)
    for name in ("Back", "Keep it"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
