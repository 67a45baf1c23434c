"""The charts of a recorded training, in Chromium against the real server: pointed at, and pressed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, Locator, Page, expect
from torch import nn

from components.recorder import record
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


def shown(page: Page, text: str) -> Locator:
    """What the page says of the step that is shown."""
    return page.get_by_test_id("stCaptionContainer").filter(has_text=text)


@pytest.fixture
def page(visitor: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    """The Code page with a training of four steps, each of which is recorded; the gradients are 1, 2, 3 and 4."""
    net = nn.Linear(2, 1, bias=False)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with record(net, every=1) as run:
        for number in range(1, 5):
            optimizer.zero_grad()
            net(torch.full((2,), float(number))).sum().backward()
            optimizer.step()
    run.save(tmp_path / "four.trace")
    with watched(visitor, "/code") as opened:
        opened.locator(".gv .node").first.wait_for()
        wait_until_the_app_rests(opened)
        opened.get_by_role("button", name="Open").click()
        opened.locator("input[type=file]").set_input_files(tmp_path / "four.trace")
        expect(shown(opened, "Step 3 of 4 steps")).to_be_visible()
        opened.keyboard.press("Escape")
        wait_until_the_app_rests(opened)
        yield opened


def middle(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_mark_above_the_sizes_of_a_layer_leads_to_the_graph_of_its_step(page: Page) -> None:
    chart = page.locator(".st-key-code-training-sizes-chart")
    marks = chart.locator(".scatterlayer .point")
    expect(marks).to_have_count(4)
    marks.first.scroll_into_view_if_needed()
    # Both numbers of step 1's gradient are 2, which is in the bin that ends there: the one in the middle of three.
    across, _ = middle(marks.nth(1))
    _, down = middle(chart.locator(".heatmaplayer image"))
    page.mouse.move(across, down)
    expect(chart.locator(".hovertext")).to_contain_text("1 to 2: 100.00%")
    page.mouse.click(*middle(marks.nth(1)))
    expect(shown(page, "Step 1 of 4 steps")).to_be_visible()


def test_on_a_phone_the_graph_stands_above_the_charts(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".gv.narrow")).to_be_visible()
    parts = page.locator(".st-key-code-editor, .gv, .st-key-code-training-loss")
    tops = parts.evaluate_all("parts => parts.map(part => part.getBoundingClientRect().top)")
    names = parts.evaluate_all("parts => parts.map(part => [...part.classList].at(part.matches('.gv') ? 0 : -1))")
    order = [name for _, name in sorted(zip(tops, names, strict=True))]
    assert order[1] == "gv", order
