"""Every word that a picture, its colours or a card can have is explained in one sentence."""

from __future__ import annotations

import re

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.terms import GRAPH, about_node, word_in
from components.figures import lab_dot, lab_graph, layout_svg, player_data
from components.figures.legend import COLOURS, LAB_LEGEND, TORCHVIZ_LEGEND, torchviz_legend
from components.trace import Program
from components.widgets.player.page import text_of
from tests.program_texts import PROGRAMS


def test_every_word_of_both_legends_has_a_sentence() -> None:
    for word in (*LAB_LEGEND.values(), *TORCHVIZ_LEGEND.values(), *(f"colour: {name}" for name in COLOURS)):
        assert GRAPH[word].endswith("."), word


def test_the_colours_that_can_be_chosen_are_those_that_are_explained() -> None:
    chosen = re.findall(r"<option value=\"\w+\">(colour: [\w ]+)</option>", text_of("player.html"))
    assert chosen == [f"colour: {name}" for name in COLOURS]


@pytest.mark.parametrize("word", GRAPH)
def test_a_sentence_is_one_and_short(word: str) -> None:
    sentence = GRAPH[word]
    assert sentence[0].isupper() or sentence.startswith(("zero_grad", "requires_grad"))
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert len(sentence) <= 110


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_shows_is_explained(name: str) -> None:
    index = TraceIndex(capture_program(Program(source=PROGRAMS[name])))
    graph = lab_graph(index)
    data = player_data(index, layout_svg(lab_dot(graph)) if graph.boxes else None, graph=graph)
    assert {word for _, word in data.legend} <= data.terms.keys()
    for card in data.cards.values():
        if card.kind == "function":
            assert card.title in data.terms
        for row, _ in (*card.rows, *card.saved, *(row for visit in card.visits for row in visit.rows)):
            assert row in data.terms or (word_in(row) or "saved value") in data.terms, row
        for _, row, _ in card.changes:
            assert word_in(row) in data.terms, row


def test_a_node_is_explained_by_its_name() -> None:
    assert about_node("AccumulateGrad") == GRAPH["AccumulateGrad"]
    assert "native_layer_norm" in about_node("NativeLayerNormBackward0")
    assert "backward() of Square," in about_node("SquareBackward")
    assert about_node("struct torch::autograd::Odd") == GRAPH["function"]


def test_a_row_is_about_the_longest_word_that_it_begins_with() -> None:
    rows = {"gradient out to x": "gradient out", "self (h)": "self", "line 9: backward": "backward"}
    assert {row: word_in(row) for row in rows} == rows
    assert word_in("3 other kinds") == "other kinds"
    assert word_in("1,024 other kinds") == "other kinds"
    assert word_in("keepdim") is None


def test_torchviz_legend_is_read_from_the_colours() -> None:
    svg = '<polygon fill="lightgrey"/><polygon fill="#caff70"/><ellipse fill="orange"/><polygon fill="white"/>'
    assert torchviz_legend(svg) == [("output", "output"), ("function", "function"), ("saved", "saved tensor")]
