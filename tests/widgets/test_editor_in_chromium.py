"""The editor in Chromium: typing, running, completion, problems, the player's marks, by pointer and by keyboard.

Longer than usual because its tests share one loaded page, which is most of their time.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from components.widgets import editor
from tests.app.browser import CHROMIUM, ROOT, _wait_until_healthy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(editor._bundle() is None, reason="the program editor was not built (make setup)"),
]
WAIT = 30_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = str(Path(__file__).with_name("editor_app.py"))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    server = subprocess.Popen([*command, "--server.address", "127.0.0.1"], cwd=ROOT)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def loaded(browser: Browser, address: str) -> Page:
    opened = browser.new_page()
    opened.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    opened.add_init_script(
        """window.heard = [];
        for (const name of ["line", "hello"])
          addEventListener(`autograd-lab:${name}`, ({detail}) => heard.push([name, detail]));"""
    )
    opened.goto(address)
    expect(opened.get_by_text("round 0")).to_be_visible()
    return opened


@pytest.fixture
def page(loaded: Page) -> Iterator[Page]:
    """A new editor on the page that is open already."""
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    loaded.on("pageerror", note)
    loaded.emulate_media(color_scheme="light", reduced_motion="reduce")
    loaded.set_viewport_size({"width": 1280, "height": 1050})
    loaded.evaluate("heard.length = 0")
    before = int((loaded.get_by_text(re.compile(r"^round \d+$")).text_content() or "").removeprefix("round "))
    loaded.get_by_role("button", name="Anew").click()
    # The last thing on the page: nothing that could move the editor comes after it.
    expect(loaded.get_by_text(f"round {before + 1}", exact=True)).to_be_visible()
    expect(content(loaded)).to_have_count(1)
    expect(loaded.get_by_text("lines: 15")).to_be_visible()
    yield loaded
    expect(loaded.get_by_text("known before: False")).to_have_count(0)
    loaded.remove_listener("pageerror", note)
    assert errors == []


def content(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Program")


def line(page: Page, number: int) -> Locator:
    return page.locator(".cm-line").nth(number - 1)


def number(page: Page, shown: int) -> Locator:
    return page.locator(".cm-lineNumbers .cm-gutterElement").get_by_text(str(shown), exact=True)


def write(page: Page, program: str) -> None:
    content(page).press("Control+a")
    page.keyboard.insert_text(program)


def at_end(page: Page) -> None:
    content(page).press("Control+End")


def step(page: Page, **said: Any) -> None:
    page.evaluate(
        "detail => window.dispatchEvent(new CustomEvent('autograd-lab:step', {detail}))",
        {
            "channel": "test",
            "text": page.locator("[data-testid=stCode] code").text_content(),
            "line": None,
            "tone": "now",
            "lit": [],
            "notes": [],
            "backwards": [],
            "failed": None,
            **said,
        },
    )


def heard(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate("window.heard")
    return found


def test_what_is_typed_reaches_python_with_ctrl_enter(page: Page) -> None:
    write(page, "x = 1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("lines: 1, first: x = 1,")).to_be_visible()
    runs = page.get_by_text(re.compile(r"^runs: [1-9]\d*$"))
    first = runs.text_content()
    content(page).press("Control+Enter")
    expect(runs).not_to_have_text(first or "")
    expect(page.locator(".cm-line")).to_have_text(["x = 1"])


def test_a_button_pressed_right_after_typing_sees_the_text(page: Page) -> None:
    write(page, "x = 2")
    page.get_by_role("button", name="Do nothing").click()
    expect(page.get_by_text("first: x = 2, button: True")).to_be_visible()
    expect(page.get_by_text("known before: True")).to_be_visible()
    expect(page.get_by_text("runs: 0")).to_be_visible()


def test_a_rerun_moves_no_cursor_and_keeps_undo(page: Page) -> None:
    line(page, 5).click()
    page.keyboard.press("Home")
    page.keyboard.type("ab")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=stCode]")).to_contain_text("abx = torch")
    page.keyboard.type("c")
    expect(line(page, 5)).to_have_text("abcx = torch.tensor(2.0, requires_grad=True)")
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(line(page, 5)).to_have_text("x = torch.tensor(2.0, requires_grad=True)")


def test_another_revision_replaces_and_another_page_does_not(page: Page) -> None:
    write(page, "x = 3")
    page.get_by_text("Another page", exact=True).click()
    expect(page.get_by_text("another page", exact=True)).to_be_visible()
    expect(content(page)).to_have_count(0)
    page.get_by_text("Another page", exact=True).click()
    expect(line(page, 1)).to_have_text("x = 3")
    expect(page.get_by_text("first: x = 3")).to_be_visible()
    content(page).press("Control+z")
    expect(line(page, 1)).to_have_text("import torch")
    page.get_by_text("Other program").click()
    expect(line(page, 3)).to_have_text("v1 = torch.ones(1)")
    expect(page.get_by_text("lines: 61")).to_be_visible()


OFFERED = {
    "torch.": ["autograd", "nn", "optim", "sin", "sinh", "tensor", "Tensor"],
    "torch.si": ["sin", "sinh"],
    "F.": ["gelu", "relu", "softmax"],
    "import torch.nn as nn\nnn.": ["functional", "Linear", "ReLU"],
    "from torch.nn import functional as G\nG.r": ["relu"],
    "from torch.optim import ": ["SGD"],
    "import torch.o": ["optim"],
    "x.": ["backward", "sum"],
    "x.sin().su": ["sum"],
    "los": ["loss"],
    "lambd": ["lambda"],
    "class A:\n    self.layer = 1\n    self.": ["layer"],
}


def test_completion_knows_modules_aliases_and_names(page: Page) -> None:
    found = page.locator(".cm-tooltip-autocomplete li")
    for typed, offered in OFFERED.items():
        at_end(page)
        page.keyboard.insert_text(f"{typed[:-1]}")
        page.keyboard.type(typed[-1])
        expect(found).to_have_text(offered)
        page.keyboard.press("Escape")
        page.keyboard.insert_text("\n")
        page.keyboard.press("Shift+Home")
        page.keyboard.press("Backspace")


def test_where_a_name_cannot_be_completed_nothing_is_offered(page: Page) -> None:
    for typed in ("# torch.s", "'torch.s", "def lo", "1.s"):
        write(page, f"import torch\nloss = 1\n{typed}")
        page.keyboard.press("Control+Space")
        # Completions that were asked for are shown within a few frames.
        page.evaluate("async () => { for (let n = 0; n < 12; n++) await new Promise(requestAnimationFrame) }")
        expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)


def test_tab_takes_a_completion_and_enter_does_not(page: Page) -> None:
    at_end(page)
    page.keyboard.type("torch.sin")
    popup = page.locator(".cm-tooltip-autocomplete")
    popup.wait_for()
    page.keyboard.press("Enter")
    expect(line(page, 16)).to_have_text("torch.sin")
    page.keyboard.type("torch.nn.func")
    expect(popup.locator("li")).to_have_text(["functional"])
    page.keyboard.press("Tab")
    expect(line(page, 17)).to_have_text("torch.nn.functional")
    expect(popup).to_have_count(0)


def test_a_problem_has_a_squiggle_a_sign_and_its_message(page: Page) -> None:
    page.get_by_text("It failed").click()
    squiggle = page.locator(".cm-lintRange-error")
    expect(page.locator(".lab-sign")).to_have_attribute("title", re.compile("RuntimeError"))
    assert "".join(squiggle.all_text_contents()) == "return F.relu(value * w).sum() + x**2"
    squiggle.first.hover()
    expect(page.locator(".cm-tooltip .cm-diagnostic")).to_contain_text("<b>b</b> (2)")
    # It stays with its line while the person edits, also over a rerun.
    line(page, 1).click()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Do nothing").click()
    expect(page.get_by_text("lines: 16")).to_be_visible()
    assert "".join(line(page, 11).locator(".cm-lintRange-error").all_text_contents()).startswith("return")
    page.get_by_text("It failed").click()
    expect(squiggle).to_have_count(0)


def test_the_players_marks(page: Page) -> None:
    before = line(page, 14).bounding_box()
    notes = [
        {"line": 5, "text": "x = 2.", "kind": "made"},
        {"line": 14, "text": "y =\n5.4 <b>", "kind": "printed"},
        {"line": 99, "text": "no such line", "kind": "made"},
    ]
    step(page, line=13, lit=[5, 99], notes=notes, backwards=[15], failed=10)
    expect(line(page, 13)).to_have_class(re.compile("lab-now"))
    expect(line(page, 5)).to_have_class(re.compile("lab-lit"))
    expect(line(page, 10)).to_have_class(re.compile("lab-failed"))
    expect(page.locator(".lab-dot")).to_have_count(1)
    chips = page.locator(".lab-chips span")
    expect(chips).to_have_text(["x = 2.", "y = 5.4 <b>"])
    expect(chips.nth(1)).to_have_attribute("title", "y =\n5.4 <b>")
    expect(content(page)).not_to_contain_text("5.4")
    chip, frame = chips.nth(1).bounding_box(), page.locator(".cm-editor").bounding_box()
    assert before is not None
    assert chip is not None
    assert frame is not None
    assert line(page, 14).bounding_box() == before
    assert before["y"] <= chip["y"]
    assert chip["y"] + chip["height"] <= before["y"] + before["height"]
    assert frame["x"] + frame["width"] - 16 < chip["x"] + chip["width"] < frame["x"] + frame["width"]
    step(page, line=10, tone="error")
    expect(line(page, 10)).to_have_class(re.compile("lab-error"))
    expect(page.locator(".lab-now, .lab-dot, .lab-chips span")).to_have_count(0)


def test_marks_are_of_one_text_and_one_channel(page: Page) -> None:
    step(page, line=5, channel="another")
    step(page, line=13, notes=[{"line": 5, "text": "x", "kind": "made"}], backwards=[15])
    expect(page.locator(".cm-line.lab-now, .lab-dot, .lab-chips span")).to_have_count(3)
    at_end(page)
    page.keyboard.press("Enter")
    expect(page.locator(".cm-line.lab-now, .lab-dot, .lab-chips span")).to_have_count(3)
    page.keyboard.type("z")
    expect(page.locator(".cm-line.lab-now, .lab-dot, .lab-chips span")).to_have_count(0)
    expect(page.locator(".cm-editor")).to_have_class(re.compile("lab-stale"))
    page.keyboard.press("Backspace")
    expect(page.locator(".cm-line.lab-now, .lab-dot, .lab-chips span")).to_have_count(3)


def test_a_chip_gives_way_to_a_long_line(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    notes = [{"line": number, "text": "a value", "kind": "made"} for number in (3, 6)]
    step(page, notes=notes)
    expect(page.locator('.lab-chips [data-line="3"]')).to_be_visible()
    expect(page.locator('.lab-chips [data-line="6"]')).to_be_hidden()


def test_a_press_on_a_chip_is_one_on_its_line(page: Page) -> None:
    step(page, notes=[{"line": number, "text": "a value", "kind": "made"} for number in (5, 13)])
    chips, lines = page.locator(".lab-chips span"), page.locator(".cm-line").count()
    chips.first.click()
    page.keyboard.type("  # 5")
    expect(line(page, 5)).to_have_text(re.compile("  # 5$"))
    page.keyboard.press("Control+z")
    chips.last.click(modifiers=["Shift"])
    page.keyboard.press("Delete")
    expect(page.locator(".cm-line")).to_have_count(lines - 8)
    page.keyboard.press("Control+z")


def test_the_line_of_the_step_comes_into_view_once(page: Page) -> None:
    page.get_by_text("Other program").click()
    expect(page.get_by_text("lines: 61")).to_be_visible()
    step(page, line=50)
    expect(page.locator(".cm-line.lab-now")).to_have_text("v48 = torch.ones(48)")
    expect(page.locator(".cm-line.lab-now")).to_be_in_viewport()
    scroller = page.locator(".cm-scroller")
    scroller.evaluate("element => element.scrollTo(0, 0)")
    step(page, line=50, lit=[1])
    expect(page.locator(".lab-lit.cm-line")).to_have_count(1)
    assert scroller.evaluate("element => element.scrollTop") == 0


def test_a_step_that_comes_before_its_text_comes_into_view_too(page: Page) -> None:
    toggle = page.get_by_text("Other program")
    toggle.click()
    expect(page.get_by_text("lines: 61")).to_be_visible()
    other = page.locator("[data-testid=stCode] code").text_content()
    toggle.click()
    expect(page.get_by_text("lines: 15")).to_be_visible()
    step(page, line=50, text=other)
    expect(page.locator(".cm-editor")).to_have_class(re.compile("lab-stale"))
    toggle.click()
    expect(page.locator(".cm-line.lab-now")).to_have_text("v48 = torch.ones(48)")
    expect(page.locator(".cm-line.lab-now")).to_be_in_viewport()


def test_the_player_hears_of_lines(page: Page) -> None:
    assert heard(page) == [["hello", {"channel": "test"}]]
    number(page, 13).click()
    page.wait_for_function("heard.some(([, {act}]) => act === 'pick')")
    line(page, 5).hover()
    page.wait_for_function("heard.some(([, {act, line}]) => act === 'hover' && line === 5)")
    page.get_by_label("Before").hover()
    page.wait_for_function("heard.at(-1)[1].act === 'leave'")
    said = [(detail["act"], detail["line"]) for name, detail in heard(page) if name == "line"]
    assert ("pick", 13) in said
    assert said[-2:] == [("hover", 5), ("leave", 5)]
    assert {detail["channel"] for _, detail in heard(page)} == {"test"}


def test_tab_indents_and_after_escape_it_leaves(page: Page) -> None:
    at_end(page)
    page.keyboard.press("Tab")
    expect(line(page, 16)).to_have_text("    ")
    page.keyboard.press("Shift+Tab")
    expect(line(page, 16)).to_have_text("")
    expect(content(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_label("After")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(content(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Before")).to_be_focused()


def test_what_is_typed_is_no_shortcut_of_the_page(page: Page) -> None:
    """From outside of the shadow root a key in the editor looks like a key pressed nowhere."""
    page.evaluate("window.keys = []; addEventListener('keydown', ({key}) => keys.push(key))")
    content(page).click()
    for key in ("c", "r", "ArrowRight", "Escape", "F8"):
        page.keyboard.press(key)
    assert page.evaluate("keys") == ["F8"]


def test_search_and_brackets_and_an_empty_editor(page: Page) -> None:
    content(page).press("Control+f")
    page.keyboard.type("requires")
    expect(page.locator(".cm-searchMatch")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".cm-panel")).to_have_count(0)
    write(page, "y = f")
    page.keyboard.type("(")
    expect(line(page, 1)).to_have_text("y = f()")
    content(page).press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator(".cm-placeholder")).to_contain_text("Type PyTorch here")


DARK = "getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/)[0] < 100"
CONTRAST = """token => {
  const light = (css) => {
    const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(token.closest(".cm-editor")).backgroundColor);
  const [low, high] = [ground, light(getComputedStyle(token).color)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_can_be_read_in_both_themes(page: Page, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(DARK if theme == "dark" else f"!({DARK})")
    tokens = page.locator(".cm-line span, .cm-lineNumbers .cm-gutterElement:visible").all()
    assert len(tokens) > 30
    assert min(token.evaluate(CONTRAST) for token in tokens) > 4.5
    colours = {token.evaluate("token => getComputedStyle(token).color") for token in tokens}
    assert len(colours) >= 6
