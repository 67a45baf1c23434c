"""Every exercise in Chromium, once wrong and once right; hints, the solution, progress saved and opened again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.course import LESSONS, Lesson, load_lessons
from tests.app.browser import CHROMIUM, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
EXERCISES = load_lessons(LESSONS / "exercises", "exercises")


@pytest.fixture(scope="module")
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "/lessons?lesson=partial_derivatives", height=1000) as opened:
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


def test_progress_is_saved_and_opened_again(page: Page, tmp_path: Path) -> None:
    page.goto("/lessons?lesson=partial_derivatives")
    page.get_by_role("button", name="Check").wait_for()
    write(page, solution(EXERCISES[0]))
    check(page)
    page.get_by_role("button", name="1 of 10 solved").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save progress").click()
    saved = tmp_path / "progress.json"
    waiting.value.save_as(saved)
    assert list(json.loads(saved.read_text(encoding="utf-8"))["solved"]) == ["partial_derivatives"]
    page.reload()
    page.get_by_role("button", name="0 of 10 solved").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(saved)
    expect(page.get_by_role("button", name="1 of 10 solved")).to_be_visible()
    (tmp_path / "broken.json").write_text('{"solved": 3}', encoding="utf-8")
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(tmp_path / "broken.json")
    expect(page.get_by_text("This file is not saved progress")).to_be_visible()
