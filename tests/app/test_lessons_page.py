"""The Lessons page without a browser: predictions, the way through the course, Reset, Check, saved progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.course import Exercise, Lesson, load_course
from app.progress import DamagedProgress, LessonKept, read_progress
from components.widgets import editor
from tests.app.apptest import html_of, settled, visit

LESSONS = {lesson.slug: lesson for lesson in load_course().lessons}
CHAIN, TASK = LESSONS["chain_rule"], LESSONS["partial_derivatives"]


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def opened(slug: str, kept: dict[str, str] | None = None) -> AppTest:
    test = visit(kept)
    settled(test.run())
    test.switch_page("screens/lessons.py")
    test.query_params["lesson"] = slug
    settled(test.run())
    assert not test.exception
    return test


def click(test: AppTest, key: str) -> None:
    settled(test.button(key=key).click().run())
    assert not test.exception


def typed(test: AppTest, slug: str, text: str) -> None:
    settled(test.text_area(key=f"lessons:editor:{slug}").set_value(text).run())


def answer(test: AppTest, number: int, text: str) -> None:
    key = f"lessons:predict:{CHAIN.slug}:{number}"
    test.text_input(key=key).set_value(text)
    click(test, f"{key}:send")


def choose(test: AppTest, slug: str) -> None:
    (choice,) = [one for one in test.selectbox if (one.key or "").startswith("lessons:choice:")]
    settled(choice.set_value(slug).run())


def words(test: AppTest) -> str:
    return " ".join(element.value for element in test.markdown) + html_of(test)


def kept_of(test: AppTest, slug: str) -> LessonKept:
    made = test.session_state["all:InBrowser"].made
    kept: LessonKept = made.get(f"lessons:{slug}:LessonKept", LessonKept())  # where nothing was made it is as at first
    return kept


def parts(lesson: Lesson) -> Exercise:
    assert lesson.exercise is not None
    return lesson.exercise


# --- predictions


def test_the_program_stops_at_each_question_and_goes_on_with_its_answer() -> None:
    test = opened("chain_rule")
    assert "forward: 3.0 6.0 36.0 180.0" in html_of(test)
    assert "tensor(120.)" not in html_of(test)
    assert test.text_area(key="lessons:editor:chain_rule").value == CHAIN.source, "the editor shows the whole program"
    assert "What will `x.grad` be?" in words(test)
    assert "what does 120 *mean*" not in words(test), "the text behind the question gives its answer away"
    answer(test, 0, "a lot")
    assert "That is not a number" in " ".join(element.value for element in test.caption)
    answer(test, 0, "12 0")
    answer(test, 0, "100")
    assert "Not 100." in words(test)
    assert "It is: 120." in words(test)
    assert CHAIN.predictions[0].why in words(test)
    assert "tensor(120.)" in html_of(test)
    assert "the true change" not in html_of(test)
    assert "what does 120 *mean*" in words(test)
    goto = test.session_state["lessons:GraphState"].goto
    assert goto is not None, "the picture is led to the step that answers"
    click(test, "lessons:ask:chain_rule")
    answer(test, 1, "6/5")
    assert "Right: 1.2." in words(test)
    assert "the true change: 1.202" in html_of(test)
    assert kept_of(test, "chain_rule").predicted == ["100", "6/5"]
    click(test, "lessons:ask-again:chain_rule")
    assert "tensor(120.)" not in html_of(test)


def test_a_choice_can_be_answered_or_shown_and_comes_back_in_the_next_visit() -> None:
    test = opened("no_grad")
    assert "b: tensor(2.)" not in html_of(test)
    click(test, "lessons:predict:no_grad:0:1")
    assert "Right: 2, with no `grad_fn`" in words(test)
    assert "b: tensor(2.)" in html_of(test)
    again = opened("no_grad", {"lessons:no_grad:LessonKept": '{"predicted": ["2, with a `grad_fn`"]}'})
    assert "b: tensor(2.)" in html_of(again)
    assert "Not 2, with a `grad_fn`" in words(again)
    shown = opened("clearing_gradients")
    click(shown, "lessons:predict:clearing_gradients:0:show")
    assert "It is: `tensor(0.)`" in words(shown)
    assert kept_of(shown, "clearing_gradients").predicted == [""]


def test_a_link_shows_as_much_as_was_shown_where_it_was_made() -> None:
    test = visit()
    settled(test.run())
    test.switch_page("screens/lessons.py")
    test.query_params["lesson"], test.query_params["answered"] = "chain_rule", "1"
    settled(test.run())
    assert "tensor(120.)" in html_of(test)
    assert "the true change" not in html_of(test)
    click(test, "lessons:predict:chain_rule:1:show")
    assert "the true change" in html_of(test)
    click(test, "lessons:ask-again:chain_rule")
    assert "tensor(120.)" not in html_of(test)


def test_run_shows_everything_and_a_changed_program_has_no_questions_until_it_is_reset() -> None:
    test = opened("chain_rule")
    typed(test, "chain_rule", "import torch\nx = torch.tensor(5.0, requires_grad=True)\nprint(x * 2)\n")
    assert "tensor(10., grad_fn" in html_of(test)
    assert "questions wait" in html_of(test)
    assert not [button for button in test.button if (button.key or "").endswith(":show")]
    click(test, "lessons:reset:chain_rule")
    assert test.text_area(key="lessons:editor:chain_rule").value == CHAIN.source
    assert "What will `x.grad` be?" in words(test)
    assert "tensor(120.)" not in html_of(test)
    assert not [button for button in test.button if button.key == "lessons:reset:chain_rule"]
    click(test, "lessons:again")
    assert "the true change: 1.202" in html_of(test)
    assert "It is: 1.2." in words(test)


def test_without_a_gpu_the_lesson_about_it_counts_on_the_cpu_and_prints_nothing_itself() -> None:
    test = opened("cuda_memory")
    assert "There is no GPU here" in words(test)
    assert "x = ones(1000, 1000) 4,000,000 bytes" in html_of(test)  # 1000 * 1000 * 4
    assert "y = x * 2            8,000,000 bytes" in html_of(test)
    assert "The program printed nothing" in html_of(test)
    settled(test.button(key="lessons:memory").click().run())
    settled(test)
    assert "def allocated" in str(test.text_area(key="memory:editor").value)
    assert "4,000,000 bytes" in html_of(test)


# --- the way through the course


def test_next_and_previous_go_through_all_parts() -> None:
    test = opened("dynamic_graph")
    for slug in ("computing_gradients", "several_variables"):
        click(test, "lessons:next")
        assert test.query_params["lesson"] == slug
    assert "Example 2. A function of several variables" in html_of(test)
    click(test, "lessons:previous")
    click(test, "lessons:previous")
    assert "Chapter 4. Memory" in html_of(test)
    choose(test, "transformer")
    assert test.query_params["lesson"] == "transformer"
    assert test.button(key="lessons:next").disabled
    choose(test, "chain_rule")
    assert test.button(key="lessons:previous").disabled


def test_an_address_without_a_lesson_means_the_last_one() -> None:
    test = visit({"lessons:LessonsKept": '{"last": "detach"}'})
    settled(test.run())
    settled(test.switch_page("screens/lessons.py").run())
    assert "Example 9. Detaching" in html_of(test)
    assert "lesson" not in test.query_params
    click(test, "lessons:next")
    del test.query_params["lesson"]
    settled(test.run())
    assert "Example 9. Detaching" in html_of(test), "going back to that address shows what it showed"


@pytest.mark.parametrize(
    ("slug", "offered"), [("retain-graf", "retain_graph"), ("<b>x</b>", "chain_rule"), ("Views", "views")]
)
def test_a_lesson_that_does_not_exist_says_so_by_name_and_leads_on(slug: str, offered: str) -> None:
    test = opened(slug)
    assert "There is no lesson" in html_of(test)
    assert "<b>x" not in html_of(test)
    assert not test.text_area
    click(test, f"lessons:instead:{offered}")
    assert LESSONS[offered].name in html_of(test)


# --- exercises


def test_check_runs_the_answer_too_and_a_verdict_of_another_answer_says_so() -> None:
    test = opened("partial_derivatives")
    solution = parts(TASK).solution
    typed(test, TASK.slug, solution + 'print("this", "run")\n')
    click(test, "lessons:check:partial_derivatives")
    assert "All checks pass" in html_of(test)
    assert "this run" in html_of(test)
    assert "Exercise 1. Partial derivatives and what they mean ✓" in html_of(test)
    assert "changed since it was checked" not in html_of(test)
    typed(test, TASK.slug, "nothing = 0\n")
    assert "changed since it was checked" in html_of(test)
    assert kept_of(test, TASK.slug).solved == solution + 'print("this", "run")\n'


# --- saved progress


def upload(test: AppTest, data: bytes) -> None:
    settled(test.file_uploader(key="lessons:progress").upload("p.json", data, "application/json").run())


def test_an_opened_file_fills_the_editors_and_only_what_passes_counts() -> None:
    test = opened("partial_derivatives")
    second = LESSONS["own_function"]
    progress = {
        "solved": {TASK.slug: parts(TASK).solution, second.slug: second.source, "of_another_class": "x = 1\n"},
        "answers": {"nonlinear_jacobian": "half = 'an answer'\n", "chain_rule": CHAIN.source + "print(1)\n"},
    }
    upload(test, json.dumps(progress).encode())
    told = " ".join(element.value for element in test.warning)
    assert "1 of 2 solved answers checked and counted" in told
    assert "Exercise 2 (" in told
    assert "does not pass" in told
    assert "`of_another_class`" in told
    assert kept_of(test, TASK.slug).solved == parts(TASK).solution
    assert kept_of(test, second.slug).solved is None
    assert test.text_area(key="lessons:editor:partial_derivatives").value == parts(TASK).solution
    choose(test, "nonlinear_jacobian")
    assert test.text_area(key="lessons:editor:nonlinear_jacobian").value == "half = 'an answer'\n"
    click(test, "lessons:close-opened")
    assert not test.warning


def test_old_files_are_read_and_others_are_refused_in_words() -> None:
    assert read_progress(b'{"solved": {"a": "x"}}').solved == {"a": "x"}
    for data in (b"", b"[1]", b'{"solved": 3}', b'{"a": {}}', b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(DamagedProgress, match="not saved progress"):
            read_progress(data)
    with pytest.raises(DamagedProgress, match="too large"):
        read_progress(b" " * 4_000_001)
    with pytest.raises(DamagedProgress, match="longer than any"):
        read_progress(json.dumps({"solved": {"a": "x" * 50_001}}).encode())
    test = opened("partial_derivatives")
    upload(test, b'{"solved": 3}')
    assert "This file is not saved progress" in " ".join(element.value for element in test.error)
