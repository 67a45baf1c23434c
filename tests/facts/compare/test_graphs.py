"""What only one of two graphs has, in ids for the picture and in words."""

from __future__ import annotations

from components.facts.compare.graphs import (
    ChangedNodes,
    EdgeGroup,
    GraphComparison,
    GraphMarks,
    NodeGroup,
    compare_graphs,
)
from components.facts.compare.matching import SearchBudget
from tests.facts.compare.made import functions, graph
from tests.figures import traces as t

SOURCE = "h = sin(x)\nz = (h * 2).sum()\n"


def test_what_one_side_lacks_is_counted_by_line_and_name() -> None:
    kept = [t.saved("self", [1], nbytes=4)]
    extra = [
        t.node("n1", "MulBackward0", 2, kept),
        t.node("n2", "MulBackward0", 2, kept),
        t.node("n3", "SumBackward0", 2),
    ]
    left = graph([t.node("n0", "SinBackward0", 1), *extra], "n3 n2", source=SOURCE)
    right = graph([t.node("n0", "SinBackward0", 1)], source=SOURCE)
    assert compare_graphs(left, right) == GraphComparison(
        both=1,
        only_left=GraphMarks(frozenset({"n1", "n2", "n3"})),
        only_right=GraphMarks(),
        left=(
            NodeGroup("MulBackward0", None, 2, "z = (h * 2).sum()", 2, 8),  # 2 nodes that save 4 bytes each
            NodeGroup("SumBackward0", None, 2, "z = (h * 2).sum()", 1, 0),
        ),
        right=(),
        changed=(),
    )


def test_an_edge_between_nodes_of_both_that_detach_took_away() -> None:
    nodes = functions("SinBackward0", "MulBackward0")
    found = compare_graphs(graph(nodes, "n1 n0"), graph(nodes))
    assert found.only_left == GraphMarks(frozenset(), frozenset({("n1", "n0")}))
    assert found.left_edges == (EdgeGroup("MulBackward0", "SinBackward0", (1, 1), 1),)
    assert found.text == "2 nodes in both, 1 edge between them only on the left"
    assert found.left_edges[0].text == "MulBackward0 → SinBackward0"


def test_a_node_of_both_that_keeps_something_else() -> None:
    nodes = [t.node("n0", "ExpBackward0", 1, [t.saved("result", [2], nbytes=8)])]
    freeing = graph(nodes, backwards=[t.backward("b0", ["n0"], line=3, freed=["n0"])])
    keeping = graph(nodes, backwards=[t.backward("b0", ["n0"], line=3, retain_graph=True)])
    found = compare_graphs(freeing, keeping)
    assert found.changed == (
        ChangedNodes("ExpBackward0", 1, (1, 1), "saves 8 B, freed in line 3", "saves 8 B, kept to the end"),
    )
    assert found.text == "1 node in both"


def test_the_same_run_of_the_engine_in_another_line_frees_the_same() -> None:
    nodes = [t.node("n0", "ExpBackward0", 1, [t.saved("result", [2], nbytes=8)])]
    one, other = (graph(nodes, backwards=[t.backward("b0", ["n0"], line=at, freed=["n0"])]) for at in (3, 5))
    assert compare_graphs(one, other).changed == ()


def test_words() -> None:
    assert NodeGroup("MulBackward0", None, 4, "", 1_200, 2_048).text == "1,200 × MulBackward0"
    assert NodeGroup("MulBackward0", None, 4, "", 1, 2_048).where == "line 4 · saves 2 KiB"
    assert NodeGroup("AccumulateGrad", "w", None, "", 1, 0).text == "AccumulateGrad of w"
    assert ChangedNodes("SinBackward0", 3, (1, 2), "", "").text == "3 × SinBackward0"


def test_that_a_match_is_not_exact_is_said() -> None:
    left, right = graph(functions(*"ABCABC")), graph(functions(*"CBACBA"))
    assert compare_graphs(left, right).notes == ()
    notes = compare_graphs(left, right, SearchBudget(3)).notes
    assert len(notes) == 1
    assert "too different to be matched in order" in notes[0]
