"""The Lab view's records, by equality on traces written by hand."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from components.figures import Box, LabGraph, LabOptions, Link, Root, lab_graph
from components.trace import EngineFailure, Failure, Trace
from tests.figures import traces as t


def boxes(graph: LabGraph) -> dict[str, Box]:
    found = {box.id: box for box in graph.boxes}
    assert len(found) == len(graph.boxes), "ids are unique"
    return found


def links(graph: LabGraph, kind: str) -> list[tuple[str, str, str]]:
    return [(link.source, link.target, link.label) for link in graph.links if link.kinds[0] == kind]


def product(**changed: object) -> Trace:
    """``y = x * w`` at x = 2, w = 3, whose backward gives x.grad = 3 and w.grad = 2."""
    parts: dict[str, object] = {
        "tensors": [t.tensor("t0", "x", 2.0), t.tensor("t1", "w", 3.0), t.tensor("t2", "y", 6.0, "n2")],
        "nodes": [
            t.leaf("n0", "x", "t0"),
            t.leaf("n1", "w", "t1"),
            t.node("n2", "MulBackward0", 3, [t.saved("self", [], "t0"), t.saved("other", [], "t1")]),
        ],
        "edges": t.edges("n2 n0", "n2 n1"),
        "backwards": [t.backward("b0", ["n2"], [t.passed("n2", 1.0, 3.0, 2.0)], freed=["n2"])],
        "gradients": [t.change("x", "t0", 3.0, 3.0), t.change("w", "t1", 2.0, 2.0)],
    }
    return t.make_trace("x = ...\nw = ...\ny = x * w\n", **(parts | changed))  # type: ignore[arg-type]


def test_a_product_after_its_backward() -> None:
    # Written from the top: the output, the function with what it saved, the leaves.
    assert lab_graph(product()) == LabGraph(
        boxes=(
            Box("n2", ("function", "released"), "MulBackward0", "", "line 3"),
            Box("n2~saved", ("saved", "freed"), "x, w", "()  8 B"),
            Box("t2", ("output",), "y", "6"),
            Box("n1", ("function",), "AccumulateGrad"),
            Box("n1~leaf", ("leaf",), "w", "3", ".grad 2"),
            Box("n0", ("function",), "AccumulateGrad"),
            Box("n0~leaf", ("leaf",), "x", "2", ".grad 3"),
        ),
        links=(
            Link("n2", "n2~saved", ("saved", "freed")),
            Link("t2", "n2", ("output", "travelled"), "1"),
            Link("n1", "n1~leaf", ("gradient", "travelled")),
            Link("n2", "n1", ("gradient", "travelled"), "2"),
            Link("n0", "n0~leaf", ("gradient", "travelled")),
            Link("n2", "n0", ("gradient", "travelled"), "3"),
        ),
        nodes=3,
    )


def test_before_any_backward_nothing_has_travelled_and_nothing_is_freed() -> None:
    graph = lab_graph(product(backwards=[], gradients=[]))
    assert {word for box in graph.boxes for word in box.kinds} == {"function", "saved", "output", "leaf"}
    assert not [link for link in graph.links if "travelled" in link.kinds or link.label]
    assert boxes(graph)["n0~leaf"].detail == ""


def test_a_gradient_that_was_set_to_none_says_so() -> None:
    gone = [t.change("x", "t0", 3.0, 3.0), t.change("x", "t0", None, None, cause="none")]
    assert boxes(lab_graph(product(gradients=gone)))["n0~leaf"].detail == ".grad None"


def test_options_hide_values_add_shapes_and_drop_saved_tensors() -> None:
    trace = product()
    hidden = boxes(lab_graph(trace, options=LabOptions(values=False)))
    assert (hidden["t2"].value, hidden["n0~leaf"].detail) == ("() float32", ".grad ()")
    assert boxes(lab_graph(trace, options=LabOptions(shapes=True)))["t2"].value == "()  6"
    bare = boxes(lab_graph(trace, options=LabOptions(saved=False)))
    assert "n2~saved" not in bare
    assert bare["n2"].detail == "line 3\nsaves 8 B"


def test_the_node_where_a_pass_stopped_names_the_call_that_freed_it() -> None:
    stopped = EngineFailure(node="n2", message="Trying to backward ...", freed_by="b0")
    runs = [t.backward("b0", ["n2"], freed=["n2"], line=5), t.backward("b1", ["n2"], line=6, failure=stopped)]
    failure = Failure(kind="raised", message="Trying to backward ...", line=6, node="n2", backward="b1")
    box = boxes(lab_graph(t.make_trace(**_parts(product(backwards=runs)), failure=failure)))["n2"]
    assert box.kinds == ("function", "released", "stopped")
    assert box.detail == "line 3\nstopped here: freed by line 5"


def _parts(trace: Trace) -> dict[str, Any]:
    return {name: getattr(trace, name) for name in ("tensors", "nodes", "edges", "backwards", "gradients", "steps")}


def test_a_product_of_a_leaf_with_itself_keeps_both_edges() -> None:
    trace = t.make_trace(
        tensors=[t.tensor("t0", "x", 3.0), t.tensor("t1", "y", 9.0, "n1")],
        nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "MulBackward0")],
        edges=t.edges("n1 n0", "n1 n0"),
        backwards=[t.backward("b0", ["n1"], [t.passed("n1", 1.0, 3.0, 3.0)])],
    )
    assert links(lab_graph(trace), "gradient") == [("n0", "n0~leaf", ""), ("n1", "n0", "3"), ("n1", "n0", "3")]


def test_copies_of_a_leaf_begin_with_the_fourth_use() -> None:
    def used(times: int) -> LabGraph:
        users = [t.node(f"n{i}", "MulBackward0") for i in range(1, times + 1)]
        pairs = [f"n{i} n0" for i in range(1, times + 1)]
        return lab_graph(t.make_trace(nodes=[t.leaf("n0", "w"), *users], edges=t.edges(*pairs)))

    assert not [box for box in used(3).boxes if "copy" in box.kinds]
    graph = used(4)
    assert [box.id for box in graph.boxes if "copy" in box.kinds] == ["n0~1", "n0~2", "n0~3"]
    assert links(graph, "gradient") == [
        ("n0", "n0~leaf", ""),
        ("n1", "n0", ""),
        ("n2", "n0~1", ""),
        ("n3", "n0~2", ""),
        ("n4", "n0~3", ""),
    ]


def test_a_view_is_linked_to_its_base_where_no_edge_does_it_already() -> None:
    # v = a.view(...); r = v[0]: both are views of a, and only v has an edge to a's AccumulateGrad.
    trace = t.make_trace(
        tensors=[
            t.tensor("t0", "a", [1.0, 2.0]),
            t.tensor("t1", "v", [1.0, 2.0], "n1", view_of="t0"),
            t.tensor("t2", "r", 1.0, "n2", view_of="t0"),
        ],
        nodes=[t.leaf("n0", "a", "t0"), t.node("n1", "ViewBackward0"), t.node("n2", "SelectBackward0")],
        edges=t.edges("n1 n0", "n2 n1"),
    )
    graph = lab_graph(trace)
    assert links(graph, "view") == [("n2", "n0~leaf", "view of a")]
    # v is drawn in its node, r as an output of its own.
    assert {box.id: box.detail for box in graph.boxes}["n1"] == "line 1 · v = [1, 2] · view of a"


def test_what_create_graph_built_is_linked_to_what_it_started_from() -> None:
    trace = t.make_trace(
        tensors=[t.tensor("t0", "x", 2.0), t.tensor("t1", "y", 8.0, "n1"), t.tensor("t2", "g", 12.0, "n3")],
        nodes=[
            t.leaf("n0", "x", "t0"),
            t.node("n1", "PowBackward0"),
            t.node("n2", "PowBackward0", order=2, created_by="b0"),
            t.node("n3", "MulBackward0", order=2, created_by="b0"),
        ],
        edges=t.edges("n1 n0", "n2 n0", "n3 n2"),
        backwards=[t.backward("b0", ["n1"], call="grad", create_graph=True, line=4)],
    )
    graph = lab_graph(trace)
    assert links(graph, "derivative") == [("n3", "n1", "grad, line 4")]
    assert [box.id for box in graph.boxes if "order2" in box.kinds] == ["n3", "n2"]
    assert [box.detail for box in graph.boxes if box.kinds[0] == "function"] == [
        "line 1 · first derivative", "line 1 · first derivative", "line 1", "",
    ]  # fmt: skip


def detached(line: str, shares: str | UnsetType = UNSET, **variables: str) -> LabGraph:
    trace = t.make_trace(
        f"x = torch.ones(())\ny = x.exp()\n{line}\n",
        tensors=[
            t.tensor("t0", "x", 1.0),
            t.tensor("t1", "y", 2.7, "n1"),
            t.tensor("t2", "z", 2.7, requires_grad=False, shares=shares),
        ],
        nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "ExpBackward0", 2)],
        edges=t.edges("n1 n0"),
        steps=[t.step(1, x="t0"), t.step(2, y="t1"), t.step(3, **variables)],
    )
    return lab_graph(trace)


def test_where_tracking_stopped_there_is_a_cut() -> None:
    graph = detached("z = y.detach()", z="t2")
    assert boxes(graph)["t2"] == Box("t2", ("untracked",), "z", "2.7", "not tracked")
    assert links(graph, "cut") == [("t2", "t1", "detach")]
    assert boxes(detached("z = y.detach()", "t1", z="t2"))["t2"].detail == "not tracked · same memory as y"
    assert links(detached("z = y * x", z="t2"), "cut") == [("t2", "t1", ""), ("t2", "n0~leaf", "")]


def test_no_cut_where_only_the_shape_or_the_gradient_or_a_text_was_read() -> None:
    for line in ("z = torch.ones(y.shape)", "z = x.grad", "z = f('y')", "z = torch.ones(())  # not y", "print(y)"):
        assert links(detached(line, z="t2"), "cut") == [], line


def test_a_started_output_without_a_name_still_has_a_box() -> None:
    trace = t.make_trace(
        nodes=[t.leaf("n0", "x"), t.node("n1", "PowBackward0")],
        edges=t.edges("n1 n0"),
        backwards=[t.backward("b0", ["n1"], [t.passed("n1", 1.0, 4.0)])],
    )
    assert boxes(lab_graph(trace))["n1~output"] == Box("n1~output", ("output",), "output")


def test_one_of_several_graphs() -> None:
    trace = t.make_trace(
        tensors=[t.tensor("t0", "x", 1.0), t.tensor("t1", "a", 1.0, "n1"), t.tensor("t2", "b", 1.0, "n2")],
        nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "SinBackward0"), t.node("n2", "CosBackward0")],
        edges=t.edges("n1 n0", "n2 n0"),
    )
    graph = lab_graph(trace, Root("b", ("n2",)))
    assert graph.nodes == 2
    assert set(boxes(graph)) == {"n2", "t2", "n0", "n0~leaf"}
