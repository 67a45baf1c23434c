"""Folding: few boxes, none of the nodes lost, marks and bytes summed up."""

from __future__ import annotations

import pytest

from components.figures import LabGraph, LabOptions, lab_graph
from components.trace import EngineFailure
from tests.figures import traces as t


def stands_for(graph: LabGraph) -> int:
    """Count the nodes that the picture has, in boxes of their own or in folds."""
    alone = {box.id for box in graph.boxes if box.kinds[0] == "function"}
    return len(alone) + sum(len(members) for members in graph.members.values())


@pytest.mark.parametrize("length", [50, 500, 100_000])
def test_a_chain_of_any_length_is_a_small_picture(length: int) -> None:
    graph = lab_graph(t.chain(length))
    assert len(graph.boxes) <= 400
    assert graph.nodes == stands_for(graph) == length + 1
    if length > 400:
        # One fold, the output above it, the leaf and its AccumulateGrad below it.
        assert [(box.title, box.value) for box in graph.boxes] == [
            ("line 1:", f"{length:,} nodes"),
            ("y", "1.5"),
            ("AccumulateGrad", ""),
            ("x", "0.5"),
        ]


def test_the_limit_counts_boxes_and_costs_the_saved_tensors_first() -> None:
    def saving(nodes: int) -> LabGraph:
        made = [t.node(f"n{i}", "ExpBackward0", saved=[t.saved("result", [])]) for i in range(nodes)]
        pairs = [f"n{i} n{i - 1}" for i in range(1, nodes)]
        return lab_graph(t.make_trace(nodes=made, edges=t.edges(*pairs)), options=LabOptions(max_boxes=20))

    assert len(saving(10).boxes) == 20  # 10 functions, 10 saved tensors
    fewer = saving(11)
    assert (len(fewer.boxes), fewer.folded) == (11, None)
    assert fewer.boxes[0].detail == "line 1\nsaves 4 B"
    folded = saving(21)
    assert folded.folded == "line"
    # 21 saved tensors of 4 bytes are 84 bytes.
    assert [box.detail for box in folded.boxes] == ["saves 84 B"]


def modules() -> LabGraph:
    """Two blocks of ten nodes each, a sum of the block itself between them, a loss above: folded to twelve boxes."""
    made = [t.leaf("n0", "w", None)]
    made += [t.node(f"n{i}", "ReluBackward0", module="net.0.act" if i <= 10 else "net.1.act") for i in range(1, 21)]
    made += [t.node("n21", "AddBackward0", module="net.1"), t.node("n22", "MeanBackward0", 2)]
    pairs = [f"n{i} n{i - 1}" for i in range(1, 23)]
    return lab_graph(t.make_trace(nodes=made, edges=t.edges(*pairs)), options=LabOptions(max_boxes=12))


def test_modules_are_folded_as_deep_as_fits_and_the_rest_stays() -> None:
    graph = modules()
    assert graph.folded == "module"
    assert [(box.title, box.value) for box in graph.boxes] == [
        ("MeanBackward0", ""),
        ("AddBackward0", ""),
        ("net.1.act:", "10 nodes"),
        # The weight that only this module uses is in its box.
        ("net.0.act:", "11 nodes"),
    ]
    assert [(link.source, link.target) for link in graph.links] == [
        ("n11~fold", "n0~fold"),
        ("n21", "n11~fold"),
        ("n22", "n21"),
    ]


def test_edges_into_a_fold_are_one_that_says_how_many_it_is() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1) for i in range(5)] + [t.node("n5", "StackBackward0", 2)]
    pairs = [f"n5 n{i}" for i in range(5)]
    graph = lab_graph(t.make_trace(nodes=made, edges=t.edges(*pairs)), options=LabOptions(max_boxes=4))
    assert [(link.source, link.target, link.label) for link in graph.links] == [("n5", "n0~fold", "×5")]


def test_many_lines_are_folded_into_blocks_of_lines() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", i + 1) for i in range(64)]
    pairs = [f"n{i} n{i - 1}" for i in range(1, 64)]
    graph = lab_graph(t.make_trace(nodes=made, edges=t.edges(*pairs)), options=LabOptions(max_boxes=4))
    assert graph.folded == "blocks of lines"
    assert [box.title for box in graph.boxes] == [
        "lines 49 to 64:",
        "lines 33 to 48:",
        "lines 17 to 32:",
        "lines 1 to 16:",
    ]


def test_many_leaves_become_one_box() -> None:
    made = [t.leaf(f"n{i}", f"w{i}") for i in range(50)] + [t.node(f"n{50 + i}", "MulBackward0", 1) for i in range(50)]
    pairs = [f"n{50 + i} n{i}" for i in range(50)]
    graph = lab_graph(t.make_trace(nodes=made, edges=t.edges(*pairs)), options=LabOptions(max_boxes=20))
    assert [(box.title, box.value) for box in graph.boxes] == [("line 1:", "50 nodes"), ("leaves:", "50 nodes")]
    assert [link.label for link in graph.links] == ["×50"]


def test_nodes_of_double_backward_are_folded_apart() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1, order=1 if i < 10 else 2) for i in range(20)]
    graph = lab_graph(t.make_trace(nodes=made), options=LabOptions(max_boxes=4))
    assert [(box.kinds, box.value) for box in graph.boxes] == [
        (("folded", "order2"), "10 nodes"),
        (("folded",), "10 nodes"),
    ]


def test_a_fold_says_that_backward_stopped_in_it_and_whether_all_it_saved_is_freed() -> None:
    made = [t.node(f"n{i}", "ExpBackward0", 1, [t.saved("result", [])]) for i in range(10)]
    stopped = EngineFailure(node="n3", message="...", freed_by="b0")
    every = [f"n{i}" for i in range(10)]
    runs = [t.backward("b0", ["n9"], freed=every), t.backward("b1", ["n9"], failure=stopped)]
    (box,) = lab_graph(t.make_trace(nodes=made, backwards=runs), options=LabOptions(max_boxes=4)).boxes[:1]
    assert box.kinds == ("folded", "released", "stopped")
    assert box.detail == "saves 40 B\nstopped here, at ExpBackward0"
