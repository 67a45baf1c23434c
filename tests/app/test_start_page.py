"""The front page as Streamlit runs it: the walk, its numbers, and where its buttons and examples lead."""

from __future__ import annotations

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from app import walk
from app.course import load_course
from app.examples import FIRST, Example
from app.links import linked_program
from components.facts import leaf_rows
from components.facts.text import number_text
from components.trace import Failure
from tests.app.apptest import html_of, remembered, settled, show, shown, trace_of, visit
from tests.plain import plain_python


def opened(**address: str) -> AppTest:
    test = visit()
    for name, value in address.items():
        test.query_params[name] = value
    return checked(test.run())


def checked(test: AppTest) -> AppTest:
    settled(test)
    assert not test.exception
    return test


def on(test: AppTest) -> AppTest:
    return checked(test.button(key="start:on").click().run())


def source_of(test: AppTest) -> str:
    kept = shown(test, "start")
    assert kept.failure is None
    return kept.program.source


def grad_of(test: AppTest) -> str:
    return leaf_rows(trace_of(test, "start"))[0].grad


def test_the_walk_ends_in_24_and_tells_why() -> None:
    test = opened()
    assert "<h1>Autograd Lab</h1>" in html_of(test)
    assert (source_of(test).count("backward("), grad_of(test)) == (0, "None")
    assert test.button(key="start:back").disabled
    on(test)
    assert (source_of(test).count("backward("), grad_of(test)) == (1, "12")  # d/dx x**3 = 3 * 2**2 = 12
    on(test)
    assert (source_of(test).count("backward("), grad_of(test)) == (2, "24")  # 12 + 12
    assert remembered(test, walk.WalkState, "start").goto is None
    on(test)
    assert grad_of(test) == "24"
    assert remembered(test, walk.WalkState, "start").goto is not None
    assert test.query_params["stop"] == "4"
    checked(test.button(key="start:back").click().run())
    assert remembered(test, walk.WalkState, "start").goto is None
    assert "Stop 3 of 5" in html_of(test)


@pytest.mark.parametrize("number", range(len(walk.STOPS)))
def test_a_stop_stands_in_the_address_and_its_numbers_are_those_of_plain_python(number: int) -> None:
    test = opened(stop=str(number + 1))
    assert f"Stop {number + 1} of 5" in html_of(test)
    plain = plain_python(f"{source_of(test)}print(int(y), x.grad if x.grad is None else int(x.grad))\n").stdout.split()
    shown = html_of(test)
    for value in plain:
        assert f"<dd>{value}</dd>" in shown
    stop = walk.STOPS[number]
    assert plain[1] == "24" or "24" not in stop.title + stop.text


def test_the_last_stop_lets_x_be_changed_and_opens_the_playground_with_it() -> None:
    test = opened(stop="5")
    checked(test.slider(key="start:x").set_value(-1.5).run())
    assert test.query_params["x"] == "-1.5"
    assert "torch.tensor(-1.5, requires_grad=True)" in source_of(test)
    assert grad_of(test) == number_text(2 * 3 * 1.5**2)
    assert any("3·(-1.5)² = **6.75**, two bring **13.5**" in text.value for text in test.markdown)
    on(test)
    assert leaf_rows(trace_of(test, "playground"))[0].grad == "13.5"


@pytest.mark.parametrize("stop", ["1", "4", "5"])
def test_a_run_that_was_stopped_can_be_made_again(stop: str) -> None:
    test = opened(stop=stop)
    failed = Failure(kind="timeout", message="The run was stopped.")
    stopped = msgspec.structs.replace(trace_of(test, "start"), failure=failed, tensors=[], nodes=[], edges=[])
    show(test, "start", msgspec.structs.replace(stopped, gradients=[], backwards=[], torchviz=[]))
    checked(test.run())
    assert "The run was stopped." in html_of(test)
    checked(next(button for button in test.button if button.label == "Run it again").click().run())
    assert grad_of(test) == ("None" if stop == "1" else "24")


@pytest.mark.parametrize("address", [{"stop": "0"}, {"stop": "9"}, {"stop": "x"}, {"x": "3"}])
def test_a_stop_that_does_not_exist_is_the_first(address: dict[str, str]) -> None:
    assert "Stop 1 of 5" in html_of(opened(**address))


@pytest.mark.parametrize("x", ["", "many", "nan", "inf", "1e300", "-7"])
def test_an_x_that_cannot_be_is_brought_into_reach(x: str) -> None:
    test = opened(stop="5", x=x)
    assert abs(float(str(test.slider(key="start:x").value))) <= walk.MOST


EXAMPLES = [example for examples in FIRST.values() for example in examples]


def test_there_are_three_kinds_of_people_with_three_or_four_examples_each() -> None:
    assert [len(examples) in (3, 4) for examples in FIRST.values()] == [True] * 3
    assert len({example.title for example in EXAMPLES}) == len(EXAMPLES)


def test_the_lessons_of_the_examples_exist() -> None:
    slugs = {lesson.slug for lesson in load_course().lessons}
    asked = {example.address["lesson"] for example in EXAMPLES if "lesson" in example.address}
    assert asked
    assert asked <= slugs


def program_of(example: Example) -> str:
    program = linked_program(example.address)
    assert program is not None
    return program


def ended(example: Example) -> str:
    """Return how an example's program ends in plain Python."""
    error = plain_python(program_of(example)).error
    return error[1] if error is not None else ""


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "lesson" not in e.address], ids=lambda e: e.title)
def test_programs_of_the_examples_end_as_their_titles_say(example: Example) -> None:
    wanted = {
        "backward() a second time": "backward through the graph a second time",
        "Changed in place": "modified by an inplace operation",
    }
    assert (wanted.get(example.title) or "") in ended(example)
    assert bool(ended(example)) == (example.title in wanted)
    if "NaN" in example.title:
        assert "tensor([   nan, 0.5000, 0.2500])" in plain_python(program_of(example)).stdout
