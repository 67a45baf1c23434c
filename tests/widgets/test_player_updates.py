"""The player when other data come: another run of the same text, another folding, under a pointer that rests.

It is mounted as Streamlit mounts it, and called again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import LabOptions, lab_dot, lab_graph, layout_svg, player_data
from components.trace import Program
from components.widgets.player.page import FOLDER, MAIN, PlayerMount, message, text_of
from components.widgets.scripts import joined
from tests.app.browser import CHROMIUM, tab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SMALL = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward(retain_graph=True)
y.backward()
"""
LOOP = """\
import torch
x = torch.tensor(0.9, requires_grad=True)
y = x
for i in range(300):
    y = torch.tanh(y) * x
y.backward()
"""
DIVERGING = """\
import torch
w = torch.tensor(1.0, requires_grad=True)
opt = torch.optim.SGD([w], lr=30)
for i in range(40):
    loss = (w * 3 - 1) ** 2
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def data_of(source: str, opened: tuple[str, ...] | None = None) -> dict[str, Any]:
    index = TraceIndex(capture_program(Program(source=source)))
    options = LabOptions(opened=opened)
    graph = lab_graph(index, options=options)
    data = player_data(index, layout_svg(lab_dot(graph)), graph=graph, options=options)
    mount = PlayerMount(key="test", can_fold=True, show_code=True)
    return {**message(data, mount), "opened": graph.opened}


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    with tab(reader) as opened:
        script = joined(FOLDER, MAIN, "window.start = function")
        style, body = text_of("player.css"), text_of("player.html")
        opened.set_content(f"<style>{style}</style><main>{body}</main><script type=module>{script}</script>")
        yield opened


def show(page: Page, data: dict[str, Any]) -> None:
    page.evaluate(
        """(text) => {
            const setTriggerValue = (name, value) => (window.sent ??= []).push([name, value]);
            start({ data: JSON.parse(text), parentElement: document.querySelector("main"), setTriggerValue });
        }""",
        json.dumps(data),
    )


def lines(page: Page, kind: str) -> list[str]:
    return page.locator(f".code .{kind} .no").all_text_contents()


def test_the_marks_of_lines_are_those_of_the_last_run(page: Page) -> None:
    """The same text can run again and end otherwise, when its time is over, say."""
    data = data_of(SMALL)
    for backwards, failed in (([5, 6], None), ([5], 6), ([5, 6], None)):
        show(page, {**data, "backwards": backwards, "failed": failed})
        assert lines(page, "calls") == [str(line) for line in backwards]
        assert lines(page, "failed") == ([] if failed is None else [str(failed)])


@pytest.mark.parametrize("place", [".code li:nth-child(5)", ".stage .node.folded"])
def test_a_picture_that_changes_under_the_pointer_is_not_left_in_the_shade(page: Page, place: str) -> None:
    data = data_of(LOOP)
    show(page, data)
    page.locator(place).first.hover()
    expect(page.locator(".stage.tracing")).to_have_count(1)
    folded = next(box for box, facts in data["boxes"].items() if facts.get("folded"))
    show(page, data_of(LOOP, (*data["opened"], folded)))
    assert page.locator(".stage.tracing").count() == 0 or page.locator(".node.near").count() > 0


def test_a_step_is_not_in_the_shade_of_a_pointer_that_rests(page: Page) -> None:
    show(page, data_of(SMALL))
    page.locator(".stage .node.leaf").hover()
    expect(page.locator(".stage.tracing")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage.tracing")).to_have_count(0)


@pytest.mark.parametrize("colour", ["kind", "order"])
def test_the_innermost_frame_is_closed_whatever_stands_beside_the_boxes(page: Page, colour: str) -> None:
    data = data_of(LOOP)
    show(page, data)
    page.locator(".by select").select_option(colour)
    # Of every box that stands in a frame the smallest such frame is asked for.
    inside = {box: frame for frame, boxes in sorted(data["frames"], key=lambda one: -len(one[1])) for box in boxes}
    assert inside
    for box, frame in inside.items():
        show(page, data)  # what was asked for before is there
        page.evaluate("window.sent = []")
        page.locator(f".stage .node[data-id='{box}']").dispatch_event("click")
        page.locator(".stage").press("c")
        assert page.evaluate("sent") == [["fold", {"close": frame}]], box


def test_letters_work_in_full_screen_with_nothing_focused(page: Page) -> None:
    show(page, data_of(SMALL))
    page.locator(".stage").focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    expect(page.locator(".count")).to_contain_text("1 / ")


def test_a_press_that_ends_elsewhere_is_no_drag_later(page: Page) -> None:
    show(page, data_of(SMALL))
    place = page.locator(".stage").bounding_box()
    assert place is not None
    before = page.locator(".stage > svg").get_attribute("viewBox")
    left, middle = place["x"] + 1, place["y"] + place["height"] / 2
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(left - 3, middle)
    page.mouse.up()
    page.mouse.move(left + 100, middle, steps=3)
    expect(page.locator(".stage.drag")).to_have_count(0)
    page.mouse.down(button="right")
    page.mouse.move(left + 200, middle, steps=3)
    page.mouse.up(button="right")
    assert page.locator(".stage > svg").get_attribute("viewBox") == before


def test_a_click_that_no_pointer_made_selects_also_after_a_drag(page: Page) -> None:
    show(page, data_of(SMALL))
    node = page.locator(".stage .node", has_text="PowBackward0")
    place = node.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 20, place["y"] + 10)
    page.mouse.down()
    page.mouse.move(place["x"] + 60, place["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator(".card")).to_be_hidden()
    node.dispatch_event("click")
    expect(page.locator(".card h3")).to_have_text("PowBackward0")


@pytest.mark.parametrize("source", [SMALL, LOOP])
def test_a_leafs_card_does_not_speak_of_visits(page: Page, source: str) -> None:
    show(page, data_of(source))
    for box in page.locator(".stage .node.leaf").all():
        box.dispatch_event("click")
        expect(page.locator(".card h3")).to_have_text("x")
        expect(page.locator(".card .when")).to_have_count(0)


def test_a_double_click_opens_the_box_though_the_card_moves_it_away(page: Page) -> None:
    show(page, data_of(LOOP))
    folded = page.locator(".stage .node.folded").first
    asked, place = folded.get_attribute("data-id"), folded.bounding_box()
    assert place is not None
    page.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    assert page.evaluate("sent") == [["fold", {"open": asked}]]


def test_a_finding_in_a_fold_opens_it_and_the_folds_in_it_and_is_selected(page: Page) -> None:
    """Each round makes w*3-1 -539 times as large: 2 * (-539)**7 in the eighth, whose square float32 cannot hold."""
    data = data_of(DIVERGING)
    show(page, data)
    first, opened = data["findings"][0], data["opened"]
    assert first["box"] in folds(data)
    page.locator("[data-do=list]").click()
    page.locator(".findings button").first.click()
    asked = [first["box"]]
    while first["box"] in folds(data):
        assert page.evaluate("sent").pop() == ["fold", {"open": asked[-1]}]
        opened = (*opened, asked[-1])
        data = data_of(DIVERGING, opened)
        show(page, data)
        first = data["findings"][0]
        asked.append(first["box"])
    assert len(asked) > 1
    assert len(page.evaluate("sent")) == len(asked) - 1
    expect(page.locator(".card h3")).to_have_text("PowBackward0")
    expect(page.locator(f".stage .node.selected[data-id='{first['box']}']")).to_have_count(1)
    expect(page.locator(".said")).to_contain_text("** 2 on line 5 made inf (the largest float32 is 3.403e+38)")
    expect(page.locator(".code .now .no")).to_have_text("5")
    # Whoever goes through the findings with a key goes on to the second one.
    page.keyboard.press("i")
    expect(page.locator(".said")).not_to_contain_text("made inf")


def test_a_finding_in_a_fold_that_does_not_open_stays_at_the_fold(page: Page) -> None:
    data = data_of(DIVERGING)
    show(page, data)
    page.keyboard.press("i")
    box = data["findings"][0]["box"]
    show(page, {**data, "title": "too large"})
    assert page.evaluate("sent") == [["fold", {"open": box}]]
    expect(page.locator(f".stage .node.selected[data-id='{box}']")).to_have_count(1)


def folds(data: dict[str, Any]) -> list[str]:
    return [box for box, facts in data["boxes"].items() if facts.get("folded")]


def test_keys_that_nobody_wants_are_the_players(page: Page) -> None:
    show(page, data_of(SMALL))
    around = "<section tabindex=0>blank</section><button>press</button><input>"
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", around)
    page.locator("main ~ section").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".count")).to_contain_text("1 / ")
    page.keyboard.press("b")
    expect(page.locator(".said")).to_contain_text("backward() begins")
    here = page.locator(".count").text_content() or ""
    page.locator("main ~ button").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-do=play].playing")).to_have_count(0)
    page.locator("main ~ input").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("bew/f")
    expect(page.locator(".count")).to_have_text(here)
    expect(page.locator("main ~ input")).to_have_value("bew/f")


def test_menus_by_keyboard(page: Page) -> None:
    show(page, data_of(SMALL))
    button = page.get_by_role("button", name="Download the picture")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="SVG")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="DOT")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="PNG, 2×")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("menuitem")).to_have_count(0)
    button.click()
    page.locator(".title").click()
    expect(page.get_by_role("menuitem")).to_have_count(0)
