"""The levels of detail of a Lab view, as the pages ask for them."""

from __future__ import annotations

from itertools import chain, combinations

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import Budget, foldings
from components.reading.graph_view import GraphAsked, graph_view, other_foldings
from components.trace import Program
from tests.model_programs import RESNET, TRAINED

SMALL = """\
import torch
from torch import nn

torch.manual_seed(0)
one, two = (nn.Sequential(nn.Linear(2, 2), nn.Tanh()) for _ in range(2))
loss = two(one(torch.ones(1, 2))).sum()
loss.backward()
"""
FLAT = "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x * 2).sum()\n"


def index_of(source: str) -> TraceIndex:
    return TraceIndex(capture_program(Program(source=source)))


def test_finer_and_coarser_lead_through_the_levels() -> None:
    index = index_of(RESNET)
    seen = []
    shown = graph_view(index, GraphAsked())
    assert (shown.data.level, shown.data.beyond, len(shown.data.boxes)) == (0, True, 13)
    while shown.data.level < shown.data.levels:
        shown = graph_view(index, GraphAsked(opened=shown.finer))
        assert not shown.data.beyond
        seen.append(len(shown.data.boxes))
    assert len(seen) == shown.data.levels
    assert seen == sorted(set(seen))
    for _ in range(shown.data.levels):
        shown = graph_view(index, GraphAsked(opened=shown.coarser))
    # The model, the line of the loss, the loss.
    assert (shown.data.level, len(shown.data.boxes)) == (0, 3)


def test_a_training_shows_its_iterations_and_its_parameters_once() -> None:
    shown = graph_view(index_of(TRAINED), GraphAsked())
    assert len(shown.data.boxes) <= 15
    # 12 parameters in each of four layers.
    assert "model: 48 parameters" in {card.title for card in shown.data.cards.values()}


def test_a_file_gets_each_level_and_each_fold_as_it_would_be_drawn() -> None:
    index = index_of(RESNET)
    first = graph_view(index, GraphAsked()).data
    others = foldings(index, None, first, lambda opened: graph_view(index, GraphAsked(opened=opened)).data, Budget(12))
    assert len({frozenset(other.opened) for other in others} | {frozenset(first.opened)}) == 13
    assert {other.level for other in others if not other.beyond} == set(range(first.levels + 1))
    assert others[0] == graph_view(index, GraphAsked(opened=others[0].opened)).data


def test_a_file_gets_any_boxes_open_together_where_they_are_few() -> None:
    index = index_of(SMALL)
    first = graph_view(index, GraphAsked()).data
    others = foldings(index, None, first, lambda opened: graph_view(index, GraphAsked(opened=opened)).data)
    subsets = chain.from_iterable(combinations(first.opened, size) for size in range(len(first.opened) + 1))
    # A box is open only in one that is open, too: the id of the inner one begins with that of the outer one.
    parents = {one: [other for other in first.opened if one.startswith(f"{other}.")] for one in first.opened}
    wanted = {frozenset(some) for some in subsets if all(set(parents[one]) <= set(some) for one in some)}
    assert len(wanted) >= 9
    assert {frozenset(other.opened) for other in [first, *others]} == wanted


def test_where_nothing_can_be_opened_there_are_no_other_pictures() -> None:
    data = graph_view(index_of(FLAT), GraphAsked()).data
    assert (data.level, data.levels) == (0, 0)
    assert other_foldings(index_of(FLAT), GraphAsked()) == []
