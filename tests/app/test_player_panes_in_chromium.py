"""The player's panes in small windows: none is drawn over another, and another program's graph is in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, Scheme, choose, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

PANES = ("header", ".code", ".stage", ".legend", ".card", "footer")
# Left, top, right and bottom of each pane that is seen; ``null`` for the others.
BOXES = """(player, panes) => panes.map(name => {
    const pane = player.querySelector(name), r = pane.getBoundingClientRect();
    return pane.checkVisibility() && r.height ? [r.left, r.top, r.right, r.bottom] : null;
})"""
SEEN = """stage => {
    const around = stage.getBoundingClientRect();
    return [...stage.querySelectorAll(".node")].filter(node => {
        const r = node.getBoundingClientRect();
        return r.left >= around.left && r.right <= around.right && r.top >= around.top && r.bottom <= around.bottom;
    }).length;
}"""


@contextmanager
def opened(visitor: BrowserContext, path: str, width: int, height: int, scheme: Scheme) -> Iterator[Page]:
    with watched(visitor, path, width=width, height=height, scheme=scheme) as page:
        page.locator(".gv .node").first.wait_for()
        wait_until_the_app_rests(page)
        yield page


def panes(page: Page) -> dict[str, Sequence[float]]:
    found: list[list[float] | None] = page.locator(".gv").first.evaluate(BOXES, list(PANES))
    return {name: box for name, box in zip(PANES, found, strict=True) if box is not None}


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1280, 800, "light"), (1280, 800, "dark"), (1280, 620, "light"), (390, 844, "dark")]
)
@pytest.mark.parametrize("path", ["/memory", "/gradients", "/compare", "/lessons"])
def test_no_pane_is_drawn_over_another(
    visitor: BrowserContext, path: str, width: int, height: int, scheme: Scheme
) -> None:
    with opened(visitor, path, width, height, scheme) as page:
        no_pane_over_another(page)


def no_pane_over_another(page: Page) -> None:
    """But for the card, which lies over the stage or over what stands below it."""
    for card in (False, True):
        if card:
            page.locator(".gv").first.locator(".node").first.dispatch_event("click")
            expect(page.locator(".gv").first.locator(".card")).to_be_visible()
        seen = panes(page)
        assert (".card" in seen) == card
        for one, other in combinations(seen.keys() - {".card"}, 2):
            (left, top, right, bottom), (x, y, to_x, to_y) = seen[one], seen[other]
            wide, high = min(right, to_x) - max(left, x), min(bottom, to_y) - max(top, y)
            assert min(wide, high) < 1, (one, other, seen)
        # The graph, and what the card says, keep a useful part of it.
        assert seen[".stage"][3] - seen[".stage"][1] >= 60
        if card:
            left, top, right, bottom = seen[".card"]
            assert seen[".stage"][1] <= top + 1
            assert bottom <= seen["footer"][1] + 1
            assert bottom - top >= 90
            selected = page.locator(".gv").first.locator(".node.selected").first.bounding_box()
            assert selected is not None
            x, y = selected["x"] + selected["width"] / 2, selected["y"] + selected["height"] / 2
            assert not (left < x < right and top < y < bottom)


def test_the_graph_of_another_program_is_in_sight(visitor: BrowserContext) -> None:
    with opened(visitor, "/memory", 1280, 800, "light") as page:
        others_in_sight(page)


def others_in_sight(page: Page) -> None:
    for example, title in (("A training loop with Adam", "Adam"), ("A leak", "41 nodes")):
        choose(page, "Program", example)
        if title != "Adam":
            expect(page.locator(".gv .title")).to_contain_text(title)
        wait_until_the_app_rests(page)
        page.wait_for_function(f"stage => ({SEEN})(stage) >= 3", arg=page.locator(".gv .stage").element_handle())
