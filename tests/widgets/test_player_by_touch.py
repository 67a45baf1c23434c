"""The player under fingers, and for those who asked their system for less motion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.app.browser import CHROMIUM
from tests.widgets.test_player import standalone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PROGRAM = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward()
"""


@pytest.fixture
def phone(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    path = tmp_path / "player.html"
    path.write_text(standalone(PROGRAM), encoding="utf-8")
    page.goto(path.as_uri())
    page.locator(".stage > svg").wait_for()
    yield page
    context.close()


def seen(page: Page) -> list[float]:
    """Return what part of the picture is seen: left, top, width, height, in its own units."""
    view = page.locator(".stage > svg").get_attribute("viewBox") or ""
    return [float(number) for number in view.split()]


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """Touch, and wait for two frames: Chromium hands moves on with the frame that they are drawn in."""
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    session.send("Runtime.evaluate", {"expression": frames, "awaitPromise": True})


def middle(page: Page, title: str) -> tuple[float, float]:
    place = page.locator(".stage .node", has_text=title).bounding_box()
    assert place is not None
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def test_two_fingers_zoom_around_themselves(phone: Page) -> None:
    session = phone.context.new_cdp_session(phone)
    x, y = middle(phone, "PowBackward0")
    width = seen(phone)[2]
    touch(session, "touchStart", (x - 20, y), (x + 20, y))
    for apart in range(25, 45, 5):
        touch(session, "touchMove", (x - apart, y), (x + apart, y))
    touch(session, "touchEnd")
    # Twice as far apart: half as much is seen, and what was between the fingers still is.
    assert seen(phone)[2] == pytest.approx(width / 2, rel=0.02)
    assert middle(phone, "PowBackward0") == pytest.approx((x, y), abs=6)
    expect(phone.locator(".card")).to_be_hidden()


def test_one_finger_drags_and_a_tap_opens_the_card(phone: Page) -> None:
    session = phone.context.new_cdp_session(phone)
    x, y = middle(phone, "PowBackward0")
    before = seen(phone)
    touch(session, "touchStart", (x, y))
    for far in range(10, 50, 10):
        touch(session, "touchMove", (x + far, y + far))
    assert middle(phone, "PowBackward0") == pytest.approx((x + 40, y + 40), abs=2)
    assert seen(phone) == before, "while it is dragged, nothing is drawn anew"
    touch(session, "touchEnd")
    assert middle(phone, "PowBackward0") == pytest.approx((x + 40, y + 40), abs=2)
    assert seen(phone)[0] < before[0]
    # Where the machine stands still between press and release, Chromium hears a long press, which is no click.
    for _ in range(3):
        phone.touchscreen.tap(x + 40, y + 40)
        with suppress(AssertionError):
            expect(phone.locator(".card h3")).to_be_visible(timeout=5_000)
            break
    expect(phone.locator(".card h3")).to_have_text("PowBackward0")


def test_a_wheel_in_the_middle_of_a_drag_keeps_what_is_under_the_pointer(phone: Page) -> None:
    x, y = middle(phone, "PowBackward0")
    phone.mouse.move(x, y)
    phone.mouse.down()
    phone.mouse.move(x + 30, y + 10, steps=3)
    phone.mouse.wheel(0, -200)
    phone.wait_for_function("document.querySelector('.stage > svg').style.transform === ''")
    assert middle(phone, "PowBackward0") == pytest.approx((x + 30, y + 10), abs=2)
    phone.mouse.move(x + 50, y + 10, steps=3)
    phone.mouse.up()
    assert middle(phone, "PowBackward0") == pytest.approx((x + 50, y + 10), abs=2)


def test_nothing_moves_by_itself_for_those_who_do_not_want_it(phone: Page) -> None:
    for _ in range(20):
        phone.keyboard.press("ArrowRight")
        if phone.locator(".edge.now").count():
            break
    style = "(element) => [getComputedStyle(element).animationName, getComputedStyle(element).transitionDuration]"
    assert phone.locator(".edge.now path").first.evaluate(style) == ["none", "0s"]
    assert phone.locator(".node.now").first.evaluate(style) == ["none", "0s"]
    phone.emulate_media(reduced_motion="no-preference")
    assert phone.locator(".edge.now path").first.evaluate(style)[0] == "flow"
