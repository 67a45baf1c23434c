"""The player in Chromium: walking, looking around, selecting, reading, by pointer and by keyboard.

It is opened from a file, as ``render --format html`` writes it: the same code as in the page, without a server.

Longer than usual because the player is tried out as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from components.widgets.player.page import FOLDER, MAIN
from components.widgets.scripts import joined
from tests.app.browser import CHROMIUM, tab, wait_for_the_steps_address
from tests.widgets.test_player import standalone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PROGRAM = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
h = x * w
y = h ** 2
y.backward(retain_graph=True)
print("first", x.grad)
y.backward()
"""
FAILS = """\
import torch
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward()
y.backward()
"""
ROOTS = """\
import torch
x = torch.tensor([0.0, 4.0], requires_grad=True)
(x.sqrt() * 0).sum().backward()
"""
LOOP = """\
import torch
x = torch.tensor(0.9, requires_grad=True)
y = x
for i in range(300):
    y = torch.tanh(y) * x
y.backward()
"""


@pytest.fixture
def page(reader: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    with tab(reader) as opened:
        show(opened, tmp_path, PROGRAM)
        yield opened


def show(page: Page, folder: Path, source: str) -> None:
    path = folder / "player.html"
    path.write_text(standalone(source), encoding="utf-8")
    page.goto(path.as_uri())
    picture(page).wait_for()


def picture(page: Page) -> Locator:
    return page.locator(".stage > svg")


def box(page: Page, title: str) -> Locator:
    return page.locator(".stage .node", has_text=title)


def seen(page: Page) -> list[float]:
    """Return what part of the picture is seen: left, top, width, height, in its own units."""
    return [float(number) for number in (picture(page).get_attribute("viewBox") or "").split()]


def centre(page: Page, title: str) -> tuple[float, float]:
    place = box(page, title).bounding_box()
    assert place is not None
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def said(page: Page) -> str:
    return page.locator(".said").text_content() or ""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def walk_to(page: Page, words: str) -> None:
    """Press → until the sentence has these words."""
    for _ in range(60):
        press(page, "ArrowRight")
        if words in said(page):
            return
    raise AssertionError(words)


# --- the story


def test_the_whole_run_is_seen_first_and_the_arrow_begins_it(page: Page) -> None:
    # d/dx (x * w)**2 = 2 * 6 * 3 = 36, twice; to w 2 * 6 * 2 = 24.
    assert said(page) == (
        "Line 9, call 2: backward() adds to x.grad (36 + 36 = 72) and w.grad (24 + 24 = 48). "
        "It frees 12 B, kept by retain_graph=True on line 7."
    )
    expect(page.locator(".node.future")).to_have_count(0)
    press(page, "ArrowRight")
    # An import is no step: x is there, and nothing else yet.
    expect(page.locator(".code .now .no")).to_have_text("3")
    expect(page.locator(".node:not(.future)")).to_have_count(1)
    expect(page.locator(".node:not(.future)")).to_contain_text("x")


def test_gradients_arrive_with_their_numbers_and_are_added_up(page: Page) -> None:
    walk_to(page, "PowBackward0: 1 comes in")
    # d/dh h**2 = 2 * 6 = 12
    expect(page.locator(".node.now")).to_have_count(1)
    expect(page.locator(".edge.now text", has_text="12")).to_be_visible()
    expect(page.locator(".card h3")).to_have_text("PowBackward0")
    expect(page.locator(".card .when")).to_have_text("step 1 of 4 of backward() on line 7")
    walk_to(page, "x.grad becomes 36")  # 12 * w = 12 * 3
    expect(box(page, "AccumulateGrad").first).to_be_visible()
    expect(page.locator(".node.leaf", has_text="x")).to_contain_text(".grad 36")
    walk_to(page, "x.grad gets 36 added: 36 + 36 = 72")
    expect(page.locator(".node.leaf", has_text="x")).to_contain_text(".grad 36 + 36 = 72")


def test_saved_tensors_fade_when_the_pass_without_retain_graph_is_done(page: Page) -> None:
    walk_to(page, "retain_graph=True keeps the graph")
    expect(page.locator(".node.saved.freed")).to_have_count(0)
    walk_to(page, "is done and frees")
    expect(page.locator(".node.saved.freed")).to_have_count(2)
    press(page, "ArrowLeft")
    expect(page.locator(".node.saved.freed")).to_have_count(0)


def test_home_end_backward_play_and_the_scrubber(page: Page) -> None:
    press(page, "End")
    count = page.locator(".count").text_content() or ""
    last, all_ = count.split(" / ")
    assert last == all_
    press(page, "Home")
    expect(page.locator(".count")).to_have_text(f"1 / {all_}")
    page.get_by_role("button", name="To the next backward").click()
    assert said(page).startswith("backward() begins at y")
    expect(page.locator(".code .now .no")).to_have_text("7")
    page.locator(".speed").select_option("10")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".count")).to_have_text(f"{all_} / {all_}", timeout=10_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.locator(".scrub").fill("0")
    assert said(page) == "Line 3: x = 2."


def test_a_click_on_a_line_goes_to_it_and_a_pointer_on_it_lights_its_nodes(page: Page) -> None:
    page.locator(".code li").nth(5).click()
    assert said(page).startswith("PowBackward0 is recorded")
    page.locator(".code li").nth(4).hover()
    expect(page.locator(".node.function.near", has_text="MulBackward0")).to_have_count(1)
    box(page, "PowBackward0").hover()
    expect(page.locator(".code li.lit .no")).to_have_text("6")


def test_what_a_line_made_and_printed_stands_beside_it_from_then_on(page: Page) -> None:
    walk_to(page, "Line 8: prints first tensor(36.)")
    expect(page.locator(".code li").nth(7).locator(".printed")).to_have_text("first tensor(36.)")
    press(page, "ArrowLeft")
    expect(page.locator(".code .printed")).to_have_count(0)
    expect(page.locator(".code li").nth(4).locator(".made")).to_have_text("h = 6")


def test_the_step_is_in_the_address_and_comes_back_with_it(page: Page) -> None:
    walk_to(page, "PowBackward0: 1 comes in")
    wait_for_the_steps_address(page)
    here = said(page)
    page.reload()
    picture(page).wait_for()
    assert said(page) == here
    expect(page.locator(".card h3")).to_have_text("PowBackward0")


def test_an_error_is_shown_at_its_node_with_the_line_that_freed_it(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, FAILS)
    page.get_by_role("button", name="To the error").click()
    assert said(page).startswith("The engine stops at PowBackward0. What it had saved was freed by the call on line 4.")
    expect(page.locator(".node.stopped")).to_contain_text("PowBackward0")
    expect(page.locator(".code .now.bad .no")).to_have_text("5")
    assert page.locator(".code .lit .no").all_text_contents() == ["3", "4"]
    expect(page.locator(".card .note")).to_have_text(
        "Backward stopped here: what this node had saved was freed by line 4."
    )


# --- looking around


def test_the_wheel_zooms_to_the_pointer_and_fit_comes_back(page: Page) -> None:
    home = seen(page)
    before = centre(page, "PowBackward0")
    page.mouse.move(*before)
    page.mouse.wheel(0, -400)
    expect(picture(page)).not_to_have_attribute("viewBox", " ".join(f"{number:g}" for number in home))
    # What is under the pointer stays there, though the picture is letterboxed.
    assert centre(page, "PowBackward0") == pytest.approx(before, abs=1.5)
    assert seen(page)[2] < home[2]
    page.get_by_role("button", name="Fit").click()
    assert seen(page) == home


def test_buttons_zoom_around_the_middle(page: Page) -> None:
    left, top, width, height = seen(page)
    page.get_by_role("button", name="Zoom in").click()
    # 0.8 of the width and height around the same middle: the corner moves by a tenth of each.
    assert seen(page) == pytest.approx([left + width / 10, top + height / 10, width * 0.8, height * 0.8], abs=0.01)
    page.get_by_role("button", name="Zoom out").click()
    assert seen(page) == pytest.approx([left, top, width, height], abs=0.01)


def test_dragging_moves_the_picture_with_the_pointer_and_selects_nothing(page: Page) -> None:
    x, y = centre(page, "PowBackward0")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 25, steps=5)
    page.mouse.up()
    assert centre(page, "PowBackward0") == pytest.approx((x + 60, y + 25), abs=1.5)
    expect(page.locator(".card")).to_be_hidden()


def test_a_click_shows_the_card_and_lights_the_edges(page: Page) -> None:
    box(page, "PowBackward0").click()
    card = page.locator(".card")
    expect(card.locator("h3")).to_have_text("PowBackward0")
    expect(card.locator(".formula")).to_contain_text("pow_backward(grad, self, exponent)")
    expect(card.locator(".note")).to_contain_text("backward() on line 9 had no retain_graph")
    # From y, to the saved tensor, to the product.
    expect(page.locator(".edge.beside")).to_have_count(3)
    page.get_by_role("button", name="Close the card").click()
    expect(card).to_be_hidden()


def test_the_keyboard_follows_the_gradient(page: Page) -> None:
    page.locator(".stage").focus()
    chosen = page.locator(".node.selected")
    for key, words in (
        ("ArrowDown", "y"),
        ("ArrowDown", "PowBackward0"),
        ("Shift+ArrowRight", "h"),
        ("Shift+ArrowLeft", "PowBackward0"),
        ("ArrowUp", "y"),
        ("ArrowDown", "PowBackward0"),
        ("ArrowDown", "MulBackward0"),
    ):
        press(page, key)
        expect(chosen).to_contain_text(words)
    expect(page.locator(".announced")).to_contain_text("MulBackward0 line 5")
    expect(page.locator(".card")).to_be_hidden()
    press(page, "Enter")
    expect(page.locator(".card h3")).to_have_text("MulBackward0")
    press(page, "Escape")
    expect(page.locator(".card")).to_be_hidden()
    expect(chosen).to_have_count(1)
    press(page, "Escape")
    expect(chosen).to_have_count(0)


def test_search_finds_by_name_variable_and_folded_node(page: Page, tmp_path: Path) -> None:
    page.locator(".stage").focus()
    press(page, "/")
    page.keyboard.type("accumulate")
    expect(page.locator(".node.hit")).to_have_count(2)
    press(page, "Enter")
    expect(page.locator(".node.selected")).to_contain_text("AccumulateGrad")
    press(page, "Escape")
    expect(page.locator(".node.hit")).to_have_count(0)
    show(page, tmp_path, LOOP)
    page.locator(".stage").focus()
    press(page, "/")
    page.keyboard.type("tanh")
    expect(page.locator(".node.folded.hit")).to_have_count(1)


def test_colour_by_order_and_norm_has_a_scale_of_its_own(page: Page) -> None:
    page.locator(".by select").select_option("norm")
    expect(page.locator(".node.scaled")).to_have_count(4)
    # |1| comes in at PowBackward0, |36| at the AccumulateGrad of x.
    expect(page.locator(".legend .scale")).to_have_text("136")
    page.locator(".by select").select_option("order")
    assert sorted(page.locator(".badge").all_text_contents()) == ["1", "2", "3", "4"]
    page.locator(".by select").select_option("kind")
    expect(page.locator(".node.scaled")).to_have_count(0)
    expect(page.locator(".badge")).to_have_count(0)


def test_copies_of_a_leaf_are_lit_together(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, LOOP)
    page.locator(".node.leaf.copy").first.click(force=True)
    expect(page.locator(".card h3")).to_have_text("x")
    assert page.locator(".node.selected").count() == page.locator(".node.leaf.copy").count() + 1


@pytest.mark.parametrize(
    ("item", "start"), [("SVG, as shown", b"<svg"), ("PNG, 2×", b"\x89PNG"), ("PNG, 4×", b"\x89PNG")]
)
def test_the_picture_is_downloaded_with_its_colours(page: Page, item: str, start: bytes) -> None:
    page.get_by_role("button", name="Download the picture").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name=item).click()
    data = Path(waiting.value.path()).read_bytes()
    assert data.startswith(start)
    if start == b"<svg":
        text = data.decode()
        assert "PowBackward0" in text
        assert "var(" not in text
        assert "rgb(207, 230, 251)" in text  # the light blue of a leaf


def test_a_long_line_of_the_program_goes_on_further_in_than_it_begins(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 760, "height": 700})
    show(page, tmp_path, "import torch\n\nif True:\n    first = torch.nn.functional.softplus(torch.ones(2))\n")
    program, stage = page.locator(".code").bounding_box(), page.locator(".stage").bounding_box()
    assert program is not None
    assert stage is not None
    assert program["x"] + program["width"] <= stage["x"] + 1
    assert program["width"] >= 300
    # Where the letters of each row begin, in letters from where the line could begin.
    begins = (
        page.locator(".code code")
        .nth(3)
        .evaluate("""code => {
        const range = document.createRange(), { left } = code.getBoundingClientRect(), rows = new Map();
        const walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        const letter = parseFloat(getComputedStyle(code).paddingLeft) / 6;
        while (walk.nextNode()) for (let at = 0; at < walk.currentNode.length; at++) {
            range.setStart(walk.currentNode, at);
            range.setEnd(walk.currentNode, at + 1);
            const box = range.getBoundingClientRect(), row = Math.round(box.top);
            if (range.toString().trim() && !rows.has(row)) rows.set(row, Math.round((box.left - left) / letter));
        }
        return [...rows.values()];
    }""")
    )
    assert begins[0] == 4
    assert set(begins[1:]) == {6}


def test_on_a_phone_the_panes_stack_and_nothing_is_wider_than_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".gv.narrow")).to_have_count(1)
    program, stage = page.locator(".code").bounding_box(), page.locator(".stage").bounding_box()
    box(page, "PowBackward0").click()
    card, node = page.locator(".card").bounding_box(), box(page, "PowBackward0").bounding_box()
    assert program is not None
    assert stage is not None
    assert card is not None
    assert node is not None
    assert program["y"] >= stage["y"] + stage["height"]
    # The card lies over the lower part, the stage stays as it is, and the node is above the card.
    assert page.locator(".stage").bounding_box() == stage
    assert node["y"] + node["height"] <= card["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_a_graph_there_are_the_lines(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "none.html"
    path.write_text(standalone("a = 1\nprint(a)\n"), encoding="utf-8")
    page.goto(path.as_uri())
    press(page, "ArrowRight", "ArrowRight")
    assert said(page) == "Line 2: prints 1."


def test_an_svg_with_more_than_a_drawing_in_it_is_cleaned(page: Page) -> None:
    """The same function that the component uses, on a text that Graphviz would not write but a bug of it might."""
    page.goto("about:blank")
    left = page.evaluate(
        "([source, text]) => new Function('text', source + '; return sanitised(text)?.outerHTML ?? null')(text)",
        [
            joined(FOLDER, MAIN, "function start"),
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()">'
            "<script>x()</script><style>*{}</style><foreignObject/><image href='http://a/'/><use href='#a'/>"
            "<g class='node' onclick='x()' style='fill:url(http://a/)'><a xlink:href='javascript:x()' target='_top'>"
            "<text x='1' fill='url(#g)'>kept</text><animate/></a></g></svg>",
        ],
    )
    assert left == ('<svg><g class="node"><text x="1">kept</text></g></svg>')


def test_ill_gradients_are_listed_and_lead_to_their_moments(page: Page, tmp_path: Path) -> None:
    show(
        page,
        tmp_path,
        "import torch\nx = torch.tensor([0.0, 4.0], requires_grad=True)\n(x.sqrt() * 0).sum().backward()\n",
    )
    page.get_by_role("button", name="NaN").click()
    # 0 / (2 * sqrt(0)) is not a number: out of the square root, into the leaf.
    items = page.get_by_role("menuitem")
    expect(items).to_have_count(2)
    items.first.click()
    assert said(page).startswith("SqrtBackward0 (line 3) made NaN in 1 of 2 elements in backward() of line 3: 0 came")
    assert said(page).endswith("0 times infinity is NaN.")
    expect(page.locator(".node.now")).to_contain_text("SqrtBackward0")
    page.locator(".stage").focus()
    press(page, "i")
    expect(page.locator(".node.selected").first).to_contain_text("AccumulateGrad")
