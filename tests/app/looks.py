"""What a page looks like, as far as a person has made it so: for tests that leave it and come back."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.app.browser import wait_until_the_app_rests

# Components have shadow roots, which a page's own questions do not enter.
_LOOK = """
function look() {
  const all = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      all.push(element);
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  const found = (selector) => all.filter((element) => element.matches(selector));
  const text = (element) => element.textContent.replace(/\\s+/g, " ").trim();
  const lines = (editor) => [...editor.querySelectorAll(".cm-line")].map((line) => line.textContent);
  return JSON.stringify({
    programs: found(".cm-content").map((one) => lines(one).join("\\n")),
    boxes: found(".gv .stage svg .node").map(text).sort(),
    chosen: found("[role=radio][aria-checked=true]").map(text),
    switches: found("input[type=checkbox]").map((one) => one.checked),
    said: found(".gv .said").map(text),
    selected: found(".gv .stage .node.selected").map(text),
  });
}
"""


def look(page: Page) -> dict[str, Any]:
    """Return what the page shows once it rests."""
    page.locator(".gv .stage, .js-plotly-plot").first.wait_for()
    wait_until_the_app_rests(page)
    found: dict[str, Any] = json.loads(page.evaluate(f"() => {{ {_LOOK} return look(); }}"))
    return found


def expect_look(page: Page, wanted: dict[str, Any], *, without: tuple[str, ...] = ()) -> None:
    """Wait until the page looks so."""
    told = {name: value for name, value in wanted.items() if name not in without}
    try:
        page.wait_for_function(
            f"""(wanted) => {{ {_LOOK}
                const now = JSON.parse(look());
                return Object.keys(wanted).every((name) => JSON.stringify(now[name]) === JSON.stringify(wanted[name]));
            }}""",
            arg=told,
        )
    except TimeoutError:
        now = look(page)
        wrong = {name: (now[name], value) for name, value in told.items() if now[name] != value}
        raise AssertionError(f"{page.url} now looks otherwise than it should: {wrong}") from None


def editor(page: Page, label: str = "Program") -> Locator:
    """Return the place to type in."""
    return page.get_by_role("textbox", name=label, exact=True)


def write(page: Page, text: str, label: str = "Program") -> None:
    """Type a text into an editor, without running it."""
    editor(page, label).fill(text)


def run(page: Page, text: str, label: str = "Program") -> None:
    """Type a text into an editor and run it."""
    write(page, text, label)
    editor(page, label).press("Control+Enter")


def printed(page: Page, text: str) -> None:
    """Wait until the program has printed just this."""
    expect(page.locator("pre.al-out").first).to_have_text(text)


def wait_until_kept(page: Page, name: str, text: str) -> None:
    """Wait until the browser has written this text down: it does so a moment after it was shown."""
    page.wait_for_function(
        "([name, text]) => sessionStorage.getItem(`autograd-lab/${name}`)?.includes(text)", arg=[name, text]
    )


def link_from_share(page: Page) -> str:
    """Return the link that Share tells."""
    page.get_by_role("button", name="Share", exact=True).click()
    code = page.locator(".st-key-share-link code")
    expect(code).to_contain_text("http")
    link = code.text_content() or ""
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return link
