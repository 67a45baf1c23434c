"""Everything is a link, in Chromium: Back and Forward, links that are damaged or hostile, programs without an end."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched
from tests.app.looks import expect_look, look, printed, run, wait_until_kept, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
CUBE = "import torch\nx = torch.tensor({}, requires_grad=True)\ny = x ** 3\ny.backward()\nprint(x.grad)\n"


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1440, height=900) as opened:
        yield opened


def drawn(page: Page) -> None:
    page.locator(".gv .stage .node").first.wait_for()


def at_the_front_page(page: Page) -> None:
    page.get_by_role("link", name="Changed in place").wait_for()
    wait_until_the_app_rests(page)


def test_back_and_forward_through_six_states_restore_each(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    run(page, CUBE.format("2.0"))
    printed(page, "tensor(12.)")
    states = [look(page)]
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_role("link", name="Changed in place").click()
    page.locator(".al-fail").wait_for()
    states.append(look(page))
    for slug in ("retain_graph", "higher_order"):
        page.goto(f"/lessons?lesson={slug}")
        drawn(page)
        states.append(look(page))
    page.goto(f"/code?code={quote(CUBE.format('3.0'))}")
    printed(page, "tensor(27.)")
    run(page, CUBE.format("4.0"))
    printed(page, "tensor(48.)")
    page.wait_for_function("() => new URLSearchParams(location.search).get('code')?.includes('4.0')")
    page.get_by_role("radio", name="torchviz").click()
    page.locator(".torchviz .stage .node").first.wait_for()
    states.append(look(page))
    page.get_by_role("link", name="Playground", exact=True).click()
    page.wait_for_url("**/playground*")
    page.get_by_label("Expression").wait_for()
    states.append(look(page))
    for state in states[-2::-1]:
        wait_until_the_app_rests(page)
        page.go_back()
        if state is states[0]:
            at_the_front_page(page)
            page.go_back()
        expect_look(page, state)
    for state in states[1:]:
        wait_until_the_app_rests(page)
        page.go_forward()
        if state is states[1]:
            at_the_front_page(page)
            page.go_forward()
        expect_look(page, state)


def test_who_goes_back_and_forward_faster_than_the_pages_run_comes_where_they_wanted(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    names = ("Playground", "Gradients", "Memory", "Code", "Derivatives")
    for name in names:
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(f"**/{name.lower()}*")
    for _ in range(3):
        for step in ("back", "forward"):
            for _ in names:
                with page.expect_event("framenavigated"):
                    page.evaluate(f"history.{step}()")
    expect(page.get_by_role("heading", name="Derivatives", level=1)).to_be_visible()
    wait_until_the_app_rests(page)
    assert page.url.endswith("/derivatives")
    assert page.get_by_role("dialog").count() == 0
    page.go_back()
    page.wait_for_url("**/code*")
    drawn(page)


def test_what_was_there_before_a_link_is_one_press_away_even_if_it_was_never_run(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    write(page, CUBE.format("7.0"))
    page.goto(f"/code?code={quote(CUBE.format('3.0'))}")
    printed(page, "tensor(27.)")
    assert look(page)["programs"] == [CUBE.format("3.0")]
    run(page, CUBE.format("4.0"))
    printed(page, "tensor(48.)")
    wait_until_kept(page, "code:editor:Ran", "4.0")
    page.reload()
    printed(page, "tensor(48.)")
    # Another link: what was made of the first is kept, too.
    page.goto(f"/code?code={quote(CUBE.format('5.0'))}")
    printed(page, "tensor(75.)")
    wait_until_the_app_rests(page)
    page.get_by_role("button", name="Back to mine").click()
    printed(page, "tensor(147.)")
    wait_until_the_app_rests(page)
    page.get_by_role("button", name="Show it").click()
    printed(page, "tensor(48.)")
    wait_until_the_app_rests(page)
    page.get_by_role("button", name="Show it").click()
    printed(page, "tensor(147.)")
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_role("button", name="Forget it")).to_have_count(0)
    assert "code=" not in page.url


@pytest.mark.parametrize("path", ["/gradients", "/memory"])
def test_a_link_in_a_session_in_which_another_page_has_run(page: Page, path: str) -> None:
    page.goto("/code")
    drawn(page)
    page.evaluate("path => history.pushState({}, '', path)", f"{path}?code={quote(CUBE.format('3.0'))}")
    page.evaluate("history.pushState({}, '', '/code')")
    page.go_back()
    expect(page.locator(".gv .stage .node", has_text="27").first).to_be_visible()
    assert look(page)["programs"] == [CUBE.format("3.0")]


WRONG = {
    "cut": ("/code?packed=eNoLSSxKTyxJVchPU", "This link is damaged"),
    "no program": ("/code?code=%01%02%03(((", "SyntaxError"),
    "cut pair": ("/compare?pair=eNoLSSxKTyxJVchPU", "This link is damaged"),
    "no lesson": ("/lessons?lesson=never_was", "There is no lesson"),
    "a lesson's name": ("/lessons?lesson=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "There is no lesson"),
    "a lesson's cut program": ("/lessons?lesson=retain_graph&packed=eNoLSSxKTyx", "This link is damaged"),
    "no form": ("/playground?form=nothing", "This link is damaged"),
    "a part of no form": ("/playground?form=x%7Cy%7Cz", "This link is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_link_is_told_so_and_costs_nothing(page: Page, name: str) -> None:
    address, told = WRONG[name]
    path = address.partition("&" if "&" in address else "?")[0]
    page.goto(path)
    drawn(page)
    if path == "/code":
        run(page, CUBE.format("2.0"))
        printed(page, "tensor(12.)")
    mine = look(page)
    page.goto(address)
    expect(page.get_by_text(told).first).to_be_visible()
    if "no lesson" in name or "name" in name:
        return
    if told == "This link is damaged":
        expect_look(page, mine)
    else:
        wait_until_the_app_rests(page)
        page.get_by_role("button", name="Back to mine").click()
        printed(page, "tensor(12.)")
        wait_until_the_app_rests(page)
    page.goto(path)
    expect_look(page, mine)


def test_a_program_that_loops_for_ever_is_run_again_after_a_reload_and_can_be_stopped(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    run(page, "print('begun')\nwhile True:\n    pass\n")
    page.get_by_role("button", name="Stop").wait_for()
    wait_until_kept(page, "code:editor:Ran", "begun")
    page.reload()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".al-fail")).to_be_visible()
    run(page, CUBE.format("2.0"))
    printed(page, "tensor(12.)")
