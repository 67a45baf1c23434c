"""The table of modules in a browser: a row leads to the module's box and its line, a column colours the picture."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

# So many nodes that the modules are folded at first.
PROGRAM = """\
import torch
from torch import nn
model = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8)) for _ in range(20)))
model(torch.ones(2, 8)).sum().backward()"""
# In CSS pixels.
_ROW, _HEAD = 33, 34


def test_a_row_leads_to_its_box_and_a_column_colours_the_picture(visitor: BrowserContext) -> None:
    with watched(visitor, f"/code?code={quote(PROGRAM)}", width=1280, height=800) as page:
        page.locator(".stage svg").wait_for()
        wait_until_the_app_rests(page)
        page.get_by_role("button", name="Modules").click()
        list_ = page.locator(".by select")
        expect(list_.locator("option", has_text="colour: forward of modules")).to_have_count(1)
        wait_until_the_app_rests(page)
        rows = page.get_by_test_id("stDataFrame")
        # The third row is that of the first Linear.
        rows.click(position={"x": 16, "y": _HEAD + 2.5 * _ROW})
        expect(page.locator(".card")).to_contain_text("model.0.0")
        expect(page.locator(".cm-line.lab-lit")).to_contain_text("model(torch.ones(2, 8))")
        list_.select_option(label="colour: parameters of modules")
        expect(page.locator(".stage .node.scaled").first).to_be_attached()
        expect(page.locator(".legend .scale")).to_be_visible()
