"""Boxes and lines that are marked because the picture beside this one has nothing like them."""

from __future__ import annotations

from components.facts import TraceIndex
from components.facts.compare.graphs import GraphMarks
from components.figures import LabOptions, lab_dot, lab_graph, player_data, with_marks
from components.figures.layout import Picture, layout_svg
from components.figures.legend import lab_legend
from tests.figures import traces as t


def small() -> TraceIndex:
    """y = sin(x) * 2, of which sin saved x."""
    return TraceIndex(
        t.make_trace(
            "y = sin(x) * 2\n",
            tensors=[t.tensor("t0", "x", 0.5), t.tensor("t1", "y", 1.0, "n2")],
            nodes=[
                t.leaf("n0", "x", "t0"),
                t.node("n1", "SinBackward0", 1, [t.saved("self", [], "t0")]),
                t.node("n2", "MulBackward0"),
            ],
            edges=t.edges("n1 n0", "n2 n1"),
        )
    )


def test_a_node_and_what_hangs_on_it_are_marked() -> None:
    graph = with_marks(lab_graph(small()), GraphMarks(frozenset({"n1"})))
    assert {box.id for box in graph.boxes if "only" in box.kinds} == {"n1", "n1~saved"}
    assert all(box.kinds[0] != "only" for box in graph.boxes)
    assert not any("only" in link.kinds for link in graph.links)


def test_an_edge_is_marked_by_its_ends() -> None:
    graph = with_marks(lab_graph(small()), GraphMarks(edges=frozenset({("n2", "n1")})))
    assert [(link.source, link.target) for link in graph.links if "only" in link.kinds] == [("n2", "n1")]


def test_a_folded_box_is_marked_if_one_of_its_nodes_is() -> None:
    index = TraceIndex(t.chain(300))
    graph = lab_graph(index, options=LabOptions(opened=()))
    assert graph.groups
    marked = with_marks(graph, GraphMarks(frozenset({"n150"})))
    holding = {name for name, group in graph.groups.items() if any(node.id == "n150" for node in group.nodes)}
    assert {box.id for box in marked.boxes if "only" in box.kinds} == holding
    assert len(holding) == 1


def test_nothing_to_mark_leaves_the_picture_alone() -> None:
    graph = lab_graph(small())
    assert with_marks(graph, GraphMarks()) is graph


def test_marks_reach_the_svg_the_legend_and_the_player() -> None:
    index = small()
    graph = with_marks(lab_graph(index), GraphMarks(frozenset({"n1"}), frozenset({("n2", "n1")})))
    dot = lab_dot(graph)
    assert dot.count('color="#cf451c"') == 3  # n1, what it saved, and the edge
    picture = layout_svg(dot)
    assert isinstance(picture, Picture)
    assert 'class="node function only"' in picture.svg
    assert 'class="edge gradient only"' in picture.svg
    assert ("only", "only on this side") in player_data(index, picture, graph=graph).legend
    edges_alone = with_marks(lab_graph(index), GraphMarks(edges=frozenset({("n2", "n1")})))
    assert ("only", "only on this side") in player_data(index, picture, graph=edges_alone).legend
    assert ("only", "only on this side") not in lab_legend(())
