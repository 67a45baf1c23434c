"""Folding: few boxes, none of the nodes lost, groups that open into groups, marks and bytes summed up."""

from __future__ import annotations

from itertools import pairwise

import pytest

from components.facts import TraceIndex
from components.facts.folding import MOST_BOXES
from components.facts.groups import Group, whole
from components.figures import LabGraph, LabOptions, lab_graph, lab_scope
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


# --- a model


def block(number: int, first: int, *, short: bool = False) -> list[Node]:
    """Ten nodes of ``net.blocks.<number>``: six of its ``attn``, three of its ``mlp``, a sum of its own."""
    names = ["Relu", "Addmm", "T", "Tanh", "Sigmoid", "Mul", "Exp", "Sub", "Log"][: 8 if short else 9]
    path = f"net.blocks.{number}"
    made = [
        t.node(f"n{first + i}", f"{name}Backward0", 5, module=f"{path}.{'attn' if i < 6 else 'mlp'}")
        for i, name in enumerate(names)
    ]
    return [*made, t.node(f"n{first + len(names)}", "AddBackward0", 6, module=path)]


def deep(layers: int = 16, **changed: object) -> Trace:
    """An embedding, layers that are alike but for the first, which is shorter, a head and a loss."""
    made = [t.node("n0", "EmbeddingBackward0", 4, module="net.tok")]
    for number in range(layers):
        made += block(number, len(made), short=number == 0)
    made.append(t.node(f"n{len(made)}", "AddmmBackward0", 7, module="net.head"))
    made.append(t.node(f"n{len(made)}", "NllLossBackward0", 9))
    names = [node.id for node in made]
    pairs = [f"{above} {below}" for below, above in pairwise(names)]
    return t.make_trace(nodes=made, edges=t.edges(*pairs), **changed)  # type: ignore[arg-type]


def seen(graph: LabGraph) -> list[tuple[str, str]]:
    return [(box.title, box.value.partition("  ")[0]) for box in graph.boxes]


def test_a_model_opens_as_its_parts_and_layers_that_are_alike_are_one() -> None:
    graph = lab_graph(deep())
    assert seen(graph) == [
        ("NllLossBackward0", ""),
        ("net.head", "1 node"),
        # 9 + 15 * 10 nodes
        ("net.blocks", "×16"),
        ("net.tok", "1 node"),
    ]
    assert [frame.title for frame in graph.frames] == ["net"]
    assert stands_for(graph) == 1 + 1 + 9 + 150 + 1


def test_few_layers_are_shown_each_where_there_is_room() -> None:
    short = deep(15)
    assert ("net.blocks", "×15") in seen(lab_graph(short))
    # With 14 layers of ten nodes less one, 139 functions, it is no small graph, but 3 + 14 boxes are too many.
    assert ("net.blocks", "×14") in seen(lab_graph(deep(14)))


def test_layers_among_other_things_are_one_box_that_opens_into_them() -> None:
    made = [t.node("n0", "EmbeddingBackward0", 4, module="net.0")]
    for number in range(1, 16):
        made += [
            t.node(f"n{len(made) + i}", name, 5, module=f"net.{number}")
            for i, name in enumerate(["MulBackward0", "TanhBackward0"] * 5)
        ]
    trace = t.make_trace(nodes=made)
    assert seen(lab_graph(trace)) == [("net.1 to 15", "×15"), ("net.0", "1 node")]
    opened = closed(trace, "g.0", "g.0.1")
    assert [title for title, _ in seen(opened)] == [*(f"net.{number}" for number in range(15, 0, -1)), "net.0"]


def test_what_is_not_alike_is_no_layer() -> None:
    names = ["ConvolutionBackward0", "ReluBackward0", "AddmmBackward0"]
    made = [t.node(f"n{i}", names[i // 50], i + 1, module=f"net.{i // 50}") for i in range(150)]
    assert [title for title, _ in seen(lab_graph(t.make_trace(nodes=made)))] == ["net.2", "net.1", "net.0"]


def test_parameters_that_the_iterations_of_a_loop_share_are_one_box() -> None:
    leaves = [t.leaf(f"n{i}", f"net.w{i}") for i in range(4)]
    made, pairs = list(leaves), []
    for _ in range(40):
        for place in range(4):
            pairs.append(f"n{len(made)} n{place}")
            made.append(t.node(f"n{len(made)}", "MulBackward0", 3 + place, module="net"))
        made.append(t.node(f"n{len(made)}", "MeanBackward0", 7))
    trace = t.make_trace("for _ in range(40):\n" + "    x = net(x)\n" * 6, nodes=made, edges=t.edges(*pairs))
    index = TraceIndex(trace)
    (parameters,) = [box for box in closed(trace, "g.0").boxes if "parameters" in box.title]
    assert parameters.title == "net: 4 parameters"
    opened = closed(trace, "g.0", parameters.id)
    assert {box.title for box in opened.boxes if box.kinds[0] == "leaf"} == {"net.w0", "net.w1", "net.w2", "net.w3"}
    assert stands_for(opened) - 4 == len(index.trace.nodes) - 4


def test_a_module_that_a_loop_calls_shows_the_ends_of_the_loop() -> None:
    # Nothing but the cell: 50 times four nodes, and a sum.
    made = [t.node(f"n{i}", f"{'ABCD'[i % 4]}Backward0", 3, module="cell") for i in range(200)]
    trace = t.make_trace("h = cell(x, h)\n" * 4, nodes=[*made, t.node("n200", "SumBackward0", 4)])
    assert [title for title, _ in seen(lab_graph(trace))] == [
        "SumBackward0",
        "iteration 50",
        "iterations 2 to 49",
        "iteration 1",
    ]


def test_levels_open_and_close_whole_layers_of_boxes() -> None:
    index = TraceIndex(deep())
    folding = lab_scope(index).folded()
    assert (folding.level, folding.beyond) == (1, False)
    assert lab_scope(index).folded(folding.coarser()).opened == ()
    finer = lab_scope(index).folded(folding.finer())
    assert finer.level == 2
    # net is open, and in it tok, blocks and head.
    assert [group.piece.title for group in finer.opened] == ["net", "net.tok", "net.blocks", "net.head"]
    further = lab_scope(index).folded((*folding.finer(), "g.0.1.3"))
    assert (further.level, further.beyond) == (2, True)
    assert set(further.coarser()) == {group.id for group in finer.opened}
    assert set(further.finer()) > {group.id for group in further.opened}


def test_a_small_graph_of_modules_is_shown_whole() -> None:
    graph = lab_graph(t.make_trace(nodes=model(), edges=t.edges(*(f"n{i} n{i - 1}" for i in range(1, 23)))))
    assert not graph.groups
    assert not graph.compact
