"""The player in front of a class and in its page: presentation, old pictures, a place that is kept, tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, Scheme, tab
from tests.widgets.mounted import CREATES, SMALL, TRANSFORMER, drawn, mount, rest, show

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
OLD = "Picture of the program before your changes"


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    with tab(reader) as opened:
        mount(opened)
        show(opened, drawn(SMALL))
        yield opened


def typed(page: Page, text: str, channel: str = "test") -> None:
    page.evaluate(
        "detail => window.dispatchEvent(new CustomEvent('autograd-lab:typed', { detail }))",
        {"channel": channel, "text": text},
    )


def present(page: Page, on: bool = True) -> None:
    page.evaluate(
        """on => {
            document.documentElement.classList.toggle("al-present", on);
            window.dispatchEvent(new CustomEvent("autograd-lab:present", { detail: { on } }));
        }""",
        on,
    )
    rest(page)


# --- an old picture


def test_a_picture_of_another_text_says_so_until_the_text_is_the_same_again(page: Page) -> None:
    word, player = page.locator(".old-word"), page.locator(".gv")
    typed(page, SMALL.replace("**2", "**3"))
    expect(word).to_have_text(OLD)
    expect(player).to_contain_class("old")
    box, head = word.bounding_box(), page.locator("header").bounding_box()
    assert box is not None
    assert head is not None
    assert head["y"] <= box["y"] <= box["y"] + box["height"] <= head["y"] + head["height"]
    for same in (SMALL, SMALL.rstrip("\n"), SMALL.replace("\n", "\r\n"), f"{SMALL}\n"):
        typed(page, "x = 1")
        expect(player).to_contain_class("old")
        typed(page, same)
        expect(player).not_to_contain_class("old")
        expect(word).to_be_hidden()


def test_new_data_are_not_old_and_another_editors_text_is_nobodys(page: Page) -> None:
    typed(page, "x = 1", channel="other")
    expect(page.locator(".gv")).not_to_contain_class("old")
    typed(page, CREATES)
    show(page, drawn(SMALL))  # a box was opened, say: the same program
    expect(page.locator(".gv")).to_contain_class("old")
    show(page, drawn(CREATES))
    expect(page.locator(".gv")).not_to_contain_class("old")


# --- tools


@pytest.mark.parametrize("wide", [640, 700, 800, 1000, 1250])
@pytest.mark.parametrize("source", [SMALL, TRANSFORMER])
def test_the_tools_stay_in_one_row(page: Page, wide: int, source: str) -> None:
    mount(page, wide + 2)  # and its border
    data = drawn(source)
    show(page, {**data, "title": "75 nodes in 9 boxes · 24 B saved, each node by itself · drawn without frames"})
    typed(page, "x = 1")
    head = page.locator("header")
    height = head.evaluate("head => head.clientHeight")
    assert height <= 46
    parts = head.locator("> :visible, .finder > :visible").evaluate_all(
        "all => all.map(one => { const r = one.getBoundingClientRect(); return [r.top, r.bottom, r.right]; })"
    )
    around = head.evaluate("head => { const r = head.getBoundingClientRect(); return [r.top, r.bottom, r.right]; }")
    for top, bottom, right in parts:
        assert top >= around[0]
        assert bottom <= around[1]
        assert right <= around[2]
    assert page.locator(".title").get_attribute("title") == page.locator(".title").text_content()


def test_in_a_page_of_the_app_the_download_menu_is_the_pages(page: Page) -> None:
    show(page, drawn(SMALL, own_menu=False))
    expect(page.get_by_role("button", name="Download the picture")).to_have_count(0)
    with page.expect_download() as waiting:
        page.evaluate(
            """() => ["other", "test"].forEach(key => window.dispatchEvent(
                new CustomEvent("autograd-lab:save", { detail: { key, kind: "svg" } })))"""
        )
    assert waiting.value.suggested_filename == "autograd-lab.svg"
    assert b"PowBackward0" in Path(waiting.value.path()).read_bytes()


# --- the place


def test_the_place_is_kept_and_comes_back_without_an_address(page: Page) -> None:
    keep = """() => {
        const texts = new Map(Object.entries(window.texts ?? {}));
        globalThis.autogradLab = { kept: {
            get: name => texts.get(name) ?? null, put: (name, text) => texts.set(name, window.last = text), drop() {},
        } };
    }"""
    page.goto("about:blank")
    page.evaluate(keep)
    mount(page, anew=False)
    show(page, drawn(SMALL))
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    said = page.locator(".said").text_content() or ""
    page.wait_for_function("window.last?.includes('step=')")
    kept = page.evaluate("window.last")
    page.goto("about:blank")
    page.evaluate("text => { window.texts = { 'place:test': text }; }", kept)
    page.evaluate(keep)
    mount(page, anew=False)
    show(page, drawn(SMALL))
    expect(page.locator(".said")).to_have_text(said)
    expect(page.locator(".node.selected").first).to_be_visible()


def test_back_leads_to_the_step_of_the_address(page: Page, tmp_path: Path) -> None:
    signature = drawn(SMALL)["signature"]
    path = tmp_path / "page.html"
    path.write_text(page.content(), encoding="utf-8")
    page.goto(path.as_uri())
    show(page, drawn(SMALL))
    page.evaluate("search => history.pushState(null, '', search)", f"?step=3&node=n2&of={signature}")
    page.evaluate("search => history.pushState(null, '', search)", "?step=0&of=another")
    whole = page.locator(".said").text_content() or ""
    page.go_back()
    expect(page.locator(".said")).not_to_have_text(whole)
    expect(page.locator(".node.selected")).to_contain_text("MulBackward0")
    here = page.locator(".count").text_content() or ""
    page.go_forward()
    expect(page.locator(".count")).to_have_text(here)


# --- presentation


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_wall_the_sentence_is_large_and_page_down_steps_wherever_the_focus_is(page: Page, scheme: Scheme) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.emulate_media(color_scheme=scheme)
    page.keyboard.press("PageDown")
    expect(page.locator(".count")).not_to_contain_text("/")
    present(page)
    around = "<section tabindex=0 role=slider aria-valuenow=1>s</section><textarea></textarea><input>"
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", around)
    page.locator("section[role=slider]").focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".count")).to_contain_text("1 /")
    page.locator(".scrub").focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".count")).to_contain_text("2 /")
    page.keyboard.press("PageUp")
    expect(page.locator(".count")).to_contain_text("1 /")
    # Who has changed the program while presenting is still in the editor.
    for step, field in ((2, "textarea"), (3, "main ~ input")):
        page.locator(field).focus()
        page.keyboard.press("PageDown")
        expect(page.locator(".count")).to_contain_text(f"{step} /")
    size = page.locator(".said").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert size / 4 >= 9  # of a screenshot a quarter as large
    strokes = page.locator(".node.function > path").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).strokeWidth))"
    )
    assert min(strokes) >= 2.5
    expect(page.locator(".find")).to_be_hidden()
    present(page, False)
    expect(page.locator(".find")).to_be_visible()


def test_on_a_wall_plus_and_minus_are_the_size_of_the_text(page: Page) -> None:
    page.locator(".stage").focus()
    scale = "svg => svg.getScreenCTM().a"
    picture = page.locator(".stage > svg")
    before = picture.evaluate(scale)
    page.keyboard.press("+")
    assert picture.evaluate(scale) > before
    page.keyboard.press("0")
    present(page)
    wall = picture.evaluate(scale)
    page.evaluate("document.addEventListener('keydown', event => (window.heard ??= []).push(event.key))")
    page.keyboard.press("+")
    page.keyboard.press("-")
    assert page.evaluate("window.heard") == ["+", "-"]
    assert picture.evaluate(scale) == wall
    small = page.locator(".said").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    page.evaluate("document.documentElement.style.setProperty('--al-zoom', '1.3')")
    rest(page)
    large = page.locator(".said").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert large == pytest.approx(1.3 * small, rel=0.01)


def test_an_escape_that_closes_nothing_is_the_pages(page: Page) -> None:
    page.evaluate("document.addEventListener('keydown', event => (window.heard ??= []).push(event.key))")
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.evaluate("window.heard ?? []") == []
    page.keyboard.press("Escape")
    assert page.evaluate("window.heard") == ["Escape"]


# --- for everyone


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("presents", [False, True])
def test_axe_finds_nothing_serious(page: Page, scheme: Scheme, presents: bool) -> None:
    page.emulate_media(color_scheme=scheme)
    mount(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    show(page, drawn(SMALL, show_code=True))
    present(page, presents)
    for keys in ((), ("b", "ArrowRight", "ArrowRight")):
        for key in keys:
            page.keyboard.press(key)
        rest(page)
        found = page.evaluate("axe.run()")
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in serious] == []


def test_panes_that_scroll_can_be_scrolled_by_the_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 460})
    long = SMALL + "\n".join(f"a{number} = {number}" for number in range(40))
    show(page, drawn(long, show_code=True))
    page.locator(".node", has_text="PowBackward0").dispatch_event("click")
    rest(page)
    for name in (".code", ".card"):
        pane = page.locator(name)
        assert pane.evaluate("pane => pane.scrollHeight > pane.clientHeight")
        assert pane.get_attribute("tabindex") == "0"
