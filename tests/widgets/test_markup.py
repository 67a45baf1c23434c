"""HTML around texts of programs: they stay texts."""

from __future__ import annotations

from markupsafe import Markup

from components.widgets.panels import joined, panel, with_code


def test_names_in_a_sentence_are_code_and_nothing_else_is_markup() -> None:
    assert with_code("call `x.grad` of <b>") == "call <code>x.grad</code> of &lt;b&gt;"
    assert with_code("a ` alone, `<i>` is code") == "a <code> alone, </code>&lt;i&gt;` is code"


def test_pieces_are_joined_and_texts_among_them_escaped() -> None:
    assert joined([Markup("<b>1</b>"), "2 < 3"], " · ") == "<b>1</b> · 2 &lt; 3"


def test_a_panel_escapes_its_title() -> None:
    head = '<div class="al-panel"><div class="al-head">&lt;Leaves&gt;</div>'
    assert panel("<Leaves>", Markup("<p>x</p>")) == f"{head}<p>x</p></div>"
