"""The player shows a plain drawing as it shows one of Graphviz: boxes, lines, steps, selection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from components.facts import TraceIndex
from components.figures import LayoutProblem, draw_lab, lab_graph, player_data, svg_ways
from components.widgets.player.page import standalone_page
from tests.app.browser import CHROMIUM
from tests.figures import traces as t

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


def test_the_player_reads_a_plain_drawing(browser: Browser, tmp_path: Path) -> None:
    made = t.chain(3)
    steps = [t.passed(f"n{i}", 1.0, 1.0) for i in (3, 2, 1)]
    made.backwards.append(t.backward("b0", ["n3"], steps))
    index = TraceIndex(made)
    ways = replace(svg_ways(), lay_out=lambda dot: LayoutProblem("failed", "no"))
    drawn = draw_lab(lab_graph(index), ways)
    path = tmp_path / "player.html"
    path.write_text(standalone_page(player_data(index, drawn.image, graph=drawn.graph), "plain"), encoding="utf-8")

    errors: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    boxes = page.locator(".stage .node")
    expect(boxes).to_have_count(6)
    expect(boxes.filter(has_text="AccumulateGrad")).to_have_attribute("aria-label", "AccumulateGrad")
    assert page.locator(".stage .edge[data-link]").count() == 5
    page.locator(".stage").focus()
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage .node.now")).to_have_count(1)
    expect(page.locator(".stage .edge.now")).to_have_count(2)
    first = boxes.filter(has_text="AddBackward0").first
    first.click()
    expect(page.locator(".card h3")).to_have_text("AddBackward0")
    # The letters are in the middle of their box.
    middle = "(one) => { const r = one.getBoundingClientRect(); return r.left + r.width / 2; }"
    shape, text = first.locator("path").evaluate(middle), first.locator("text").first.evaluate(middle)
    assert abs(shape - text) < 2
    page.close()
    assert errors == []
