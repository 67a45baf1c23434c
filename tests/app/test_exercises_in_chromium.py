"""Every exercise in Chromium, once wrong and once right; hints, the solution, progress saved and opened again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.course import LESSONS, Lesson, load_lessons
from tests.app.browser import CHROMIUM, wait_until_the_app_rests, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
EXERCISES = load_lessons(LESSONS / "exercises", "exercises")


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1280, height=800) as opened:
        yield opened


def write(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def check(page: Page) -> None:
    page.get_by_role("button", name="Check").click()


def solution(lesson: Lesson) -> str:
    assert lesson.exercise is not None
    return lesson.exercise.solution


@pytest.mark.parametrize("lesson", EXERCISES, ids=lambda lesson: lesson.slug)
def test_an_exercise_once_wrong_and_once_right(page: Page, lesson: Lesson) -> None:
    page.goto(f"/lessons?lesson={lesson.slug}")
    expect(page.get_by_role("button", name="0 of 10 solved")).to_be_visible()
    first = next(line for line in lesson.source.splitlines() if line.startswith("def "))
    expect(page.locator(".cm-content")).to_contain_text(first)
    check(page)
    verdict = page.locator(".al-verdict.unsolved")
    expect(verdict).to_contain_text("checks pass")
    expect(verdict.locator("details[open] dl")).to_have_count(1)
    assert verdict.locator("details[open] p").inner_text().strip()
    write(page, solution(lesson))
    check(page)
    expect(page.locator(".al-verdict.solved")).to_contain_text("All checks pass")
    expect(page.get_by_role("button", name="1 of 10 solved")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_hints_come_one_at_a_time_and_then_the_solution(page: Page) -> None:
    page.goto("/lessons?lesson=partial_derivatives")
    page.get_by_role("button", name="Hint 1 of").wait_for()
    hints = EXERCISES[0].exercise.hints if EXERCISES[0].exercise is not None else ()
    assert page.get_by_text("The reference solution").count() == 0
    for number in range(1, len(hints) + 1):
        page.get_by_role("button", name=f"Hint {number} of {len(hints)}").click()
        expect(page.get_by_text(f"Hint {number}.", exact=True)).to_be_visible()
        assert page.get_by_text(f"Hint {number + 1}.", exact=True).count() == 0
    expect(page.get_by_text("The reference solution")).to_be_visible()


def test_an_endless_answer_is_stopped_and_the_next_one_checked(page: Page) -> None:
    page.goto("/lessons?lesson=partial_derivatives")
    page.get_by_role("button", name="Check").wait_for()
    write(page, "def partials(f, point):\n    while True:\n        pass\n")
    check(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The checks could not run")).to_be_visible()
    write(page, solution(EXERCISES[0]))
    check(page)
    expect(page.locator(".al-verdict")).to_contain_text("All checks pass")


def is_inside(page: Page, selector: str) -> bool:
    """Whether the whole of an element is to be seen in the window, and its upper edge is not scrolled away."""
    found: bool = page.locator(selector).first.evaluate("""(one) => {
        const box = one.getBoundingClientRect();
        const top = document.elementFromPoint(box.left + 9, box.top + 9);
        return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight && one.contains(top);
    }""")
    return found


@pytest.mark.parametrize("slug", ["partial_derivatives", "detach_memory"])
def test_after_check_the_verdict_is_seen_and_the_picture_is_that_of_the_answer(page: Page, slug: str) -> None:
    page.goto(f"/lessons?lesson={slug}")
    lesson = next(lesson for lesson in EXERCISES if lesson.slug == slug)
    page.get_by_role("button", name="Check").wait_for()
    check(page)
    page.locator(".al-verdict.unsolved").wait_for()
    wait_until_the_app_rests(page)
    assert is_inside(page, ".al-verdict b")
    assert is_inside(page, ".al-verdict details[open] dl"), "what was expected and what came"
    assert is_inside(page, "h1")
    assert is_inside(page, ".st-key-lessons-task")
    write(page, solution(lesson) + 'print("of the answer that was checked")\n')
    check(page)
    page.locator(".al-verdict.solved").wait_for()
    expect(page.locator(".al-out").first).to_contain_text("of the answer that was checked")
    expect(page.locator(".gv .node").first).to_be_visible()
    wait_until_the_app_rests(page)
    assert is_inside(page, ".al-verdict b")
    assert page.evaluate("scrollY") == 0


def test_progress_is_saved_and_opened_in_another_browser_that_checks_it(page: Page, tmp_path: Path) -> None:
    page.goto("/lessons?lesson=partial_derivatives")
    page.get_by_role("button", name="Check").wait_for()
    write(page, solution(EXERCISES[0]))
    check(page)
    page.get_by_role("button", name="1 of 10 solved").wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("def ")
    write(page, "half = 'an answer'\n")
    page.get_by_role("button", name="1 of 10 solved").click()
    page.get_by_role("button", name="Reset").wait_for()
    wait_until_the_app_rests(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save progress").click()
    file = tmp_path / "progress.json"
    waiting.value.save_as(file)
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert saved == {
        "solved": {"partial_derivatives": solution(EXERCISES[0])},
        "answers": {"own_function": "half = 'an answer'\n"},
    }
    page.reload()
    expect(page.get_by_role("button", name="1 of 10 solved")).to_be_visible()
    expect(page.locator(".cm-content")).to_contain_text("half = 'an answer'")
    # Another browser: nothing is kept in it. A file that says more than is true.
    page.evaluate("[localStorage.clear(), sessionStorage.clear()]")
    page.goto("about:blank")
    saved["solved"]["own_function"] = "def slope(*args):\n    return 0.0\n"
    file.write_text(json.dumps(saved), encoding="utf-8")
    page.goto("/lessons?lesson=partial_derivatives")
    page.get_by_role("button", name="0 of 10 solved").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("1 of 2 solved answers checked and counted")).to_be_visible()
    expect(page.get_by_text("does not pass")).to_contain_text("Exercise 2")
    expect(page.get_by_role("button", name="1 of 10 solved")).to_be_visible()
    expect(page.locator(".cm-content")).to_contain_text(solution(EXERCISES[0]).splitlines()[-1])
