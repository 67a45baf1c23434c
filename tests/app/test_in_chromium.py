"""What a person does, in Chromium against the real server: start, example, edit and run, form, stop, two people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, WAIT, wait_for_the_steps_address, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1280, height=800) as opened:
        yield opened


def run_program(page: Page, source: str) -> None:
    wait_until_the_app_rests(page)
    box = page.get_by_label("Program", exact=True)
    box.fill(source)
    box.press("Control+Enter")


def program_of(page: Page) -> str:
    return "\n".join(page.locator(".cm-line").all_text_contents())


def graph_text(page: Page, view: str = "lab") -> str:
    """Return the picture's words; while views change, the old one can still be there for a moment."""
    picture = page.locator(f".{view} .stage svg")
    picture.wait_for()
    return " ".join(picture.locator("text").all_text_contents())


def test_the_playground_shows_a_graph(page: Page, address: str) -> None:
    page.goto(f"{address}/playground")
    assert "SinBackward0" in graph_text(page)
    expect(page.locator(".code li", has_text="torch.sin(x*w) + x**2")).to_be_visible()


def test_the_example_retain_graph_its_torchviz_picture_and_a_changed_program(page: Page, address: str) -> None:
    page.goto(f"{address}/lessons?lesson=retain_graph")
    expect(page.locator(".al-out", has_text="tensor(12.)")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".al-out", has_text="tensor(24.)")).to_be_visible()
    page.get_by_role("radio", name="torchviz").click()
    assert "PowBackward0" in graph_text(page, "torchviz")
    program = program_of(page)
    assert "x ** 3" in program
    run_program(page, program.replace("x ** 3", "x.sin()"))
    expect(page.locator(".torchviz .stage svg text", has_text="SinBackward0")).to_be_visible()


def test_a_loop_that_never_ends_is_stopped(page: Page, address: str) -> None:
    page.goto(f"{address}/code")
    page.locator(".stage svg").wait_for()
    run_program(page, "print('begun')\nn = 0\nwhile True:\n    n += 1\n")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".al-fail")).to_be_visible()
    expect(page.locator(".al-out", has_text="begun")).to_be_visible()


def test_a_click_on_a_node_shows_its_card(page: Page, address: str) -> None:
    page.goto(f"{address}/code")
    page.locator(".stage .node", has_text="TanhBackward0").click()
    expect(page.locator(".card h3")).to_have_text("TanhBackward0")
    expect(page.locator(".card .formula")).to_contain_text("tanh_backward(grad, result)")
    expect(page.locator(".card .symbols")).to_have_text("grad · (1 − h²)")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_be_hidden()


def test_zoom_and_fit(page: Page, address: str) -> None:
    page.goto(f"{address}/code")
    page.locator(".stage svg").wait_for()
    page.get_by_role("button", name="Fit").click()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    assert not whole_graph_is_shown(page)
    page.get_by_role("button", name="Fit").click()
    assert whole_graph_is_shown(page)


def whole_graph_is_shown(page: Page) -> bool:
    """Whether every box lies inside the part of the picture that the pane shows, in the picture's own units."""
    return bool(
        page.locator(".stage svg").evaluate(
            """svg => {
                const pane = svg.getBoundingClientRect();
                return [...svg.querySelectorAll("g.node")].every(node => {
                    const box = node.getBoundingClientRect();
                    return box.left >= pane.left - 1 && box.right <= pane.right + 1
                        && box.top >= pane.top - 1 && box.bottom <= pane.bottom + 1;
                });
            }"""
        )
    )


def test_labels_from_a_program_are_inert(page: Page, address: str) -> None:
    page.goto(f"{address}/code")
    page.locator(".stage svg").wait_for()
    hostile = "<img src=x onerror=window.owned=1><script>window.owned=1</script>"
    run_program(
        page,
        f"import torch\nprint({hostile!r})\nd = {{{hostile!r}: torch.ones(1, requires_grad=True)}}\n"
        f"y = d[{hostile!r}] * 2\ny.backward()\nraise ValueError({hostile!r})\n",
    )
    expect(page.locator(".al-fail")).to_contain_text("<script>")
    assert page.evaluate("window.owned") is None


def test_two_people_at_once_see_their_own(visitor: BrowserContext, address: str) -> None:
    pages = [visitor.new_page() for _ in range(2)]
    for one, number in zip(pages, (3, 5), strict=True):
        one.set_default_timeout(WAIT)
        one.goto(f"{address}/code")
        one.locator(".gv").wait_for()
        run_program(one, f"print({number} * 111)\n")
    for one, number in zip(pages, (333, 555), strict=True):
        expect(one.locator(".al-out", has_text=str(number))).to_be_visible()
        one.evaluate("localStorage.clear()")  # else the next test's page begins with this
        one.close()


def test_a_folded_box_opens_in_place_and_closes_again(page: Page, address: str) -> None:
    page.goto(f"{address}/code")
    page.locator(".stage svg").wait_for()
    run_program(
        page, "import torch\nx = torch.ones(1, requires_grad=True)\ny = x\nfor i in range(900):\n    y = y * 2\n"
    )
    box = page.locator(".stage .node", has_text="iterations 2 to 899")
    box.click()
    expect(page.locator(".card")).to_contain_text("898 nodes in one box")
    page.get_by_role("button", name="Open this box").click()
    page.locator(".stage .node", has_text="iterations 2 to 101").wait_for()
    # What was opened is selected, so that the key closes the frame around it.
    page.locator(".stage").focus()
    page.keyboard.press("c")
    box.wait_for()
    page.locator(".cluster text", has_text="loop, line 5").click()
    page.locator(".stage .node.folded", has_text="loop, line 5").wait_for()


def test_the_editor_marks_the_line_of_the_step_and_leads_to_it(page: Page, address: str) -> None:
    page.goto(f"{address}/lessons?lesson=retain_graph")
    page.locator(".stage svg").wait_for()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    line = page.locator(".cm-line.lab-now")
    expect(line).to_have_text("y = x ** 3")
    page.locator(".cm-lineNumbers .cm-gutterElement", has_text="6").click()
    expect(line).to_have_text("y.backward(retain_graph=True)")
    expect(page.locator(".said")).to_contain_text("backward() begins at y")


def test_step_and_selection_come_back_with_the_link(page: Page, address: str) -> None:
    page.goto(f"{address}/lessons?lesson=retain_graph")
    page.locator(".stage svg").wait_for()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    said = "PowBackward0: 1 comes in, 12 to x."
    expect(page.locator(".said")).to_have_text(said)
    wait_for_the_steps_address(page)
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".said")).to_have_text(said)
    expect(page.locator(".card h3")).to_have_text("PowBackward0")
    expect(page.locator(".card .numbers")).to_have_text("1 · 3·2² = 12")


def test_a_torchviz_picture_is_walked_too(page: Page, address: str) -> None:
    page.goto(f"{address}/lessons?lesson=retain_graph")
    page.locator(".stage svg").wait_for()
    page.get_by_role("radio", name="torchviz").click()
    page.locator(".torchviz .stage svg").wait_for()
    page.locator(".stage").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".torchviz .node.now")).to_contain_text("PowBackward0")


def test_the_html_player_is_downloaded_whole(page: Page, address: str) -> None:
    page.goto(f"{address}/lessons?lesson=retain_graph")
    page.locator(".stage svg").wait_for()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Player as one HTML file").click()
    page.set_content(Path(waiting.value.path()).read_text(encoding="utf-8"))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".said")).to_have_text("Line 3: x = 2.")
