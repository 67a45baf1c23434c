"""Nothing is lost, in Chromium: what one has made on each page comes back, and its link leads somebody else to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.app.browser import (
    CHROMIUM,
    FLAGS,
    WAIT,
    served,
    wait_for_the_steps_address,
    wait_until_the_app_rests,
    watch_the_runs_of,
)
from tests.app.looks import editor, expect_look, link_from_share, look, printed, run, wait_until_kept, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

LOOP = """\
import torch
x = torch.ones(1, requires_grad=True)
y = x
for i in range(900):
    y = y * 1
y.backward()
print(x.grad)
"""
CUBE = "import torch\nx = torch.tensor({}, requires_grad=True)\ny = x ** 3\ny.backward()\nprint(x.grad)\n"
FUNCTION = "import torch\n\ndef f(x):\n    return x**4\n\nx = torch.tensor(2.0)\n"
UNFINISHED = "# not finished yet: é 🙂\n"


def step(page: Page, times: int = 3) -> None:
    """Walk a few steps on: the step that one is at has its card."""
    page.locator(".gv .stage").first.focus()
    for _ in range(times):
        page.keyboard.press("ArrowRight")
    wait_for_the_steps_address(page)


def switch(page: Page, name: str) -> None:
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text(name, exact=True).click()
    wait_until_the_app_rests(page)
    page.keyboard.press("Escape")


def make_code(page: Page) -> None:
    run(page, LOOP)
    printed(page, "tensor([1.])")
    page.locator(".stage .node.folded").first.dblclick()
    page.wait_for_function("() => globalThis.autogradLab.kept.get('code:View')?.includes('g.')")
    wait_until_the_app_rests(page)
    step(page)


def make_playground(page: Page) -> None:
    page.get_by_label("Expression").fill("x**3 + w")
    page.get_by_label("Expression").press("Enter")
    page.get_by_role("button", name="Backward", exact=True).click()
    expect(page.locator(".al-table")).to_contain_text("12")
    page.get_by_role("radio", name="torchviz").click()
    page.locator(".torchviz .stage svg .node").first.wait_for()


def make_derivatives(page: Page) -> None:
    run(page, FUNCTION, "A function and the point at which to look at it")
    page.get_by_role("radio", name="Plot").click()
    page.locator(".js-plotly-plot").first.wait_for()


def make_compare(page: Page) -> None:
    run(page, CUBE.format("2.0"), "Left program")
    expect(page.locator(".stage .node", has_text="8").first).to_be_visible()
    wait_until_the_app_rests(page)
    run(page, CUBE.format("3.0").replace("** 3", "** 2"), "Right program")
    expect(page.locator(".stage .node", has_text="value 27")).to_have_count(0)
    expect(page.locator(".stage .node", has_text="9")).not_to_have_count(0)


def make_lesson(page: Page) -> None:
    run(page, CUBE.format("5.0"))
    printed(page, "tensor(75.)")
    step(page)


def make_exercise(page: Page) -> None:
    run(page, CUBE.format("7.0"))
    expect(page.locator(".gv .stage .node", has_text="147").first).to_be_visible()


def make_gradients(page: Page) -> None:
    run(page, CUBE.format("4.0"))
    expect(page.locator(".gv .stage .node", has_text="48").first).to_be_visible()
    page.get_by_role("radio", name="Norms").click()
    expect(page.get_by_role("radio", name="Norms")).to_be_checked()
    step(page)


def make_memory(page: Page) -> None:
    run(page, CUBE.format("6.0"))
    expect(page.locator(".gv .stage .node", has_text="108").first).to_be_visible()
    page.get_by_role("radio", name="Saved for backward").click()
    expect(page.get_by_role("radio", name="Saved for backward")).to_be_checked()
    switch(page, "shapes")


@dataclass(frozen=True)
class Place:
    path: str
    make: Callable[[Page], None]
    unfinished: str = "Program"
    """The label of the editor into which something is typed at last, and not run."""


PLACES = {
    "code": Place("/code", make_code),
    "playground": Place("/playground", make_playground, ""),
    "derivatives": Place("/derivatives", make_derivatives, "A function and the point at which to look at it"),
    "compare": Place("/compare", make_compare, "Right program"),
    "lesson": Place("/lessons?lesson=retain_graph", make_lesson),
    "exercise": Place("/lessons?lesson=partial_derivatives", make_exercise),
    "gradients": Place("/gradients", make_gradients),
    "memory": Place("/memory", make_memory),
}


@dataclass
class Person:
    """Somebody's browser, and what was made in it: as it looked when it was shared, and when it was left."""

    context: BrowserContext
    shared: dict[str, dict[str, Any]] = field(default_factory=dict)
    left: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


def opened(browser: Browser, profile: Path, address: str) -> BrowserContext:
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=FLAGS, base_url=address, viewport={"width": 1440, "height": 900}
    )
    watch_the_runs_of(context)
    context.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    return context


@pytest.fixture(scope="module")
def person(browser: Browser, profile: Path, address: str) -> Iterator[Person]:
    """A person who has made something on every page, one after the other, and reloaded each."""
    context = opened(browser, profile, address)
    page, person = context.pages[0], Person(context)
    for name, place in PLACES.items():
        page.goto(place.path)
        page.locator(".gv .stage, .js-plotly-plot").first.wait_for()
        place.make(page)
        person.shared[name] = look(page)
        person.links[name] = link_from_share(page)
        if place.unfinished:
            write(page, UNFINISHED + person.shared[name]["programs"][-1], place.unfinished)
        person.left[name] = look(page)
        assert person.left[name] != person.shared[name] or not place.unfinished
        page.reload()
        expect_look(page, person.left[name])
    yield person
    person.context.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_second_tab_shows_what_was_made_last(person: Person, name: str) -> None:
    page = person.context.pages[1] if len(person.context.pages) > 1 else person.context.new_page()
    page.goto(PLACES[name].path)
    expect_look(page, person.left[name])


@pytest.mark.parametrize("name", PLACES)
def test_a_link_leads_a_stranger_to_the_same(person: Person, browser: Browser, address: str, name: str) -> None:
    with browser.new_context(base_url=address, viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(person.links[name])
        expect_look(page, person.shared[name])


def test_a_browser_that_was_closed_brings_all_of_it_back(
    person: Person, browser: Browser, profile: Path, address: str
) -> None:
    person.context.close()
    person.context = opened(browser, profile, address)
    page = person.context.pages[0]
    for name, place in PLACES.items():
        page.goto(place.path)
        expect_look(page, person.left[name])


def test_a_server_that_starts_again_in_the_middle_costs_nothing(browser: Browser) -> None:
    with ExitStack() as serving, browser.new_context() as context:
        address = serving.enter_context(served())
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"{address}/code")
        page.locator(".gv .stage .node").first.wait_for()
        run(page, CUBE.format("2.0"))
        printed(page, "tensor(12.)")
        step(page)
        write(page, UNFINISHED + CUBE.format("3.0"))
        left = look(page)
        serving.close()
        app = page.get_by_test_id("stApp")
        expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
        box = editor(page)
        box.press("Control+End")
        box.press_sequentially("# while it was away")
        serving.enter_context(served(urlsplit(address).port or 0))
        # The page finds the server again by itself.
        left["programs"] = [left["programs"][0] + "# while it was away"]
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
        wait_until_the_app_rests(page)
        expect_look(page, left)
        wait_until_the_app_rests(page)
        # What is asked for before the new server knows what is kept runs what ran last: one asks again.
        page.get_by_text("Opening …").wait_for(state="detached")
        for _ in range(5):
            box.press("Control+Enter")
            with suppress(AssertionError):
                expect(page.locator("pre.al-out").first).to_have_text("tensor(27.)", timeout=5_000)
                break
        printed(page, "tensor(27.)")


def test_two_tabs_that_make_different_things_lose_neither(browser: Browser, address: str) -> None:
    with browser.new_context(base_url=address) as context:
        tabs = context.new_page(), context.new_page()
        for page in tabs:
            page.set_default_timeout(WAIT)
            page.goto("/code")
            page.locator(".gv .stage .node").first.wait_for()
        for page, number in zip(tabs, (2, 3), strict=True):
            run(page, CUBE.format(f"{number}.0"))
            printed(page, f"tensor({3 * number**2}.)")
        first, second = tabs
        notice = "Another tab of this browser had something else"
        expect(second.get_by_text(notice)).to_be_visible()
        expect(first.get_by_text(notice)).to_be_hidden()
        second.get_by_role("button", name="Show the other one here").click()
        printed(second, "tensor(12.)")
        expect(editor(second)).to_have_text(CUBE.format("2.0").replace("\n", ""))
        # The first one goes on where it was, and overwrites nothing without a word.
        first.bring_to_front()
        wait_until_the_app_rests(first)
        run(first, CUBE.format("4.0"))
        printed(first, "tensor(48.)")
        wait_until_kept(first, "code:editor:Ran", "4.0")
        first.reload()
        printed(first, "tensor(48.)")


REFUSE = """for (const name of ["getItem", "setItem", "removeItem", "key"]) {
    Storage.prototype[name] = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
}"""
DAMAGE = """if (!sessionStorage.length) {
    const names = ["editor:Typed", "editor:Ran", "View", "editor:Linked", "Choices"].map((name) => `code:${name}`);
    const wrong = ["{", "[]", '{"text": 3, "opened": {"a": 1}}', "\\0", "{".repeat(9e4), '{"text": "\\ud800", "a": 1'];
    for (const [number, name] of names.entries()) {
        localStorage.setItem(`autograd-lab/${name}`, "tab\\n" + wrong[%d + number]);
    }
    localStorage.setItem("autograd-lab/place:code:player", "tab\\nstep=x&of=%%");
    for (let number = 0; number < 20; number++) {
        localStorage.setItem(`autograd-lab/x${number}:Typed`, "x".repeat(150000));
    }
    localStorage.setItem("autograd-lab aside", "{damaged");
}"""


@pytest.mark.parametrize("script", [REFUSE, DAMAGE % 0, DAMAGE % 1], ids=["refused", "damaged", "otherwise damaged"])
def test_a_browser_that_keeps_nothing_or_rubbish(browser: Browser, address: str, script: str) -> None:
    with browser.new_context(base_url=address) as context:
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/code")
        page.locator(".gv .stage .node").first.wait_for()
        printed(page, "first tensor(0.1416)\naccumulated tensor(0.2832)\n".strip())
        run(page, CUBE.format("2.0"))
        printed(page, "tensor(12.)")
        assert page.get_by_test_id("stException").count() == 0
        assert page.locator("[role=alert]").count() == 0
        assert errors == []
