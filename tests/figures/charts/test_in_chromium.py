"""What a click on a figure gives to the page: Plotly selects the point, and the point knows its call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from playwright.sync_api import BrowserContext, Page

from components.facts import TraceIndex
from components.facts.gradients.flow import flow_info, intermediate_gradients
from components.figures.charts.gradient_calls import norm_figure, scalar_figure
from components.figures.charts.gradient_cells import vector_figure
from components.figures.charts.gradient_flow import flow_figure, intermediate_figure
from tests.app.browser import CHROMIUM, tab
from tests.facts.gradients.made import by_backward, by_line, history_of
from tests.figures import traces as t

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SELECTED = """() => {
    window.selected = [];
    document.querySelector(".js-plotly-plot").on("plotly_selected", (event) => {
        window.selected.push(...(event?.points ?? []).map(({ customdata }) => customdata));
    });
}"""


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    with tab(reader, width=900, height=600) as opened:
        yield opened


NAME = "params['<b>w</b> %{x}']"
FEW = history_of(by_backward(NAME, 2.0, 2.0), by_backward("w", -3.0, -3.0), by_line(NAME, "none", None))
MANY = history_of(*(by_backward("x", 1.0, float(run), f"b{run}") for run in range(1, 101)))
VECTOR = history_of(by_backward("v", [1.0, -4.0], [1.0, -4.0]), by_line("v", "none", None))
BETWEEN = t.make_trace(
    tensors=[t.tensor("t1", "y", 2.0, "n1")],
    nodes=[t.node("n1", "MulBackward0")],
    backwards=[t.backward("b0", ["n1"], [t.passed("n1", 1.0)])],
)


@pytest.mark.parametrize(
    ("figure", "point", "call"),
    [
        (scalar_figure(FEW), ".bars path", 1),
        (scalar_figure(MANY), ".points path", 1),
        (norm_figure(FEW), ".points path", 1),
        (vector_figure(VECTOR.leaves[0]), ".points path", 1),
        (flow_figure(flow_info(FEW, 1)), ".points path", 1),
        (intermediate_figure([intermediate_gradients(TraceIndex(BETWEEN), "b0")]), ".bars path", "b0"),
    ],
    ids=["bars", "lines", "norms", "vector", "flow", "between"],
)
def test_a_click_selects_a_point_that_knows_its_call(
    page: Page, tmp_path: Path, figure: go.Figure, point: str, call: Any
) -> None:
    # As Streamlit shows a chart with ``on_select``.
    shown = go.Figure(figure).update_layout(clickmode="event+select")
    shown.write_html(tmp_path / "figure.html", include_plotlyjs=True)
    page.goto((tmp_path / "figure.html").as_uri())
    page.wait_for_selector(point, state="attached")
    page.evaluate(SELECTED)
    box = page.locator(point).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)
    page.wait_for_selector(".hoverlayer .hovertext")
    page.mouse.click(x, y)
    page.wait_for_function("window.selected.length")
    assert page.evaluate("window.selected[0][0]") == call


def test_a_strangers_name_is_shown_letter_by_letter(page: Page, tmp_path: Path) -> None:
    scalar_figure(FEW).write_html(tmp_path / "figure.html", include_plotlyjs=True)
    page.goto((tmp_path / "figure.html").as_uri())
    page.hover(".bars path >> nth=0", force=True)
    page.wait_for_selector(".hoverlayer .hovertext")
    assert f"{NAME}: added 2.0" in (page.locator(".hoverlayer .hovertext").first.text_content() or "")
    assert page.locator(".legendtext").first.text_content() == NAME
