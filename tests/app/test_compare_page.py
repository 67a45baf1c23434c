"""The Compare page as Streamlit runs it, with the real workers behind it."""

from __future__ import annotations

import html
import io
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs
from streamlit.testing.v1 import AppTest

from app.compare_sides import zipped
from app.linked import Linked
from app.links import pack, unpack
from app.pairs import PAIRS
from components.source.variants import elsewhere, variants
from components.trace import Trace, decode_trace, encode_trace
from components.widgets import editor
from components.worker.confine.gpu import has_gpu
from components.worker.failures import NO_CUDA
from tests.app.apptest import html_of, made, players, settled, show, shown, trace_of, visit
from tests.figures import traces as t

LEFT, RIGHT = "compare:left:editor", "compare:right:editor"
SMALL = "import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x.sin() * 3\ny.backward()\n"


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def opened(**address: str) -> AppTest:
    test = visit()
    settled(test.run())
    settled(test.switch_page("screens/playground.py").run())
    test.switch_page("screens/compare.py")
    for name, value in address.items():
        test.query_params[name] = value
    settled(test.run())
    assert not test.exception
    return test


def of_side(test: AppTest, side: str) -> Trace:
    return trace_of(test, f"compare:{side}")


def source_of(test: AppTest, side: str) -> str:
    return of_side(test, side).program.source


@pytest.mark.parametrize("name", PAIRS)
def test_each_prepared_pair_runs_and_is_told(name: str) -> None:
    test = opened()
    settled(test.selectbox(key="compare:pair").set_value(name).run())
    assert not test.exception
    assert test.selectbox(key="compare:pair").value == name
    assert (source_of(test, "left"), source_of(test, "right")) == PAIRS[name]
    assert 'class="al-tell al-says"' in html_of(test)
    assert len(players(test)) == 2
    failed = 'class="al-fail"' in html_of(test)
    why = [of_side(test, side).failure for side in ("left", "right")]
    assert failed == ("a second backward" in name), why  # which is what that pair is about


def test_the_page_begins_with_a_pair_and_its_verdict() -> None:
    test = opened()
    assert "Same results; right keeps" in html_of(test)
    assert "5 nodes in both, 4 only on the left" in html_of(test)
    assert "= </b>" not in html_of(test)
    assert len(test.get("plotly_chart")) == 1


def test_what_was_edited_but_not_run_is_said_until_it_is_run() -> None:
    test = opened()
    asked = "Edited: press Run both."
    assert asked not in [one.value for one in test.markdown]
    text = test.text_area(key=LEFT)
    text.set_value(SMALL)
    key = f"{LEFT}:typed"
    # As the built editor says it when it is left: another text, and no request to run it.
    test.session_state[key] = replace(test.session_state[key], text=SMALL)
    test.session_state[LEFT] = SMALL
    test.run()
    assert asked in [one.value for one in test.markdown]
    assert "Same results; right keeps" in html_of(test)  # what was run is still shown
    settled(test.button(key="compare:run").click().run())
    assert asked not in [one.value for one in test.markdown]
    assert source_of(test, "left") == SMALL


def test_the_pair_that_is_shown_is_named_until_it_is_another_program() -> None:
    test = opened()
    assert test.selectbox(key="compare:pair").value == next(iter(PAIRS))
    settled(test.text_area(key=LEFT).set_value(SMALL).run())
    assert test.selectbox(key="compare:pair").value == "Prepared pairs"


def test_what_a_file_says_of_its_memory_is_text_not_markdown() -> None:
    test = opened()
    note = "![x](http://127.0.0.1:9/x.png) <img src=x> [here](http://127.0.0.1:9/)"
    show(test, "compare:left", structs.replace(of_side(test, "left"), memory=None, memory_note=note))
    test.run()
    assert html.escape(note) in html_of(test)
    assert not any("127.0.0.1:9" in one.value for one in (*test.markdown, *test.caption))
    assert "<img" not in html_of(test)


def test_where_nothing_was_printed_one_line_says_so() -> None:
    test = opened()
    for side in (LEFT, RIGHT):
        settled(test.text_area(key=side).set_value(SMALL).run())
    (said,) = (element.proto.body for element in test.get("html") if "Printed:" in element.proto.body)
    assert "Printed: nothing on either side" in said
    assert said.count("nothing") == 1


def test_what_is_typed_on_one_side_runs_there() -> None:
    test = opened()
    settled(test.text_area(key=LEFT).set_value(SMALL).run())
    settled(test.text_area(key=RIGHT).set_value(SMALL.replace("3", "4")).run())
    assert (source_of(test, "left"), source_of(test, "right")) == (SMALL, SMALL.replace("3", "4"))
    # dy/dx = 3 cos 2 = -1.248 and 4 cos 2 = -1.665: they differ by cos 2 = 0.4161
    for words in ("-1.248", "-1.665", "0.4161", "x.grad: -1.248 against -1.665; y: 2.728 against 3.637", "≠"):
        assert words in html_of(test)


def test_names_from_programs_are_text_not_markup() -> None:
    test = opened()
    settled(test.text_area(key=LEFT).set_value(SMALL + "print('<img src=x>')\n").run())
    assert "&lt;img src=x&gt;" in html_of(test)
    assert "<img" not in html_of(test)


def test_the_right_side_follows_the_left_with_one_thing_changed() -> None:
    test = opened()
    settled(test.text_area(key=LEFT).set_value(SMALL).run())
    retain = next(one for one in variants(SMALL) if one.switch == "retain_graph")
    choice = test.selectbox(key="compare:right:from")
    settled(choice.set_value((retain.switch, retain.line, retain.title)).run())
    assert source_of(test, "right") == retain.source
    assert retain.what.replace("`", "") in html_of(test)
    longer = f"# first\n{SMALL}"
    settled(test.text_area(key=LEFT).set_value(longer).run())
    assert source_of(test, "right") == f"# first\n{retain.source}"  # the same switch, a line further down
    # Who edits the right program makes it an own text, which follows nothing.
    settled(test.text_area(key=RIGHT).set_value("import torch\n").run())
    settled(test.text_area(key=LEFT).set_value(SMALL).run())
    assert source_of(test, "right") == "import torch\n"
    assert test.selectbox(key="compare:right:from").value == "text"


def test_the_program_of_another_page_is_followed() -> None:
    test = opened()
    settled(test.selectbox(key="compare:left:from").set_value("playground").run())
    first = source_of(test, "left")
    assert "torch.sin(x*w)" in first
    test.switch_page("screens/playground.py").run()
    settled(test.button(key="playground:backward").click().run())
    settled(test.switch_page("screens/compare.py").run())
    assert "y.backward()" in source_of(test, "left")
    assert test.selectbox(key="compare:left:from").value == "playground"


def test_choices_and_programs_are_there_after_another_page() -> None:
    test = opened()
    settled(test.text_area(key=RIGHT).set_value(SMALL).run())
    settled(test.switch_page("screens/code.py").run())
    settled(test.switch_page("screens/compare.py").run())
    assert source_of(test, "right") == SMALL
    assert test.text_area(key=RIGHT).value == SMALL


def test_a_link_opens_both_programs_and_what_is_made_of_them_gets_a_link_of_its_own() -> None:
    other = SMALL.replace("sin", "cos")
    link = pack([SMALL, other])
    test = opened(pair=link)
    assert (source_of(test, "left"), source_of(test, "right")) == (SMALL, other)
    assert "pair" in test.query_params
    settled(test.text_area(key=LEFT).set_value("import torch\n").run())
    linked = made(test, Linked, "compare")
    assert (linked.was, unpack(linked.link, 2)) == (link, ("import torch\n", other))
    assert source_of(test, "right") == other


def test_a_damaged_link_says_what_to_do_and_the_page_works() -> None:
    test = opened(pair=pack([SMALL, SMALL])[:-20])
    assert "copy the whole link again" in html_of(test)
    assert "Same results; right keeps" in html_of(test)
    settled(test.text_area(key=LEFT).set_value(SMALL).run())
    assert "copy the whole link again" not in html_of(test)


@pytest.mark.parametrize("source", ["", "(", "x" * 60_000, "import os", "1/0", "\x00", "def f(:\n", "é = 1"])
def test_silly_things_on_either_side(source: str) -> None:
    test = opened()
    settled(test.text_area(key=LEFT).set_value(source).run())
    assert not test.exception
    settled(test.text_area(key=RIGHT).set_value(source).run())
    assert not test.exception
    settled(test.button(key="compare:run").click().run())
    assert not test.exception


def test_run_both_runs_what_was_run_before() -> None:
    test = opened()
    before = shown(test, "compare:left")
    settled(test.button(key="compare:run").click().run())
    assert shown(test, "compare:left") is not before


def test_each_axis_of_the_memory() -> None:
    test = opened()
    for axis in ("ms", "share", "line"):
        settled(test.segmented_control(key="compare:axis").set_value(axis).run())
        assert not test.exception
        assert len(test.get("plotly_chart")) == 1


def test_both_traces_in_one_file() -> None:
    sides = {name: t.make_trace(f"x = {number}\n") for number, name in enumerate(("left", "right"), start=1)}
    files = {name: (trace.program.source, partial(encode_trace, trace)) for name, trace in sides.items()}
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        assert sorted(archive.namelist()) == ["left.json", "left.py", "right.json", "right.py"]
        assert decode_trace(archive.read("right.json")) == sides["right"]
        assert archive.read("left.py") == b"x = 1\n"


def test_the_left_program_under_autocast_shows_how_far_its_numbers_are_apart() -> None:
    left, right = PAIRS["autocast: the same in bfloat16"]
    test = opened()
    settled(test.text_area(key=LEFT).set_value(left).run())
    (under, *_rest) = elsewhere(left, gpu=False)
    settled(test.selectbox(key="compare:right:from").set_value((under.switch, under.line, under.title)).run())
    assert not test.exception
    assert source_of(test, "right") == right
    said = html_of(test)
    assert "Drift: Same up to rounding" in said
    assert "<td>float32</td><td>bfloat16</td>" in said
    assert "Right in <b>bfloat16</b>: T × 6, Addmm × 6, Tanh × 3" in said
    assert under.what in said


@pytest.mark.skipif(has_gpu(), reason="there is a GPU here")
def test_without_a_gpu_a_program_on_it_is_not_offered_and_one_from_a_link_is_refused_in_words() -> None:
    (_, moved, _) = elsewhere(SMALL, gpu=True)
    test = opened(pair=pack([SMALL, moved.source]))
    failure = of_side(test, "right").failure
    assert failure is not None
    assert failure.message == NO_CUDA
    assert not [word for word in test.selectbox(key="compare:right:from").options if "GPU" in word]
