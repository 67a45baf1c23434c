"""The Compare page as a person uses it: a prepared pair, marks in the graphs, a link, saved traces, what is typed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app.links import pack
from components.trace import decode_trace
from tests.app.browser import CHROMIUM, choose, wait_until_the_app_rests, watched

# float32 has 24 bits: 1 + 2**-24 rounds to 1, so left is 1 and right 1 + 2**-23, on every processor.
ROUNDED = (
    "import torch\n\nx = torch.ones(1, requires_grad=True)\ny = (x + 2**-24) + 2**-24\ny.sum().backward()\n",
    "import torch\n\nx = torch.ones(1, requires_grad=True)\ny = x + (2**-24 + 2**-24)\ny.sum().backward()\n",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/compare") as opened:
        ready(opened)
        yield opened


def ready(page: Page) -> None:
    for place in (0, 1):
        page.locator(".gv .node").nth(place).wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    wait_until_the_app_rests(page)


def pair(page: Page, name: str) -> None:
    choose(page, "Pair", name)


def side(page: Page, place: int) -> Locator:
    """The player of the left (0) or the right side (1)."""
    return page.locator(".gv").nth(place)


def saved_traces(page: Page, folder: Path) -> list[Path]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Both traces").click()
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        archive.extractall(folder)
    return [folder / "left.json", folder / "right.json"]


def test_the_first_pair_has_a_verdict_numbers_marks_and_a_timeline(page: Page) -> None:
    expect(page.locator(".al-says")).to_contain_text("Same results; right keeps 256 B less for backward")
    # The columns are nodes, backward passes, saved for backward, peak memory, memory at the end, time.
    apart = page.locator(".al-across tr", has_text="right − left").locator("td")
    # 9 nodes without no_grad; it takes away Mv, Sub, Abs and Mean of the metric: (5 - 9) / 9 = -44.4 %
    expect(apart.nth(0)).to_have_text("−4 (−44.4 %)")
    # Abs keeps (inputs @ w - targets): 64 numbers of 4 bytes
    expect(apart.nth(2)).to_contain_text("−256 B")
    expect(apart.nth(5)).to_have_text("too short to compare")
    expect(side(page, 0).locator(".node.function.only")).to_have_count(4)
    expect(side(page, 0).locator(".legend")).to_contain_text("only on this side")
    expect(side(page, 1).locator(".node.only")).to_have_count(0)
    expect(side(page, 1).locator(".legend")).not_to_contain_text("only on this side")
    dashes = (
        side(page, 0)
        .locator(".node.function.only path")
        .first.evaluate("shape => getComputedStyle(shape).strokeDasharray")
    )
    assert dashes.replace("px", "") == "8, 4"
    plot = page.locator(".js-plotly-plot")
    expect(plot).to_contain_text("left peak")
    expect(plot).to_contain_text("right peak")


def test_detach_takes_edges_away_and_changes_a_gradient(page: Page) -> None:
    pair(page, "detach")
    expect(page.locator(".al-says")).to_contain_text("w.grad: 2.518 against 1.665")
    expect(side(page, 0).locator(".edge.only")).to_have_count(2)
    expect(side(page, 1).locator(".edge.only")).to_have_count(0)
    expect(page.get_by_text("2 edges between them only on the left")).to_be_visible()
    row = page.locator("tr.differs", has_text="w.grad")
    expect(row).to_contain_text("≠ different")
    expect(row).to_contain_text("0.8531")  # 2.518 - 1.665


def test_a_pair_of_which_one_fails_shows_why_on_its_side(page: Page) -> None:
    pair(page, "retain_graph: a second")
    ended = "Left stopped with RuntimeError in line 7, right ran to its end"
    # e**x at 1 and 2, once and twice
    expect(page.locator(".al-says")).to_have_text(f"{ended}; x.grad: [2.718, 7.389] against [5.437, 14.78].")
    failure = page.locator(".al-fail")
    expect(failure).to_contain_text("backward through the graph a second time")
    box, window = failure.bounding_box(), page.viewport_size
    assert box is not None
    assert window is not None
    assert box["x"] + box["width"] < window["width"] / 2


def test_a_link_opens_the_same_pair_elsewhere(page: Page, browser: Browser, address: str) -> None:
    pair(page, "create_graph")
    expect(page.locator(".al-says")).to_contain_text("right keeps 4 B more for backward")
    page.get_by_role("button", name="Share").click()
    link = page.locator(".st-key-share-link code").inner_text()
    assert link.startswith(f"{address}/compare?pair=")
    with browser.new_context() as other, watched(other, link) as elsewhere:
        ready(elsewhere)
        expect(elsewhere.locator(".al-says")).to_have_text(page.locator(".al-says").inner_text())
        editors = elsewhere.locator(".cm-content")
        expect(editors.first).to_contain_text("torch.autograd.grad(y, x)")
        expect(editors.last).to_contain_text("torch.autograd.grad(y, x, create_graph=True)")
        expect(side(elsewhere, 1).locator(".node.function.only")).to_have_count(3)
        assert "pair=" in elsewhere.url
        pair(elsewhere, "log_softmax")
        expect(elsewhere.locator(".al-says")).to_contain_text("Same results")
        elsewhere.wait_for_function("before => location.search !== before", arg=f"?{link.partition('?')[2]}")


def test_saved_traces_are_compared_and_their_programs_can_be_run_again(
    page: Page, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/compare?pair={pack(ROUNDED)}")
    ready(page)
    expect(page.locator(".al-says")).to_contain_text("Same results up to rounding")
    wait_until_the_app_rests(page)
    files = saved_traces(page, tmp_path)
    assert decode_trace(files[0].read_bytes()).program.source != decode_trace(files[1].read_bytes()).program.source
    pair(page, "no_grad")
    expect(page.locator(".al-says")).to_contain_text("Same results; right keeps 256 B")
    for place, (name, file) in enumerate(zip(("left", "right"), files, strict=True)):
        wait_until_the_app_rests(page)
        page.get_by_role("button", name="Open trace").nth(place).click()
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_role("combobox", name=f"{name.capitalize()} side")).to_have_value(
            f"{name.capitalize()}: {name}.json"
        )
        page.keyboard.press("Escape")
    expect(page.locator(".al-says")).to_contain_text("Same results up to rounding")
    expect(side(page, 0).locator(".node.function.only")).to_have_count(1)  # one addition more
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("does not fit into a link")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".cm-content").first.click()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_role("combobox", name="Left side")).to_have_value("Left: the program below")


def test_a_damaged_trace_is_refused_and_the_side_stays(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"version": 1, "steps": []}))
    page.get_by_role("button", name="Open trace").first.click()
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text("broken.json could not be opened. This is not a trace file")
    expect(page.get_by_role("combobox", name="Left side")).to_have_value("Left: the program below")


def test_one_switch_of_the_left_program_on_the_right(page: Page) -> None:
    choose(page, "Right side", "retain_graph")
    expect(page.get_by_role("combobox", name="Right side")).to_have_value("Right: left, retain_graph=True in line 9")
    expect(page.locator(".cm-content").last).to_contain_text("loss.backward(retain_graph=True)")
    expect(page.locator(".al-says")).to_contain_text("Backward does not free the graph")
    page.locator(".cm-content").first.click()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.insert_text("# one more line\n")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator(".cm-content").last).to_contain_text("# one more line")
    expect(page.get_by_role("combobox", name="Right side")).to_have_value("Right: left, retain_graph=True in line 10")


def test_what_was_edited_greys_what_is_shown_until_it_is_run(page: Page) -> None:
    shown = page.locator(".st-key-compare-shown")
    assert shown.evaluate("box => getComputedStyle(box).opacity") == "1"
    page.locator(".cm-content").first.click()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.insert_text("# one more line\n")
    page.locator(".al-says").click()
    expect(page.get_by_text("Edited: press Run both.")).to_be_visible()
    assert shown.evaluate("box => getComputedStyle(box).opacity") == "0.5"
    page.get_by_role("button", name="Run both").click()
    expect(page.get_by_text("Edited: press Run both.")).to_have_count(0)
    expect(side(page, 0).locator(".node.only").first).to_be_visible()
    expect(page.locator(".al-says")).to_contain_text("Same results; right keeps 256 B")


def test_the_link_has_a_button_that_copies_it(page: Page) -> None:
    page.get_by_role("button", name="Share").click()
    copy = page.locator(".st-key-share-link").get_by_role("button", name="Copy to clipboard")
    expect(copy).to_be_visible()
    opacity = """button => { let least = 1; for (let one = button; one; one = one.parentElement)
        least = Math.min(least, getComputedStyle(one).opacity); return least; }"""
    assert copy.evaluate(opacity) == 1


def test_the_numbers_do_not_break_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    cells = page.locator(".al-across td")
    heights = cells.evaluate_all("cells => cells.map(one => one.getBoundingClientRect().height)")
    assert len(heights) == 18
    assert max(heights) < 1.5 * min(heights)


def test_a_step_of_one_player_lights_its_line_in_the_editor_of_its_side(page: Page) -> None:
    side(page, 1).locator("[data-do=next]").click()
    expect(side(page, 1).locator("footer.whole")).to_have_count(0)
    expect(side(page, 0).locator("footer.whole")).to_have_count(1)
    expect(page.locator(".cm-editor").nth(1).locator(".cm-line.lab-now")).to_have_text("torch.manual_seed(0)")
    expect(page.locator(".cm-editor").nth(0).locator(".cm-line.lab-now")).to_have_count(0)


def test_both_sides_stand_level_and_nothing_is_wider_than_the_window(page: Page) -> None:
    for width in (1280, 1920, 390):
        page.set_viewport_size({"width": width, "height": 900})
        wait_until_the_app_rests(page)
        wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= width
        tops = [round(side(page, place).bounding_box()["y"]) for place in (0, 1)]  # type: ignore[index]
        if width > 640:
            assert tops[0] == tops[1]
