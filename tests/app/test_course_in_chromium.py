"""The course in Chromium: Back and Forward from lesson to lesson, and a prediction from question to step."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1280, height=800) as opened:
        yield opened


def shows(page: Page, title: str, address: str, program: str) -> None:
    expect(page.locator("h1")).to_have_text(title)
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$"))
    expect(page.locator(".cm-content", has_text=program)).to_be_visible()
    # A run that is under way still belongs to the address that it began with; one follows on each way back.
    expect(page.locator("footer.whole")).to_have_count(1)
    wait_until_the_app_rests(page)


STATES = [
    ("Chapter 3. Higher orders", "/lessons?lesson=slopes_of_slopes", "x ** 4"),
    ("Chapter 4. Memory and the dynamic graph", "/lessons?lesson=dynamic_graph", "while y.detach()"),
    ("Example 1. Computing gradients", "/lessons?lesson=computing_gradients", "x ** 2"),
    ("Code", "/code", "torch.tanh"),
    ("Example 1. Computing gradients", "/lessons?lesson=computing_gradients", "x ** 2"),
    ("Example 4. retain_graph in backward()", "/lessons?lesson=retain_graph", "x ** 3"),
]


def test_back_and_forward_go_through_lessons_and_pages(page: Page) -> None:
    page.goto(STATES[0][1])
    shows(page, *STATES[0])
    for state in STATES[1:3]:
        page.get_by_role("button", name="Next", exact=True).click()
        shows(page, *state)
    page.mouse.move(640, 500)  # what explains the button lies over the links
    page.get_by_role("link", name="Code").click()
    shows(page, *STATES[3])
    page.get_by_role("link", name="Lessons").click()
    shows(page, *STATES[4])
    page.get_by_role("combobox", name="Lesson").fill("retain_graph in")
    page.keyboard.press("Enter")
    shows(page, *STATES[5])
    for state in STATES[-2::-1]:
        wait_until_the_app_rests(page)
        page.go_back()
        shows(page, *state)
    for state in STATES[1:]:
        wait_until_the_app_rests(page)
        page.go_forward()
        shows(page, *state)


def test_a_prediction_is_answered_and_the_picture_goes_to_the_step(page: Page) -> None:
    page.goto("/lessons?lesson=retain_graph")
    asked = page.locator(".st-key-lessons-predict")
    expect(asked).to_contain_text("The same backward() runs a second time.")
    expect(page.locator(".cm-content")).to_contain_text("Second backward")
    expect(page.locator(".al-out")).to_have_text("First backward, x.grad: tensor(12.)\n")
    expect(page.locator("footer.whole .said")).to_contain_text(
        "backward() puts 12 into x.grad. retain_graph=True keeps 4 B."
    )
    page.get_by_placeholder("a number").fill("12")
    page.keyboard.press("Enter")
    expect(asked).to_contain_text("Not 12. It is: 24.")
    expect(page.locator(".al-out")).to_contain_text("Second backward, x.grad (accumulated): tensor(24.)")
    expect(page.locator(".said")).to_contain_text("backward() begins at y")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".said")).to_contain_text("x.grad gets 12 added: 12 + 12 = 24")
    boxes = [page.locator(part).bounding_box() for part in (".st-key-lessons-predict", ".said", ".al-out", "h1")]
    assert all(box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 800 for box in boxes)
    page.reload()
    expect(asked).to_contain_text("Not 12. It is: 24.")
    expect(page.locator(".al-out")).to_contain_text("tensor(24.)")
    page.get_by_role("button", name="Ask me again").click()
    expect(asked).to_contain_text("What is x.grad then?")
    expect(page.locator(".al-out")).not_to_contain_text("tensor(24.)")
