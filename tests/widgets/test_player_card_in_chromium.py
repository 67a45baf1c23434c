"""The card and the edges of the picture: what is seen keeps its size, can be read, and says where there is more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, tab
from tests.widgets.mounted import LOOP, PROGRAMS, SMALL, TRANSFORMER, drawn, mount, rest, show

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
# Windows, and widths of the player in them.
PLACES = [
    ((1280, 800), (360, 640, 800)),
    ((1366, 768), (395, 800, 1250)),
    ((1920, 1080), (640, 1250)),
]
# The scale of the picture, the smallest title in pixels, and the rectangles of what is on the stage.
SEEN = """player => {
    const svg = player.querySelector(".stage > svg"), scale = svg.getScreenCTM().a;
    const box = one => { const r = one.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const shape = one => box(one.querySelector("path, polygon, ellipse"));
    const nodes = [...svg.querySelectorAll(".node")];
    const lines = nodes.map(one => one.querySelector("text"));
    const sizes = lines.map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a);
    const at = name => { const one = player.querySelector(name); return one?.checkVisibility() ? box(one) : null; };
    return {
        scale, view: svg.getAttribute("viewBox"), title: Math.min(...sizes), nodes: nodes.map(shape),
        ids: nodes.map(one => one.dataset.id),
        outputs: [...svg.querySelectorAll(".node.output")].map(shape), stage: box(player.querySelector(".stage")),
        selected: [...svg.querySelectorAll(".node.selected")].map(shape), card: at(".card"),
        sides: Object.fromEntries(["left", "right", "up", "down"].map(name => [name, at(`.more .${name} button`)])),
    };
}"""
Box = list[float]


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    with tab(reader) as opened:
        yield opened


def seen(page: Page) -> dict[str, Any]:
    rest(page)
    found: dict[str, Any] = page.locator(".gv").evaluate(SEEN)
    return found


def is_within(box: Box, around: Box, tolerance: float = 1) -> bool:
    return (
        box[0] >= around[0] - tolerance
        and box[1] >= around[1] - tolerance
        and box[2] <= around[2] + tolerance
        and box[3] <= around[3] + tolerance
    )


def overlap(box: Box, other: Box) -> float:
    return min(min(box[2], other[2]) - max(box[0], other[0]), min(box[3], other[3]) - max(box[1], other[1]))


def free_of(what: dict[str, Any]) -> Box:
    """Return what a card leaves of the stage: of the parts beside it the largest."""
    left, top, right, bottom = what["stage"]
    if what["card"] is None or overlap(what["card"], what["stage"]) <= 0:
        return [left, top, right, bottom]
    parts = [
        [left, top, what["card"][0], bottom],
        [what["card"][2], top, right, bottom],
        [left, top, right, what["card"][1]],
    ]
    return max(parts, key=lambda part: max(0, part[2] - part[0]) * max(0, part[3] - part[1]))


def edges_say_what_is_cut(what: dict[str, Any]) -> None:
    """A side has its button exactly where a box of the picture goes on beyond it."""
    left, top, right, bottom = free_of(what)
    nodes = what["nodes"]
    beyond = {
        "left": left - min(box[0] for box in nodes),
        "right": max(box[2] for box in nodes) - right,
        "up": top - min(box[1] for box in nodes),
        "down": max(box[3] for box in nodes) - bottom,
    }
    for side, pixels in beyond.items():
        if abs(pixels - 6) > 1.5:  # at the very limit either is right
            assert (what["sides"][side] is not None) == (pixels > 6), (side, pixels)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", ["lab", "torchviz"])
def test_titles_can_be_read_first_and_beside_a_card(page: Page, name: str, kind: str) -> None:
    data = drawn(PROGRAMS[name], kind, show_code=name == "small")
    for (width, height), widths in PLACES:
        page.set_viewport_size({"width": width, "height": height})
        for wide in widths:
            mount(page, wide)
            show(page, data)
            first = seen(page)
            assert first["title"] >= 9, (width, wide)
            assert not first["outputs"] or any(is_within(box, first["stage"]) for box in first["outputs"])
            edges_say_what_is_cut(first)
            told = [name.split("~")[0] in data["cards"] or name in data["cards"] for name in first["ids"]]
            in_sight = [at for at, box in enumerate(first["nodes"]) if told[at] and is_within(box, first["stage"])]
            page.locator(".node").nth(in_sight[-1]).dispatch_event("click")
            with_card = seen(page)
            assert with_card["card"] is not None
            assert with_card["scale"] == pytest.approx(first["scale"], rel=1e-6)
            assert with_card["stage"] == first["stage"]
            selected = with_card["nodes"][in_sight[-1]]
            assert is_within(selected, free_of(with_card)), (width, wide)
            edges_say_what_is_cut(with_card)
            page.get_by_role("button", name="Close the card").click()
            assert seen(page)["view"] == first["view"]


@pytest.mark.parametrize("wide", [395, 800, 1250])
def test_stepping_with_the_card_open_does_not_make_a_picture_jump_that_fits(page: Page, wide: int) -> None:
    mount(page, wide)
    show(page, drawn(SMALL))
    page.locator(".node").first.dispatch_event("click")
    views = set()
    scale = seen(page)["scale"]
    for _ in range(15):
        page.keyboard.press("ArrowRight")
        what = seen(page)
        views.add(what["view"])
        assert what["scale"] == pytest.approx(scale, rel=1e-6)
        for box in what["selected"]:
            assert is_within(box, free_of(what))
    assert len(views) == 1 if wide > 800 else len(views) < 5


def test_stepping_through_a_large_picture_moves_it_seldom_and_keeps_its_size(page: Page) -> None:
    mount(page, 800)
    show(page, drawn(TRANSFORMER))
    before = seen(page)
    views = [before["view"]]
    steps = 60
    page.keyboard.press("b")
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
        what = seen(page)
        assert what["scale"] == pytest.approx(before["scale"], rel=1e-6)
        views.append(what["view"])
        assert all(is_within(box, free_of(what)) for box in what["selected"][:1])
    assert sum(one != other for one, other in pairwise(views)) < steps / 2


def test_what_somebody_moved_stays_when_the_card_closes(page: Page) -> None:
    mount(page, 800)
    show(page, drawn(SMALL))
    page.locator(".node").first.dispatch_event("click")
    with_card = seen(page)
    stage = with_card["stage"]
    page.mouse.move(stage[0] + 30, stage[3] - 30)
    page.mouse.down()
    page.mouse.move(stage[0] + 60, stage[3] - 50, steps=4)
    page.mouse.up()
    moved = seen(page)["view"]
    assert moved != with_card["view"]
    page.get_by_role("button", name="Close the card").click()
    assert seen(page)["view"] == moved


def test_the_edges_lead_on_to_the_end_and_go_when_nothing_is_cut(page: Page) -> None:
    mount(page, 395)
    show(page, drawn(LOOP))
    for side in ("down", "right", "up", "left"):
        button = page.locator(f".more .{side} button")
        for _ in range(30):
            what = seen(page)
            edges_say_what_is_cut(what)
            if what["sides"][side] is None:
                break
            button.click()
        assert what["sides"][side] is None
    page.get_by_role("button", name="Fit").click()
    whole = seen(page)
    edges_say_what_is_cut(whole)
    assert not any(whole["sides"].values())
    page.get_by_role("button", name="Zoom in").click(click_count=3)
    edges_say_what_is_cut(seen(page))
    expect(page.locator(".card")).to_be_hidden()


def test_a_new_picture_of_the_same_graph_stands_where_the_old_one_did_beside_the_card(page: Page) -> None:
    mount(page, 800)
    data = drawn(SMALL)
    show(page, data)
    page.locator(".node").nth(3).dispatch_event("click")
    before = seen(page)["view"]
    show(page, {**data, "svg": data["svg"] + " ", "source": SMALL + "# again"})
    assert seen(page)["view"] == before


@pytest.mark.parametrize("show_code", [True, False])
def test_on_a_phone_nothing_covers_what_is_selected_and_nothing_scrolls_sideways(page: Page, show_code: bool) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    mount(page)
    show(page, drawn(SMALL, show_code=show_code))
    page.locator(".node").nth(2).dispatch_event("click")
    what = seen(page)
    assert what["card"] is not None
    assert overlap(what["card"], what["selected"][0]) <= 0
    assert what["card"][3] - what["card"][1] >= 120
    rows = page.locator("header .finder > :visible, footer button:visible, footer .pace").evaluate_all(
        "all => all.map(one => { const r = one.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })"
    )
    for number, box in enumerate(rows):
        assert box[2] <= 390
        assert all(overlap(box, other) <= 0.5 for other in rows[:number]), rows
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
