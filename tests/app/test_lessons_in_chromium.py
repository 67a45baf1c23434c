"""Every example, walked in Chromium from its first step to its last: what is lit, what arrives, what is said.

The steps are in ``lesson_walks.txt``, to be read like a lecture; ``RECORD_GOLDENS=1`` writes it anew. One line is one
press of →: the line that runs, the box that is lit, the numbers on the edges that are lit, the leaves, the sentence.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from app.course import LESSONS, load_lessons
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
WALKS = Path(__file__).with_name("lesson_walks.txt")
EXAMPLES = load_lessons(LESSONS / "examples")
SLUGS = [lesson.slug for lesson in EXAMPLES]
PREDICTIONS = {lesson.slug: len(lesson.predictions) for lesson in EXAMPLES}
# What is to be seen, read off the page in one go.
SEEN = """
() => {
    const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
    const gv = roots.map((root) => root.querySelector(".gv")).find(Boolean);
    const words = (one) => one.textContent.replace(/\\s+/g, " ").trim();
    const all = (selector) => [...gv.querySelectorAll(selector)].map(words);
    const lines = roots.concat(document).flatMap((root) => [...root.querySelectorAll(".cm-line")]);
    const now = lines.findIndex((line) => line.matches(".lab-now, .lab-error"));
    return {
        line: now >= 0 ? now + 1 : null,
        lit: all(".node.now text:first-of-type"),
        arriving: all(".edge.now text").filter(Boolean),
        leaves: all(".node.leaf:not(.copy):not(.future)"),
        future: gv.querySelectorAll(".node.future").length,
        freed: gv.querySelectorAll(".node.saved.freed").length,
        said: words(gv.querySelector(".said")),
        count: words(gv.querySelector(".count")),
    };
}
"""


@pytest.fixture(scope="module")
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank") as opened:
        yield opened


def walk(page: Page, slug: str) -> list[str]:
    """Return a line of text for each step of a lesson."""
    page.goto("about:blank")
    page.goto(f"/lessons?lesson={slug}")
    page.locator("footer.whole .said").wait_for()
    page.locator(".cm-line").first.wait_for()
    if PREDICTIONS[slug]:
        # The lesson asks first; who runs its program is shown all of it.
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator(".st-key-lessons-predict", has_text="It is:").wait_for()
        wait_until_the_app_rests(page)
    steps = int((page.locator(".count").text_content() or "").split()[0])
    told = []
    for number in range(1, steps + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function("""() => new Promise((done) => requestAnimationFrame(() => done(true)))""")
        seen = page.evaluate(SEEN)
        assert seen["count"] == f"{number} / {steps}"
        parts = [f"line {seen['line']}"]
        parts += [f"lit {' + '.join(seen['lit'])}"] if seen["lit"] else []
        parts += [f"arriving {', '.join(seen['arriving'])}"] if seen["arriving"] else []
        parts += [f"leaves {'; '.join(sorted(seen['leaves']))}"] if seen["leaves"] else []
        parts += [f"{seen['future']} to come"] if seen["future"] else []
        parts += [f"{seen['freed']} freed"] if seen["freed"] else []
        told.append(f"{number}. {' | '.join(parts)} | {seen['said']}")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(SEEN)["count"] == f"{steps} / {steps}", "the last step is the last"
    return told


def recorded() -> dict[str, list[str]]:
    walks: dict[str, list[str]] = {}
    slug = ""
    for line in WALKS.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            slug = line.removeprefix("# ")
        elif line:
            walks.setdefault(slug, []).append(line)
    return walks


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_is_walked_from_its_first_step_to_its_last(page: Page, slug: str) -> None:
    steps = walk(page, slug)
    if os.environ.get("RECORD_GOLDENS") == "1":
        walks = (recorded() if WALKS.exists() else {}) | {slug: steps}
        text = "\n\n".join("\n".join([f"# {one}", *walks[one]]) for one in SLUGS if one in walks)
        WALKS.write_text(f"{text}\n", encoding="utf-8")
    assert steps == recorded()[slug]
