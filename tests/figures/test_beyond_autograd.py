"""What autograd has no node of is in the picture: the calls of modules, and the operation that shapes ended."""

from __future__ import annotations

from components.facts import TraceIndex
from components.facts.cards import box_card
from components.facts.story import tell
from components.figures import Box, LabGraph, lab_graph
from components.reading.graph_view import GraphAsked, graph_view
from components.trace import Failure, ModuleCall, Trace
from tests.figures import traces as t

UNFIT = "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"


def call(path: str, parent: int | None, given: list[int], came: list[int], **fields: object) -> ModuleCall:
    known = {"kind": path.rpartition(".")[2].title(), "line": 3} | fields
    return ModuleCall(path=path, parent=parent, inputs=[given], outputs=[came] if came else [], **known)  # type: ignore[arg-type]


def unrecorded(layers: int) -> Trace:
    """An embedding and layers of two calls each, all inside of ``net``."""
    calls = [call("net", None, [2], [2, 4]), call("net.tok", 0, [2], [2, 4])]
    for number in range(layers):
        around = len(calls)
        calls.append(call(f"net.layers.{number}", 0, [2, 4], [2, 4]))
        calls.append(call(f"net.layers.{number}.up", around, [2, 4], [2, 8]))
        calls.append(call(f"net.layers.{number}.down", around, [2, 8], [2, 4]))
    return t.make_trace("import torch\nwith torch.no_grad():\n    y = net(x)\n", calls=calls)


def words(graph: LabGraph) -> list[tuple[str, str]]:
    return [(box.title, box.value) for box in graph.boxes]


def test_a_few_calls_are_shown_each_with_its_shapes() -> None:
    graph = lab_graph(unrecorded(1))
    assert graph.boxes[-1] == Box("c1", ("untracked",), "Tok", "(2) → (2, 4)", "net.tok · line 3")
    assert words(graph) == [("Down", "(2, 8) → (2, 4)"), ("Up", "(2, 4) → (2, 8)"), ("Tok", "(2) → (2, 4)")]
    # In time: tok, up, down; nothing flows back.
    assert {(link.source, link.target, link.kinds[0]) for link in graph.links} == {
        ("c1", "c3", "output"),
        ("c3", "c4", "output"),
    }


def test_many_calls_are_folded_as_a_model_is() -> None:
    trace = unrecorded(20)
    assert words(lab_graph(trace)) == [
        ("net.layers", "×20  (2, 4) → (2, 4) · 40 calls"),
        ("net.tok", "(2) → (2, 4)"),
    ]
    shown = graph_view(TraceIndex(trace), GraphAsked())
    assert shown.data.title == "41 calls of modules in 2 boxes · autograd recorded nothing"
    assert "saved" not in shown.data.title
    card = shown.data.cards[next(box for box in shown.data.boxes if box.endswith(".1"))]
    assert card.subtitle == "40 calls in one box, 20 times · line 3"
    assert "saved for backward" not in dict(card.rows)


def unfit(message: str = UNFIT, **fields: object) -> Trace:
    """``c = a @ b`` of two matrices of 2 by 3, where ``a`` was computed and ``b`` is no leaf."""
    failure = Failure(kind="raised", message=message, error_type="RuntimeError", line=2)
    return t.make_trace(
        "a = x.exp()\nc = a @ b  # b\n",
        failure,
        tensors=[
            t.tensor("t0", "x", [1.0]),
            t.tensor("t1", "a", None, "n1", shape=[2, 3]),
            t.tensor("t2", "b", None, shape=[2, 3], requires_grad=False),
        ],
        nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "ExpBackward0")],
        edges=t.edges("n1 n0"),
        **fields,  # type: ignore[arg-type]
    )


def test_the_operation_that_shapes_ended_is_there_with_what_it_was_given() -> None:
    graph = lab_graph(unfit())
    assert graph.boxes[0] == Box(
        "failed", ("function", "stopped"), "c = a @ b  # b", "", "stopped here: line 2\na (2, 3), b (2, 3)"
    )
    assert [(link.source, link.target) for link in graph.links if link.source == "failed"] == [("failed", "t1")]


def test_inside_of_a_module_the_module_says_what_it_got() -> None:
    calls = [call("net", None, [2, 3], [], failed=True), call("net.0", 0, [2, 3], [], failed=True, kind="Linear")]
    index = TraceIndex(unfit(calls=calls))
    graph = lab_graph(index)
    assert (graph.boxes[0].title, graph.boxes[0].value) == ("net.0", "Linear of (2, 3)")
    card = box_card(index, tell(index, graph.homes), graph.groups, "failed")
    assert card is not None
    assert card.rows[:2] == (("line 2", "c = a @ b  # b"), ("Linear got", "(2, 3)"))
    assert card.note == UNFIT


def test_other_errors_have_no_such_box() -> None:
    for trace in (unfit("CUDA error: no kernel image"), t.make_trace()):
        assert "failed" not in {box.id for box in lab_graph(trace).boxes}


def test_without_any_graph_the_operation_stands_beside_its_tensors() -> None:
    failure = Failure(kind="raised", message=UNFIT, error_type="RuntimeError", line=1)
    tensors = [t.tensor("t0", "a", None, shape=[2, 3]), t.tensor("t1", "b", None, shape=[2, 3])]
    graph = lab_graph(t.make_trace("c = a @ b\n", failure, tensors=tensors))
    assert {(link.source, link.target) for link in graph.links} == {("failed", "t0"), ("failed", "t1")}
