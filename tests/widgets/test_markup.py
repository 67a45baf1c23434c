"""HTML around texts of programs: they stay texts."""

from __future__ import annotations

import pytest

from components.facts.text import plain_in_markdown
from components.source.line_changes import line_changes
from components.widgets.panels import Markup, breakable, change_panel, joined, panel, with_code


def test_names_in_a_sentence_are_code_and_nothing_else_is_markup() -> None:
    assert with_code("call `x.grad` of <b>") == "call <code>x.grad</code> of &lt;b&gt;"
    assert with_code("a ` alone, `<i>` is code") == "a <code> alone, </code>&lt;i&gt;` is code"


def test_pieces_are_joined_and_texts_among_them_escaped() -> None:
    assert joined([Markup("<b>1</b>"), "2 < 3"], " · ") == "<b>1</b> · 2 &lt; 3"


def test_a_long_name_is_broken_after_its_dots() -> None:
    assert breakable("net.0.<b>") == "net.<wbr>0.<wbr>&lt;b&gt;"
    assert breakable("x") == "x"


def test_a_changed_line_says_how_far_in_it_begins() -> None:
    before, after = "for x in y:\n    a\n", "for x in y:\n    b\n" + " " * 40 + "c\n"
    html = change_panel(line_changes(before, after))
    assert '<del style="--indent: 4"><i>2 −</i>    a</del>' in html
    assert '<ins style="--indent: 4"><i>2 +</i>    b</ins><ins style="--indent: 12"><i>3 +</i>' in html


def test_a_panel_escapes_its_title() -> None:
    head = '<div class="al-panel"><div class="al-head">&lt;Leaves&gt;</div>'
    assert panel("<Leaves>", Markup("<p>x</p>")) == f"{head}<p>x</p></div>"


@pytest.mark.parametrize("sign", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_no_text_turns_the_letters_of_a_line_around(sign: str) -> None:
    shown = f"\\u{ord(sign):04x}"
    assert Markup("<b>{}</b>").format(f"a{sign}<b") == f"<b>a{shown}&lt;b</b>"
    assert joined([Markup("<i>"), f"{sign}x"]) == f"<i>{shown}x"
    assert panel(f"{sign}", Markup("")) == panel(shown, Markup(""))
    assert with_code(f"`x{sign}`") == f"<code>x{shown}</code>"
    assert plain_in_markdown(f"x{sign}*") == f"x\\{shown}\\*"


def test_letters_of_every_script_stay_as_they_are() -> None:
    text = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u03c0 \u200f!"
    assert Markup("{}").format(text) == text
