"""Each page as Streamlit runs it, with the real workers behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.course import load_course
from app.progress import LessonKept
from components.widgets import editor
from tests.app.apptest import html_of, settled, visit


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def opened(page: str) -> AppTest:
    test = visit()
    settled(test.run())
    settled(test.switch_page("screens/playground.py").run())
    if page != "playground":
        settled(test.switch_page(f"screens/{page}.py").run())
    assert not test.exception
    return test


def test_code_runs_and_explains_a_failure() -> None:
    test = opened("code")
    assert "first tensor(0.1416)" in html_of(test)
    settled(test.text_area(key="code:editor").set_value("import torch\ntorch.ones(2).backward()\n").run())
    assert "does not require grad" in html_of(test)
    assert not test.exception


@pytest.mark.parametrize("source", ["", "(", "x" * 60_000, "import os", "1/0", "\x00"])
def test_code_survives_silly_things(source: str) -> None:
    test = opened("code")
    settled(test.text_area(key="code:editor").set_value(source).run())
    assert not test.exception


def test_gradients_shows_the_program_that_ran_last_or_an_example() -> None:
    test = opened("gradients")
    choice = test.selectbox(key="gradients:program")
    assert choice.value == "playground"
    settled(choice.set_value("Two backward calls").run())
    assert len(test.get("plotly_chart")) == 2
    settled(test.switch_page("screens/code.py").run())
    settled(test.switch_page("screens/gradients.py").run())
    assert test.selectbox(key="gradients:program").value == "code"
    edited = "import torch\nx = torch.tensor(5.0, requires_grad=True)\n(x * x).backward()\nprint('mine', x.grad)\n"
    settled(test.text_area(key="gradients:editor").set_value(edited).run())
    assert test.selectbox(key="gradients:program").value == "own"
    assert "mine tensor(10.)" in html_of(test)
    for name in ("Norms", "Layers", "Inside the graph"):
        settled(test.segmented_control(key="gradients:chart").set_value(name).run())
        assert not test.exception
        assert test.get("plotly_chart")


def test_derivatives_asks_each_question() -> None:
    test = opened("derivatives")
    assert "3.151644 ✓" in " ".join(one.value for one in test.markdown)  # 2x sin x + x^2 cos x at 1.5
    for name in ("Jacobian, Hessian", "Plot", "Checks"):
        settled(test.segmented_control(key="derivatives:section").set_value(name).run())
        assert not test.exception
    assert "passes" in test.success[0].value


@pytest.mark.parametrize(
    "source",
    [
        "",
        "(",
        "def f(x)",
        "def f(x):\n    return x\n",
        "import os",
        "x = 1",
        "import torch\ndef f(x):\n  return 1/0\nx = torch.ones(2)",
    ],
)
def test_derivatives_survives_silly_things(source: str) -> None:
    test = opened("derivatives")
    settled(test.text_area(key="derivatives:editor").set_value(source).run())
    for name in ("Jacobian, Hessian", "Plot", "Checks"):
        settled(test.segmented_control(key="derivatives:section").set_value(name).run())
        assert not test.exception
        assert 'class="al-tell"' in html_of(test) or 'class="al-fail"' in html_of(test)


def test_an_exercise_is_checked_and_remembered() -> None:
    test = opened("lessons")
    test.query_params["lesson"] = "partial_derivatives"
    settled(test.run())
    settled(test.button(key="lessons:check:partial_derivatives").click().run())
    assert "al-verdict unsolved" in html_of(test)
    assert "expected" in html_of(test)
    solution = next(lesson for lesson in load_course().lessons if lesson.slug == "partial_derivatives").exercise
    assert solution is not None
    settled(test.text_area(key="lessons:editor:partial_derivatives").set_value(solution.solution).run())
    settled(test.button(key="lessons:check:partial_derivatives").click().run())
    assert "All checks pass" in html_of(test)
    made = test.session_state["all:InBrowser"].made
    assert {name for name, one in made.items() if isinstance(one, LessonKept) and one.solved} == {
        "lessons:partial_derivatives:LessonKept"
    }


def test_lessons_offers_the_whole_course() -> None:
    test = opened("lessons")
    choice = next(one for one in test.selectbox if one.label == "Lesson")
    assert len(choice.options) == len(load_course().lessons)
    settled(choice.set_value("retain_graph").run())
    settled(test.button(key="lessons:again").click().run())
    assert "tensor(12.)" in html_of(test)
    assert "tensor(24.)" in html_of(test)
