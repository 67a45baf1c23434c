"""Apply in a browser: one press mends the program and runs it, one Ctrl+Z brings the old one back."""

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

TWICE = """\
import torch
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward()
y.backward()
print("came", x.grad)"""
MENDED = TWICE.replace("y.backward()", "y.backward(retain_graph=True)", 1)


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1280, height=800) as opened:
        yield opened


def program_of(page: Page) -> str:
    return "\n".join(page.locator(".cm-line").all_text_contents())


def run_program(page: Page, source: str) -> None:
    box = page.get_by_role("textbox", name="Program", exact=True)
    box.fill(source)
    box.press("Control+Enter")


@pytest.mark.parametrize("path", ["/code", "/lessons?lesson=chain_rule", "/gradients", "/memory"])
def test_apply_mends_runs_and_can_be_undone(page: Page, path: str) -> None:
    page.goto(path)
    page.locator(".stage svg").wait_for()
    run_program(page, TWICE)
    expect(page.locator(".al-change del")).to_have_text("4 −y.backward()")
    expect(page.locator(".al-change ins")).to_have_text("4 +y.backward(retain_graph=True)")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".al-out", has_text="came tensor(24.)")).to_be_visible()  # 12 + 12
    expect(page.locator(".al-fail")).to_have_count(0)
    wait_until_the_app_rests(page)
    assert program_of(page) == MENDED
    page.get_by_role("textbox", name="Program", exact=True).press("Control+z")
    assert program_of(page) == TWICE
    page.keyboard.press("Control+y")
    assert program_of(page) == MENDED


def test_what_was_typed_since_stays(page: Page) -> None:
    page.goto(f"/code?code={quote(TWICE)}")
    apply = page.get_by_role("button", name="Apply")
    apply.wait_for()
    box = page.get_by_role("textbox", name="Program", exact=True)
    box.press("Control+Home")
    page.keyboard.type("# mine\n")
    apply.click()
    expect(page.locator(".al-out", has_text="came tensor(24.)")).to_be_visible()
    assert program_of(page) == f"# mine\n{MENDED}"


def test_the_changed_line_is_in_sight(page: Page) -> None:
    page.goto("/code")
    page.locator(".stage svg").wait_for()
    run_program(page, TWICE.replace("import torch\n", "import torch\n" + "# one of many\n" * 60))
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".cm-line", has_text="retain_graph=True")).to_be_in_viewport()


def test_apply_is_in_sight_below_the_error(page: Page) -> None:
    page.goto(f"/code?code={quote(TWICE)}")
    page.get_by_role("button", name="Apply").wait_for()
    wait_until_the_app_rests(page)
    for width, height in ((1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for part in (page.locator(".al-fail"), page.locator(".al-change"), page.get_by_role("button", name="Apply")):
            expect(part).to_be_in_viewport(ratio=1)


def test_apply_is_in_sight_beside_a_lesson(page: Page) -> None:
    page.goto("/lessons?lesson=chain_rule")
    page.locator(".stage svg").wait_for()
    run_program(page, TWICE)
    page.get_by_role("button", name="Apply").wait_for()
    wait_until_the_app_rests(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_role("button", name="Apply")).to_be_in_viewport(ratio=1)


def test_in_the_playground_the_expression_changes(page: Page) -> None:
    page.goto("/playground")
    page.locator(".stage svg").wait_for()
    box = page.get_by_label("Expression", exact=True)
    box.fill("x.relux() + 1")
    box.press("Enter")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".cm-line")).to_have_text("x.relu() + 1")
    expect(page.locator(".al-raised")).to_have_count(0)
    assert "ReluBackward0" in " ".join(page.locator(".stage svg text").all_text_contents())
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".cm-line")).to_have_text("x.relux() + 1")
