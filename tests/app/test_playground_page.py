"""The Playground as Streamlit runs it, with the real workers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from app.in_browser import InBrowser
from app.playground_form import PlaygroundForm
from components.source.form import BackwardPress, Form, Leaf
from components.widgets import editor
from tests.app.apptest import html_of, players, settled, visit

EXPRESSION = "playground:expression"


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def opened(kept: Mapping[str, str] | None = None) -> AppTest:
    test = settled(visit(kept).run())
    settled(test.switch_page("screens/playground.py").run())
    assert not test.exception
    return test


def typed(test: AppTest, text: str) -> None:
    settled(test.text_area(key=EXPRESSION).set_value(text).run())
    assert not test.exception


def click(test: AppTest, key: str) -> None:
    settled(test.button(key=f"playground:{key}").click().run())
    assert not test.exception


def switch(test: AppTest, key: str, on: bool) -> None:
    settled(test.toggle(key=f"playground:{key}").set_value(on).run())


def program(test: AppTest) -> str:
    return str(test.code[0].value)


def words(test: AppTest) -> list[str]:
    """What is said beside the plots."""
    bodies = [element.proto.body for element in test.get("html")]
    return [body.split(">")[1].split("<")[0] for body in bodies if 'class="al-plot-words"' in body]


def test_it_writes_runs_and_undoes() -> None:
    test = opened()
    assert "y = torch.sin(x*w) + x**2" in program(test)
    click(test, "backward")
    assert "y.backward()" in program(test)
    assert "6.88" in html_of(test)  # 3 cos 6 + 2 * 2 = 6.8805
    switch(test, "retain", True)
    click(test, "undo")
    assert "y.backward()" not in program(test)
    click(test, "backward")
    click(test, "backward")
    assert program(test).count("y.backward(retain_graph=True)") == 2
    assert "13.76" in html_of(test)  # accumulated twice: 2 * 6.8805
    click(test, "zero")
    assert "grad.zero_()" in program(test)
    click(test, "reset")
    assert "backward" not in program(test)
    click(test, "undo")
    assert program(test).count("y.backward(retain_graph=True)") == 2


def test_the_words_beside_the_plots_tell_what_each_press_did() -> None:
    test = opened()
    typed(test, "x**3")
    assert words(test) == ["x.grad is None", "4 B saved"]
    switch(test, "retain", True)
    click(test, "backward")
    assert words(test) == ["x.grad = 12", "4 B kept by retain_graph"]
    switch(test, "retain", False)
    click(test, "backward")
    assert words(test) == ["12 + 12 = 24", "4 B freed"]
    assert len(test.get("plotly_chart")) == 2


def test_typing_keeps_the_presses_and_what_cannot_be_read_keeps_the_picture() -> None:
    test = opened()
    typed(test, "x**3")
    click(test, "backward")
    typed(test, "x**2 +")
    assert "Python cannot read this" in html_of(test)
    assert 'class="al-under al-unread"' in html_of(test)
    assert words(test) == ["x.grad = 12", "4 B freed"]
    assert players(test) == ["playground:player"]  # what was computed last is still there
    typed(test, "x**2")
    assert 'class="al-under al-unread"' not in html_of(test)
    assert program(test).count("y.backward()") == 1
    assert words(test)[0] == "x.grad = 4"
    click(test, "undo")  # typing is one step back
    assert "x**3" in program(test)
    assert test.text_area(key=EXPRESSION).value == "x**3"


def test_it_says_what_to_write_instead() -> None:
    test = opened()
    typed(test, "x^2")
    assert "Write **" in html_of(test)
    typed(test, "x**2 + new")
    assert "Write **" not in html_of(test)
    assert "new = torch.tensor(" in program(test)


def test_a_leaf_whose_name_goes_comes_back_as_it_was() -> None:
    test = opened()
    settled(test.text_input(key="playground:leaf:w:value").set_value("7").run())
    typed(test, "x**2")
    assert "w = " not in program(test)
    typed(test, "x**2 * w")
    assert "w = torch.tensor(7.0" in program(test)


def test_a_value_typed_as_a_shape_fills_itself() -> None:
    test = opened()
    typed(test, "(x**2).sum()")
    settled(test.text_input(key="playground:leaf:x:value").set_value("2x3").run())
    assert test.text_input(key="playground:leaf:x:value").value == "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]"
    click(test, "leaf:x:shape:1")
    assert "torch.tensor([1.0, 2.0, 3.0]" in program(test)
    click(test, "backward")
    assert words(test)[0] == "norm 7.483"  # (2, 4, 6)
    settled(test.selectbox(key="playground:leaf:x:dtype").set_value("float64").run())
    assert "dtype=torch.float64" in program(test)


def test_the_row_offers_the_shape_that_fits() -> None:
    test = opened()
    typed(test, "relu(W@x + b).sum()")
    assert "both arguments to matmul need to be at least 1D" in html_of(test)
    click(test, "leaf:x:fitting")
    assert "x = torch.tensor([1.0, 2.0]" in program(test)
    assert 'class="al-raised"' not in html_of(test)


@pytest.mark.parametrize(
    ("form", "button", "after"),
    [
        (
            Form("x**3", (Leaf("x", "2.0"),), (BackwardPress(),) * 2),
            "Keep the graph in the first press",
            "12 + 12 = 24",
        ),
        (Form("x**3", (Leaf("x", "2.0"),), (BackwardPress(),), True), "Switch no_grad off", "x.grad = 12"),
        (Form("x**2", (Leaf("x", "[1., 2., 3.]"),), (BackwardPress(),)), "Take the sum: (x**2).sum()", "norm 7.483"),
        (Form("x**3", (Leaf("x", "2", dtype="int64"),), (BackwardPress(),)), "Make x float32", "x.grad = 12"),
    ],
)
def test_an_error_has_a_sentence_and_a_button_that_can_be_undone(form: Form, button: str, after: str) -> None:
    test = opened({"playground:PlaygroundForm": msgspec.json.encode(PlaygroundForm(form=form)).decode()})
    assert 'class="al-raised"' in html_of(test)  # PyTorch's own words
    assert "Try this instead" not in html_of(test)
    assert test.button(key="playground:backward").disabled
    assert test.button(key="playground:fix").label == button
    click(test, "fix")
    assert 'class="al-raised"' not in html_of(test)
    assert words(test)[0] == after
    assert not test.button(key="playground:backward").disabled
    click(test, "undo")
    assert test.button(key="playground:fix").label == button


def test_the_plotted_leaf_can_be_chosen() -> None:
    test = opened()
    typed(test, "x**2 * w")
    click(test, "backward")
    assert words(test)[0] == "x.grad = 12"  # 2xw
    settled(test.selectbox(key="playground:plotted").set_value("w").run())
    assert words(test)[0] == "w.grad = 4"  # x**2


def test_it_comes_back_as_it_was_kept() -> None:
    test = opened()
    typed(test, "x**3 * w")
    switch(test, "create", True)
    click(test, "backward")
    store: InBrowser = test.session_state["all:InBrowser"]
    again = opened({name: msgspec.json.encode(made).decode() for name, made in store.made.items()})
    assert program(again) == program(test)
    assert again.text_area(key=EXPRESSION).value == "x**3 * w"
    assert again.toggle(key="playground:create").value
    click(again, "undo")
    assert "backward" not in program(again)


@pytest.mark.parametrize(
    "form",
    [
        Form("x", (Leaf("x"), Leaf("x"))),
        Form("(", (Leaf("x"), Leaf("x"), Leaf("", "<b>"))),
        Form("x * 1", (Leaf("x", "['", dtype="nonsense"),)),
        Form("x", (Leaf("`*x*`"), Leaf("x", "\x00"))),
        Form("x" * 5_000),
    ],
)
def test_what_a_damaged_browser_keeps_breaks_nothing(form: Form) -> None:
    test = opened({"playground:PlaygroundForm": msgspec.json.encode(PlaygroundForm(form=form)).decode()})
    typed(test, "x**2")
    assert not test.exception


def test_moving_one_slider_is_one_step_back() -> None:
    test = opened()
    for value in (3.0, 4.0, 5.0):
        settled(test.slider(key="playground:leaf:x:slider").set_value(value).run())
    assert "x = torch.tensor(5.0" in program(test)
    click(test, "undo")
    assert "x = torch.tensor(2.0" in program(test)
    assert test.button(key="playground:undo").disabled
