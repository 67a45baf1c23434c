"""The Derivatives page as a person uses it: its sections, own functions, functions out of a program, mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/derivatives") as opened:
        opened.get_by_text("its graph adds").wait_for()
        yield opened


def section(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def example(page: Page, name: str) -> None:
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name=name).click()
    page.keyboard.press("Escape")


def write(page: Page, text: str) -> None:
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("ControlOrMeta+Enter")


def test_derivatives_with_their_checks_formulas_and_graph(page: Page) -> None:
    table = page.locator("table")
    # x^2 sin x at 1.5: 2.25 * 0.997495 = 2.244364; 2x sin x + x^2 cos x = 2.992485 + 0.159159 = 3.151644
    expect(table).to_contain_text("2.244364")
    expect(table).to_contain_text("3.151644 ✓")
    expect(table.locator(".katex").nth(3)).to_be_visible()
    page.locator(".gv .node").first.wait_for()
    expect(page.locator(".gv")).to_contain_text("d3")


def test_an_own_function_a_mistake_in_it_and_its_mending(page: Page) -> None:
    write(page, "import torch\n\ndef f(x):\n    return x ** 4\n\nx = torch.tensor(2.0)\n")
    # 16, 4 * 8, 12 * 4, 24 * 2
    for number in ("16", "32 ✓", "48 ✓"):
        expect(page.locator("table")).to_contain_text(number)
    write(page, "import torch\n\ndef f(x):\n    return x ** y\n\nx = torch.tensor(2.0)\n")
    expect(page.get_by_role("alert")).to_contain_text("NameError")
    expect(page.get_by_role("alert")).to_contain_text("line 4")
    write(page, "x = 3")
    expect(page.get_by_text("The program defines no function")).to_be_visible()
    write(page, "import torch\n\ndef f(x):\n    return x ** 2\n\nx = torch.tensor(3.0)\n")
    expect(page.locator("table")).to_contain_text("6 ✓")


def test_matrices_of_a_softmax_and_the_two_ways(page: Page) -> None:
    example(page, "Softmax of a vector")
    section(page, "Jacobian, Hessian")
    expect(page.get_by_text("4 × 4")).to_be_visible()
    expect(page.get_by_text("Both ways give the same numbers")).to_be_visible()
    expect(page.locator(".js-plotly-plot .heatmaplayer")).to_have_count(1)
    section(page, "Hessian")
    expect(page.get_by_text("Eigenvalues:")).to_be_visible()
    section(page, "VJP")
    page.get_by_label("Cotangent v of the output").fill("1, 0, 0, 0")
    page.get_by_label("Cotangent v of the output").press("Enter")
    expect(page.get_by_text("1 × 4")).to_be_visible()
    page.get_by_label("Cotangent v of the output").fill("1, 2")
    page.get_by_label("Cotangent v of the output").press("Enter")
    expect(page.get_by_text("The vector needs 4 numbers")).to_be_visible()
    page.get_by_label("Cotangent v of the output").fill("1, hello")
    page.get_by_label("Cotangent v of the output").press("Enter")
    expect(page.get_by_text("This is no finite number: hello")).to_be_visible()


def test_a_curve_and_its_tangent(page: Page) -> None:
    section(page, "Plot")
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(5)  # f, f', f'', tangent, point
    expect(page.get_by_text("At x = 1.5")).to_be_visible()
    page.get_by_label("x to").fill("1")
    page.get_by_label("x to").press("Enter")
    expect(page.get_by_text("At x = 1: f")).to_be_visible()
    page.get_by_label("x from").fill("7")
    page.get_by_label("x from").press("Enter")
    expect(page.get_by_text("The range is empty")).to_be_visible()


def test_a_surface_and_a_descent_that_diverges(page: Page) -> None:
    example(page, "Rosenbrock, two numbers")
    section(page, "Plot")
    expect(page.get_by_text("20 steps of rate 0.05")).to_be_visible()
    expect(page.locator(".js-plotly-plot .contourlayer")).to_have_count(1)
    page.get_by_label("Rate").fill("5")
    page.get_by_label("Rate").press("Enter")
    expect(page.get_by_text("the descent diverges")).to_be_visible()


def test_a_wrong_backward_is_caught(page: Page) -> None:
    example(page, "A wrong hand-written backward")
    section(page, "Checks")
    expect(page.get_by_role("alert")).to_contain_text("gradcheck fails")
    expect(page.get_by_role("alert")).to_contain_text("∂f/∂x[2]: autograd says -1.5, finite differences 0.75")
    expect(page.locator("table")).to_contain_text("12 ✗")


def test_a_function_out_of_the_program_on_the_code_page(page: Page) -> None:
    page.get_by_role("button", name="From my program").click()
    expect(page.get_by_text("There is no program yet")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Code").click()
    page.get_by_text("accumulated", exact=False).first.wait_for()
    page.locator(".gv .node").first.wait_for()
    page.get_by_role("link", name="Derivatives").click()
    page.get_by_role("button", name="From my program").click()
    page.get_by_role("button", name="Use this function").click()
    page.keyboard.press("Escape")
    expect(page.locator(".cm-content")).to_contain_text("def f(x, w):")
    section(page, "Jacobian, Hessian")
    expect(page.get_by_text("1 × 3")).to_be_visible()
