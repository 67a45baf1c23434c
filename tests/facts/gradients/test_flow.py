"""How gradients flow: through a model at one call, and through named tensors in one engine run."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.gradients import gradient_history
from components.facts.gradients.flow import FlowRow, GradientFlow, flow_info, intermediate_gradients
from components.facts.layer_health import Trend
from components.figures.charts.gradient_flow import flow_figure, intermediate_figure
from components.trace import BackwardStep, EngineFailure
from tests.facts.gradients.goldens import golden_index
from tests.facts.gradients.made import by_backward, by_line, history_of, one
from tests.figures import traces as t


def test_leaves_come_as_the_program_first_computes_with_them() -> None:
    """A linear layer transposes its weight before the bias is added, wherever their records stand."""
    names = ("model.1.bias", "model.0.bias", "model.0.weight")
    trace = t.make_trace(
        tensors=[t.tensor(f"t{place}", name, 1.0) for place, name in enumerate(names)],
        nodes=[
            t.leaf("n0", "model.0.bias", "t1"),
            t.leaf("n1", "model.0.weight", "t2"),
            t.node("n2", "TBackward0"),
            t.node("n3", "AddmmBackward0"),
            t.leaf("n4", "model.1.bias", "t0"),
            t.node("n5", "AddBackward0"),
        ],
        edges=t.edges("n2 n1", "n3 n0", "n3 n2", "n5 n4", "n5 n3"),
        gradients=[t.change(name, f"t{place}", 3.0 - place, 3.0 - place) for place, name in enumerate(names)],
        backwards=[t.backward("b0", [])],
    )  # fmt: skip
    history = gradient_history(TraceIndex(trace))
    assert flow_info(history, 1) == GradientFlow(
        history.calls[0],
        "added",
        (
            FlowRow("model.0.weight", "weight", one(1.0)),
            FlowRow("model.0.bias", "bias", one(2.0)),
            FlowRow("model.1.bias", "bias", one(3.0)),
        ),
    )


def test_what_is_measured_is_what_a_backward_added_or_what_a_line_left() -> None:
    history = history_of(by_backward("x", 2.0, 5.0), by_backward("w", 1.0, 1.0), by_line("x", "assigned", 0.5))
    first, second = flow_info(history, 1), flow_info(history, 2)
    assert first is not None
    assert second is not None
    assert (first.of, [row.amount for row in first.rows]) == ("added", [one(2.0), one(1.0)])
    assert (second.of, [row.amount for row in second.rows]) == ("after", [one(0.5), one(1.0)])
    assert flow_info(history, 3) is None
    assert flow_info(history, 0) is None


def test_leaves_without_a_gradient_so_far_are_left_out() -> None:
    history = history_of(
        by_backward("x", 2.0, 2.0), by_backward("w", 1.0, 1.0, "b1"), leaves={"x": 1.0, "w": 1.0, "v": 1.0}
    )
    first, second = flow_info(history, 1), flow_info(history, 2)
    assert first is not None
    assert second is not None
    assert [(row.label, row.amount) for row in first.rows] == [("x", one(2.0))]
    assert [(row.label, row.amount) for row in second.rows] == [("x", None), ("w", one(1.0))]


def test_a_size_alone_is_nothing_ill_but_beside_other_layers_it_can_be() -> None:
    values: dict[str, Any] = {"a": 2e4, "b": [1e-8, -1e-8], "c": 1e-9, "d": 0.0, "f": "nan", "g": ["inf"]}
    history = history_of(*(by_backward(name, value, value) for name, value in values.items()))
    (c,) = [leaf.origin for leaf in history.leaves if leaf.name == "c"]
    flow = flow_info(history, 1, [Trend("vanishing", "", "n1", 0, 0, frozenset({c}))])
    assert flow is not None
    assert {row.label: row.illness for row in flow.rows} == {
        "a": None, "b": None, "c": "vanishing", "d": None, "f": "nan", "g": "inf",
    }  # fmt: skip
    flow_figure(flow)


def test_one_leaf_or_none_is_a_figure_too() -> None:
    assert len(flow_figure(None).data) == 0
    figure = flow_figure(flow_info(history_of(by_backward("x", 0.0, 0.0)), 1))
    # All three sizes of one zero are zero: one mark, on the row of zeros.
    assert [trace.mode for trace in figure.data] == ["lines", "markers"]
    assert figure.layout.xaxis.ticktext[0] == "0"


# --- named tensors that are no leaves


def two_runs() -> TraceIndex:
    """``y = x * 2; z = y * 3`` differentiated twice, the second time stopped at y's node."""
    passed = [t.passed("n2", 1.0, 3.0), t.passed("n1", 3.0, 6.0), t.passed("n0", 6.0)]
    return TraceIndex(
        t.make_trace(
            tensors=[t.tensor("t0", "x", 1.0), t.tensor("t1", "y", 2.0, "n1"), t.tensor("t2", "z", 6.0, "n2")],
            nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "MulBackward0", 2), t.node("n2", "MulBackward0", 3)],
            edges=t.edges("n1 n0", "n2 n1"),
            backwards=[
                t.backward("b0", ["n2"], passed, line=4),
                t.backward(
                    "b1", ["n2"], passed[:1], line=5, failure=EngineFailure(node="n1", message="", freed_by="b0")
                ),
            ],
        )
    )


def test_gradients_of_named_tensors_as_the_engine_came_to_them() -> None:
    found = intermediate_gradients(two_runs(), "b0")
    assert (found.label, found.text, found.notes) == ("run 1, line 4", "backward() in line 4", ())
    # 1 and 2 births, 3 begin; dz/dz = 1, dz/dy = 3.
    assert [(row.label, row.line, row.text, row.amount, row.moment, row.note) for row in found.rows] == [
        ("z", 3, "1", one(1.0), 4, ""),
        ("y", 2, "3", one(3.0), 5, ""),
    ]


def test_a_run_that_stopped_says_what_it_did_not_come_to() -> None:
    found = intermediate_gradients(two_runs(), "b1")
    assert [row.label for row in found.rows] == ["z"]
    assert found.text == "backward() in line 5, stopped by an error"
    assert found.notes == (
        "The engine stopped before its end: what it did not come to has no gradient.",
        "The engine did not pass the nodes of 1 tensor of this graph (y).",
    )


def test_there_is_no_such_run() -> None:
    found = intermediate_gradients(two_runs(), "b9")
    assert (found.rows, found.text) == ((), "There is no such engine run.")


def outputs(*came: Any) -> TraceIndex:
    """``u, v = x.unbind()`` and what came in for its two outputs."""
    grads = [None if one is None else t.gradient(one) for one in came]
    step = BackwardStep(node="n1", grad_outputs=grads, grad_inputs=[])
    return TraceIndex(
        t.make_trace(
            tensors=[t.tensor("t1", "u", [1.0], "n1"), t.tensor("t2", "v", [1.0, 2.0], "n1")],
            nodes=[t.node("n1", "UnbindBackward0", 2)],
            backwards=[t.backward("b0", ["n1"], [step])],
        )
    )


def test_of_several_outputs_a_shape_may_tell_which_is_which() -> None:
    rows = intermediate_gradients(outputs([5.0], [6.0, 7.0]), "b0").rows
    assert [(row.name, row.text, row.note) for row in rows] == [
        ("u", "[5]", "the only output of UnbindBackward0 with this shape"),
        ("v", "[6, 7]", "the only output of UnbindBackward0 with this shape"),
    ]


def test_of_several_outputs_that_may_be_alike_it_is_not_known() -> None:
    rows = intermediate_gradients(outputs([5.0], None), "b0").rows
    assert [(row.name, row.text, row.amount) for row in rows] == [("u", "not known", None), ("v", "not known", None)]
    assert rows[0].note == "UnbindBackward0 has 2 outputs; which of them this is was not recorded"
    assert len(intermediate_figure([intermediate_gradients(outputs([5.0], None), "b0")]).data) == 0


def test_an_undefined_gradient_is_told() -> None:
    (row, _) = intermediate_gradients(outputs(None), "b0").rows
    assert (row.amount, row.note) == (None, "an undefined gradient came into UnbindBackward0")


def test_a_tensor_that_was_changed_in_place_has_a_gradient_for_each_version() -> None:
    """``y = x * 2; y.add_(1)``; and a change that autograd does not see has no second row."""
    before = t.tensor("t1", "y", 2.0, "n1")
    trace = t.make_trace(
        tensors=[before, replace(before, id="t2", version=1), replace(before, id="t3", version=2, node="n2")],
        nodes=[t.node("n1", "MulBackward0", 2), t.node("n2", "AddBackward0", 4)],
        backwards=[t.backward("b0", ["n2"], [t.passed("n2", 1.0, 1.0), t.passed("n1", 1.0, 2.0)])],
    )
    rows = intermediate_gradients(TraceIndex(trace), "b0").rows
    assert [(row.tensor, row.label, row.note) for row in rows] == [
        ("t3", "y, line 4", ""),
        ("t2", "y, line 2", "version 1, which a later line changed in place"),
    ]


def test_runs_stand_side_by_side_in_the_order_of_the_engine() -> None:
    index = two_runs()
    figure = intermediate_figure([intermediate_gradients(index, run) for run in ("b1", "b0")])
    assert list(figure.layout.xaxis.ticktext) == ["z", "y"]
    assert [(trace.name, list(trace.y)) for trace in figure.data] == [
        ("run 2, line 5", [1.0]),
        ("run 1, line 4", [1.0, 3.0]),
    ]
    assert list(figure.data[1].customdata[1][:2]) == ["b0", 5]


def test_every_run_of_a_real_program_has_its_named_tensors() -> None:
    index = golden_index("20_train_sgd")
    for run in index.trace.backwards:
        found = intermediate_gradients(index, run.id)
        assert all(row.amount is not None for row in found.rows)
        intermediate_figure([found])
