"""Folding: few boxes, none of the nodes lost, groups that open into groups, marks and bytes summed up."""

from __future__ import annotations

import pytest

from components.facts import TraceIndex
from components.facts.folding import MOST_BOXES
from components.facts.groups import Group, whole
from components.figures import LabGraph, LabOptions, lab_graph
from components.trace import EngineFailure, Node, Trace
from tests.figures import traces as t


def stands_for(graph: LabGraph) -> int:
    """Count the nodes that the picture has, in boxes of their own or in folds."""
    alone = [box for box in graph.boxes if box.kinds[0] == "function" and "~" not in box.id]
    return len(alone) + sum(group.piece.size for group in graph.groups.values())


def titles(group: Group) -> list[str]:
    return [child.piece.title if isinstance(child, Group) else f"node {child}" for child in group.children]


def closed(trace: Trace, *opened: str) -> LabGraph:
    return lab_graph(trace, options=LabOptions(opened=opened))


@pytest.mark.parametrize("length", [50, 500, 100_000])
def test_a_chain_of_any_length_is_a_small_picture(length: int) -> None:
    graph = lab_graph(t.chain(length))
    assert len(graph.boxes) <= 130
    assert graph.nodes == stands_for(graph) == length + 1


def test_a_loop_shows_its_ends_and_folds_what_is_between() -> None:
    graph = closed(t.chain(500), "g.0")
    assert [(box.title, box.value) for box in graph.boxes] == [
        ("AddBackward0", ""),
        ("iterations 2 to 499", "×498"),
        ("AddBackward0", ""),
        ("y", "1.5"),
        ("AccumulateGrad", ""),
        ("x", "0.5"),
    ]
    assert [(link.source, link.target, link.label) for link in graph.links if link.kinds[0] == "gradient"] == [
        ("g.0.1", "n1", ""),
        ("n500", "g.0.1", ""),
        ("n0", "n0~leaf", ""),
        ("n1", "n0", ""),
    ]


def test_iterations_open_into_round_blocks() -> None:
    tree = whole([t.node(f"n{i}", "AddBackward0") for i in range(1_000)])
    (loop,) = tree.children
    assert isinstance(loop, Group)
    first, between, last = loop.children
    assert (first, last) == (0, 999)
    assert isinstance(between, Group)
    # 998 iterations, from the second on, a hundred to a block.
    assert titles(between)[:2] == ["iterations 2 to 101", "iterations 102 to 201"]
    assert titles(between)[-1] == "iterations 902 to 999"


def test_every_node_can_be_reached_by_opening() -> None:
    nodes = [
        t.node(f"n{i}", name, line) for i, (name, line) in enumerate([("Mul", 5), ("Tanh", 6)] * 37 + [("Sum", 8)])
    ]
    found: list[int] = []
    pending: list[Group | int] = [whole(nodes)]
    while pending:
        one = pending.pop()
        if isinstance(one, Group):
            assert one.children
            pending.extend(one.children)
        else:
            found.append(one)
    assert sorted(found) == list(range(75))


def model() -> list[Node]:
    """Two blocks of ten nodes each, a sum of the block itself between them, a loss above."""
    made = [t.leaf("n0", "w", None)]
    names = ["Relu", "Addmm", "T", "Tanh", "Sigmoid", "Mul", "Exp", "Sub", "Log", "Abs"]
    made += [t.node(f"n{i}", names[i % 10], module="net.0.act" if i <= 10 else "net.1.act") for i in range(1, 21)]
    return [*made, t.node("n21", "AddBackward0", module="net.1"), t.node("n22", "MeanBackward0", 2)]


def test_modules_hold_modules() -> None:
    trace = t.make_trace(nodes=model(), edges=t.edges(*(f"n{i} n{i - 1}" for i in range(1, 23))))
    graph = closed(trace)
    assert [(box.title, box.detail) for box in graph.boxes if "folded" in box.kinds] == [("net", "21 nodes")]
    opened = closed(trace, "g.0", "g.0.0", "g.0.1")
    assert [box.title for box in opened.boxes] == ["MeanBackward0", "AddBackward0", "net.1.act", "net.0.act"]
    assert [(frame.title, frame.boxes, frame.parent) for frame in opened.frames] == [
        ("net", (), None),
        ("net.1", ("g.0.1.0", "n21"), "g.0"),
        ("net.0", ("g.0.0.0",), "g.0"),
    ]
    # The weight that only net.0 uses is inside it.
    assert "n0" not in {box.id for box in opened.boxes}


def test_edges_into_a_fold_are_one_that_says_how_many_it_is() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1) for i in range(5)] + [t.node("n5", "StackBackward0", 2)]
    pairs = [f"n5 n{i}" for i in range(5)]
    graph = closed(t.make_trace(nodes=made, edges=t.edges(*pairs)))
    assert [(link.source, link.target, link.label) for link in graph.links] == [("n5", "g.0", "×5")]


def test_many_lines_are_parts_of_lines() -> None:
    made = [t.node(f"n{i}", f"Op{i}Backward0", i + 1) for i in range(64)]
    tree = whole(made)
    assert titles(tree)[:2] == ["lines 1 to 10", "lines 11 to 20"]
    assert len(tree.children) == 7


def test_a_leaf_that_only_a_fold_uses_is_inside_it() -> None:
    made = [t.leaf(f"n{i}", f"w{i}") for i in range(50)] + [t.node(f"n{50 + i}", "MulBackward0", 1) for i in range(50)]
    graph = closed(t.make_trace(nodes=made, edges=t.edges(*(f"n{50 + i} n{i}" for i in range(50)))))
    assert [(box.title, box.value) for box in graph.boxes] == [("loop, line 1", "×50")]


def test_nodes_of_double_backward_are_folded_apart() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1, order=1 if i < 10 else 2) for i in range(20)]
    graph = closed(t.make_trace(nodes=made))
    assert [(box.kinds, box.title) for box in graph.boxes] == [
        (("folded", "order2"), "built by create_graph"),
        (("folded",), "loop, line 1"),
    ]
    assert graph.boxes[0].detail.endswith("10 nodes · first derivative")


def test_a_fold_says_that_backward_stopped_in_it_and_whether_all_it_saved_is_freed() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1, [t.saved("result", [])]) for i in range(10)]
    stopped = EngineFailure(node="n3", message="...", freed_by="b0")
    every = [f"n{i}" for i in range(10)]
    runs = [t.backward("b0", ["n9"], freed=every), t.backward("b1", ["n9"], failure=stopped)]
    box = closed(t.make_trace(nodes=made, backwards=runs)).boxes[0]
    assert box.kinds == ("folded", "released", "stopped")
    assert box.detail == "10 nodes · saves 40 B\nstopped here, at ExpBackward0"


def test_what_is_asked_to_be_open_never_makes_more_boxes_than_can_be_laid_out() -> None:
    trace = t.chain(100_000)
    index = TraceIndex(trace)
    every = [f"g.0.1{suffix}" for a in range(10) for suffix in ("", f".{a}", *(f".{a}.{b}" for b in range(10)))]
    graph = lab_graph(index, options=LabOptions(opened=("g.0", *every)))
    assert 100 < len(graph.boxes) <= MOST_BOXES + 20
    assert stands_for(graph) == 100_001


def test_unknown_groups_are_passed_over() -> None:
    assert closed(t.chain(500), "g.9.9", "nonsense").opened == ()
