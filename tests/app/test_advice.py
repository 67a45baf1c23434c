"""Advice with its button, on every page that has a program: what is shown, what it changes, what is then run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from app import session
from app.playground_form import PlaygroundForm
from components.explanations import Remark
from components.reading import account
from components.source.form import BackwardPress, Form, Leaf
from components.trace import Trace
from components.widgets import editor
from tests.app.apptest import html_of, made, settled, visit

TWICE = """\
import torch
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward()
y.backward()
print("came", x.grad)
"""
# 3 * 2 ** 2 is 12, and is added twice.
MENDED, PRINTED = TWICE.replace("y.backward()", "y.backward(retain_graph=True)", 1), "came tensor(24.)"
PAGES = ["code", "gradients", "memory", "lessons"]
FUNCTION = "import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x.relux()\n"


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def opened(page: str, kept: Mapping[str, str] | None = None) -> AppTest:
    test = settled(visit(kept).run())
    settled(test.switch_page(f"screens/{page}.py").run())
    if page == "lessons":
        test.query_params["lesson"] = "chain_rule"
        settled(test.run())
    assert not test.exception
    return test


def box(test: AppTest, page: str) -> str:
    keys = [area.key for area in test.text_area if area.key and area.key.startswith(f"{page}:")]
    assert len(keys) == 1
    return str(keys[0])


def typed(test: AppTest, key: str, text: str) -> None:
    settled(test.text_area(key=key).set_value(text).run())
    assert not test.exception


def apply(test: AppTest, key: str) -> None:
    settled(test.button(key=key).click().run())
    assert not test.exception


@pytest.mark.parametrize("page", PAGES)
def test_a_button_mends_the_program_in_its_editor_and_runs_it(page: str) -> None:
    test = opened(page)
    key = box(test, page)
    typed(test, key, TWICE)
    shown = html_of(test)
    assert "Try this instead" not in shown  # not in words only
    assert '<del style="--indent: 0"><i>4 −</i>y.backward()</del>' in shown
    assert '<ins style="--indent: 0"><i>4 +</i>y.backward(retain_graph=True)</ins>' in shown
    apply(test, f"{key}:apply:failure")
    assert test.text_area(key=key).value == MENDED
    assert PRINTED in html_of(test)
    assert 'class="al-fail"' not in html_of(test)


def test_what_was_typed_elsewhere_stays_and_the_very_line_is_not_overwritten() -> None:
    test = opened("code")
    typed(test, "code:editor", TWICE)
    mine = "# mine\n" + TWICE
    test.text_area(key="code:editor").set_value(mine)
    apply(test, "code:editor:apply:failure")  # in Streamlit's own text area leaving it runs it, too
    assert test.text_area(key="code:editor").value == "# mine\n" + MENDED
    typed(test, "code:editor", TWICE)
    typed_over = TWICE.replace("y.backward()\ny", "y.sum().backward()\ny")
    test.text_area(key="code:editor").set_value(typed_over)
    apply(test, "code:editor:apply:failure")
    assert test.text_area(key="code:editor").value == typed_over


def test_each_side_of_compare_has_its_own() -> None:
    test = opened("compare")
    typed(test, "compare:left:editor", TWICE)
    typed(test, "compare:right:editor", TWICE.replace("came", "right"))
    apply(test, "compare:right:editor:apply:failure")
    assert test.text_area(key="compare:right:editor").value == MENDED.replace("came", "right")
    assert test.text_area(key="compare:left:editor").value == TWICE


def test_the_function_of_derivatives_is_mended_where_it_is_typed() -> None:
    test = opened("derivatives")
    typed(test, "derivatives:editor", FUNCTION)
    apply(test, "derivatives:editor:apply:failure")
    assert test.text_area(key="derivatives:editor").value == FUNCTION.replace("relux", "relu")
    assert 'class="al-fail"' not in html_of(test)


def test_an_answer_whose_checks_could_not_run_is_mended_too() -> None:
    test = opened("lessons")
    test.query_params["lesson"] = "partial_derivatives"
    settled(test.run())
    key = box(test, "lessons")
    typed(test, key, TWICE)
    settled(test.button(key="lessons:check:partial_derivatives").click().run())
    assert "The checks could not run" in " ".join(one.value for one in test.markdown)
    assert html_of(test).count('class="al-fail"') == 1  # the answer's own run says it
    apply(test, f"{key}:apply:failure")
    assert test.text_area(key=key).value == MENDED


def test_advice_that_is_no_edit_is_said_in_words() -> None:
    test = opened("code")
    typed(test, "code:editor", "raise SystemError('no one knows')\n")
    assert 'class="al-fail"' in html_of(test)
    assert 'class="al-change"' not in html_of(test)
    assert not [one for one in test.button if one.label == "Apply"]


def test_names_in_a_change_are_text_not_markup() -> None:
    test = opened("code")
    typed(test, "code:editor", TWICE.replace("y.backward()", "y.backward()  # <img src=x>", 1))
    assert "&lt;img src=x&gt;" in html_of(test)
    assert "<img" not in html_of(test)


# --- the Playground


def playground(form: Form) -> AppTest:
    return opened("playground", {"playground:PlaygroundForm": msgspec.json.encode(PlaygroundForm(form=form)).decode()})


def test_in_the_playground_it_is_the_form_that_changes() -> None:
    test = playground(Form("relux(x)", (Leaf("x", "[1.0, -2.0]"),)))
    settled(test.run())
    assert made(test, PlaygroundForm, "playground").form.expression == "relux(x)"
    # The name is refused before it runs; what PyTorch refuses of the expression has advice about its line.
    test = playground(Form("x.relux().sum()", (Leaf("x", "[1.0, -2.0]"),)))
    assert 'class="al-raised"' in html_of(test)
    apply(test, "playground:apply:failure")
    assert made(test, PlaygroundForm, "playground").form.expression == "x.relu().sum()"
    assert 'class="al-raised"' not in html_of(test)
    settled(test.button(key="playground:undo").click().run())
    assert made(test, PlaygroundForm, "playground").form.expression == "x.relux().sum()"


def test_in_the_playground_a_change_is_tried_before_it_is_offered() -> None:
    """A list of numbers is no tensor either: Backward would stop at the next line."""
    test = playground(Form("x.item()", (Leaf("x", "[1.0, 2.0]"),), (BackwardPress(),)))
    assert 'class="al-raised"' in html_of(test)
    assert not [one for one in test.button if one.label == "Apply"]
    test = playground(Form("x.item()", (Leaf("x", "[1.0, 2.0]"),)))
    assert [one.key for one in test.button if one.label == "Apply"] == ["playground:apply:failure"]


# --- what is surprising in a program that runs to its end


@pytest.fixture
def remarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were something to say of every program that has a certain line."""

    def remarks(trace: Trace) -> tuple[Remark, ...]:
        lines = trace.program.source.split("\n")
        line = next((number for number, text in enumerate(lines, start=1) if ".sum()" in text), 0)
        if not line or trace.failure is not None:
            return ()
        hint = f"Line {line}: {lines[line - 1].replace('.sum()', '.mean()')}"
        return Remark(line, "The `sum` <b>grows</b>.", hint), Remark(1, "No change.", None)

    monkeypatch.setattr(account, "remarks", remarks)
    # What is said of a program is worked out once for all sessions.
    monkeypatch.setattr(session.engine().traces, "_read", OrderedDict())


@pytest.mark.usefixtures("remarked")
def test_a_remark_has_its_button_too() -> None:
    source = "import torch\nx = torch.ones(4, requires_grad=True)\ny = x.sum()\ny.backward()\nprint(x.grad)\n"
    test = opened("code")
    typed(test, "code:editor", source)
    assert "<b>Line 3</b> The <code>sum</code> &lt;b&gt;grows&lt;/b&gt;." in html_of(test)
    assert "<b>Line 1</b> No change." in html_of(test)
    assert [one.key for one in test.button if one.label == "Apply"] == ["code:editor:apply:remark-0"]
    apply(test, "code:editor:apply:remark-0")
    assert "tensor([0.2500, 0.2500, 0.2500, 0.2500])" in html_of(test)
    assert "<b>Line 3</b>" not in html_of(test)


@pytest.mark.usefixtures("remarked")
def test_a_remark_in_the_playground_changes_the_form() -> None:
    test = playground(Form("(x**2).sum()", (Leaf("x", "[1.0, 3.0]"),), (BackwardPress(),)))
    assert 'class="al-remark"' in html_of(test)
    apply(test, "playground:apply:remark-0")
    assert made(test, PlaygroundForm, "playground").form.expression == "(x**2).mean()"
