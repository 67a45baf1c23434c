"""The history of gradients: which calls there are, what they are called, what each did to which leaf."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.gradients.history import (
    GradientCall,
    History,
    LeafChange,
    LeafHistory,
    LeafState,
    gradient_history,
    variables,
)
from components.trace import EngineFailure, Gradient, GradientChange, Truncation
from tests.figures import traces as t
from tests.figures.gradients.made import by_backward, by_line, history_of, one


def test_accumulate_zero_none() -> None:
    history = history_of(
        by_backward("x", 12.0, 12.0),  # 3 * 2**2
        by_backward("x", 12.0, 24.0, "b1"),  # 12 + 12
        by_line("x", "zero", 0.0, line=5),
        by_line("x", "none", None, line=6),
    )
    calls = (
        GradientCall(1, "backward", "1 backward", "backward() in line 3", 3, "y.backward()", "b0", 2),
        GradientCall(2, "backward", "2 backward", "backward() in line 3", 3, "y.backward()", "b1", 4),
        GradientCall(3, "zero", "3 zero", "x.grad set to zero in line 5", 5, "x.grad.zero_()"),
        GradientCall(4, "none", "4 None", "x.grad set to None in line 6", 6, "x.grad = None"),
    )
    changes = (
        LeafChange(1, "t-x", "backward", one(12.0), one(12.0), 2),
        LeafChange(2, "t-x", "backward", one(12.0), one(24.0), 4),
        LeafChange(3, "t-x", "zero", None, one(0.0)),
        LeafChange(4, "t-x", "none", None, None),
    )
    assert history == History(calls, (LeafHistory("t-x", "x", "x", (), calls, changes),))


def test_one_call_for_all_leaves_of_an_engine_run_and_of_a_line() -> None:
    history = history_of(
        by_backward("x", 1.0, 1.0),
        by_backward("w", 2.0, 2.0),
        by_line("x", "none", None, line=7),
        by_line("w", "none", None, line=7),
        by_backward("x", 3.0, 3.0, "b1"),
    )
    assert [call.text for call in history.calls] == [
        "backward() in line 3",
        "x.grad, w.grad set to None in line 7",
        "backward() in line 3",
    ]
    x, w = history.leaves
    assert [change.call for change in x.changes] == [1, 2, 3]
    assert [change.call for change in w.changes] == [1, 2]


def test_one_line_that_does_several_things() -> None:
    history = history_of(
        *(by_line(name, "none", None, line=7) for name in ("a", "b", "c")),
        by_line("d", "zero", 0.0, line=7),
        by_line("e", "assigned", 2.0, line=7),
    )
    (call,) = history.calls
    assert (call.cause, call.label) == ("none", "1 None")
    assert call.text == (
        "a.grad, b.grad and 1 more set to None; d.grad set to zero; e.grad assigned or changed in place in line 7"
    )


def test_the_same_line_in_another_step_is_another_call() -> None:
    history = history_of(by_line("x", "zero", 0.0, step=4), by_line("x", "zero", 0.0, step=9))
    assert [call.label for call in history.calls] == ["1 zero", "2 zero"]


def test_a_leaf_that_changes_twice_is_in_two_calls() -> None:
    """Past the cap on lines, steps and lines are unknown."""
    past: dict[str, Any] = {"line": None, "step": None}
    history = history_of(by_line("x", "zero", 0.0, **past), by_line("x", "none", None, **past))
    assert [call.text for call in history.calls] == [
        "x.grad set to zero in a line that was not recorded",
        "x.grad set to None in a line that was not recorded",
    ]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"retain_graph": True}, "backward() in line 3, retain_graph=True"),
        ({"retain_graph": True, "create_graph": True}, "backward() in line 3, retain_graph=True, create_graph=True"),
        ({"internal": True}, "backward() in line 3, called by PyTorch's own code"),
        ({"inside": "b7"}, "backward() in line 3, inside another run of the engine"),
        (
            {"failure": EngineFailure(node=None, message="no", freed_by=None)},
            "backward() in line 3, stopped by an error",
        ),
        ({"line": None}, "backward() in line 3"),
    ],
)
def test_what_a_backward_is_called(fields: dict[str, Any], text: str) -> None:
    history = history_of(by_backward("x", 1.0, 1.0), backwards=[t.backward("b0", [], **({"line": 3} | fields))])
    assert history.calls[0].text == text


def test_grad_is_carried_forward_where_a_call_did_not_touch_a_leaf() -> None:
    history = history_of(
        by_backward("x", 1.0, 1.0),
        by_backward("w", 5.0, 5.0, "b1"),
        by_line("w", "none", None, line=6),
        leaves={"x": 1.0, "w": 1.0, "v": 1.0},
    )
    x, w, v = history.leaves
    assert list(x.states()) == [
        LeafState(1, x.changes[0], one(1.0)),
        LeafState(2, None, one(1.0)),
        LeafState(3, None, one(1.0)),
    ]
    assert [state.after for state in w.states()] == [None, one(5.0), None]
    assert list(v.states()) == [LeafState(1, None, None), LeafState(2, None, None), LeafState(3, None, None)]
    for leaf in history.leaves:
        assert [leaf.at(call.number) for call in history.calls] == list(leaf.states())


def test_leaves_are_those_of_the_leaf_table_and_whatever_had_a_gradient() -> None:
    trace = t.make_trace(
        tensors=[
            t.tensor("t0", "x", [1.0, 2.0]),
            t.tensor("t1", "frozen", 1.0, requires_grad=False),
            t.tensor("t2", None, 1.0),
            t.tensor("t3", "y", 1.0, "n1"),
            t.tensor("t4", "was_a_leaf", 1.0, requires_grad=False),
        ],
        nodes=[t.node("n1", "AddBackward0")],
        gradients=[t.change("was_a_leaf", "t4", 1.0, 1.0), t.change("past the cap", "t99", [1.0], [1.0])],
        backwards=[t.backward("b0", [])],
    )
    leaves = gradient_history(TraceIndex(trace)).leaves
    assert [(leaf.name, leaf.shape, leaf.kind) for leaf in leaves] == [
        ("x", (2,), "vector"),
        ("leaf t2", (), "scalar"),
        ("was_a_leaf", (), "scalar"),
        ("past the cap", (1,), "scalar"),
    ]


def test_leaves_of_one_name_are_told_apart_and_a_loops_own_are_one_variable() -> None:
    """``w = (w - lr * w.grad).detach().requires_grad_()`` makes a new leaf each time."""
    tensors = [t.tensor(f"t{place}", "w", 1.0) for place in range(4)]
    changes = [t.change("w", f"t{place}", place + 1.0, place + 1.0, backward=f"b{place}") for place in range(3)]
    runs = [t.backward(f"b{place}", []) for place in range(3)]
    history = gradient_history(TraceIndex(t.make_trace(tensors=tensors, gradients=changes, backwards=runs)))
    assert [leaf.label for leaf in history.leaves] == ["w", "w (2)", "w (3)", "w (4)"]
    (w,) = variables(history)
    assert (w.label, [change.tensor for change in w.changes]) == ("w", ["t0", "t1", "t2"])
    assert [w.is_new(place) for place in range(3)] == [False, True, True]


def test_leaves_of_one_name_that_live_together_stay_apart() -> None:
    """``ws = [torch.randn(1, requires_grad=True) for ...]`` may have seen each of them as ``w``."""
    tensors = [t.tensor("t0", "w", 1.0), t.tensor("t1", "w", 1.0), t.tensor("t2", "w", [1.0, 2.0])]
    changes = [t.change("w", ident, 1.0, 1.0) for ident in ("t0", "t1")]
    trace = t.make_trace(tensors=tensors, gradients=changes, backwards=[t.backward("b0", [])])
    assert [leaf.label for leaf in variables(gradient_history(TraceIndex(trace)))] == ["w", "w (2)", "w (3)"]


def test_what_is_missing_is_said() -> None:
    cuts = [
        Truncation(observer="gradients", cap=10_000, missing="later changes of .grad"),
        Truncation(observer="torchviz", cap=24, missing="later drawings"),
    ]
    trace = replace(t.make_trace(), truncations=cuts)
    assert gradient_history(TraceIndex(trace)).notes == (
        "Recorded up to a cap of 10,000 (gradients); missing: later changes of .grad.",
    )


def test_no_calls() -> None:
    assert gradient_history(TraceIndex(t.make_trace())) == History((), ())


# --- against the running sum

LEAVES = ("x", "w", "b")
numbers = st.integers(-50, 50).map(float)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("backward"), st.dictionaries(st.sampled_from(LEAVES), numbers, min_size=1)),
        st.tuples(st.sampled_from(["zero", "none"]), st.sets(st.sampled_from(LEAVES), min_size=1)),
        st.tuples(st.just("assigned"), st.dictionaries(st.sampled_from(LEAVES), numbers, min_size=1)),
    ),
    max_size=25,
)


@given(actions)
def test_totals_are_the_running_sum_of_what_was_added_since_the_last_reset(done: list[tuple[str, Any]]) -> None:
    grads: dict[str, float | None] = dict.fromkeys(LEAVES)
    changes: list[GradientChange] = []
    expected: list[dict[str, float | None]] = []
    for step, (what, leaves) in enumerate(done):
        for leaf in sorted(leaves):
            if what == "backward":
                grads[leaf] = (grads[leaf] or 0.0) + leaves[leaf]
                changes.append(by_backward(leaf, leaves[leaf], grads[leaf], f"b{step}", step=step))
            else:
                grads[leaf] = leaves[leaf] if what == "assigned" else 0.0 if what == "zero" else None
                changes.append(by_line(leaf, what, grads[leaf], step=step))
        expected.append(dict(grads))
    history = history_of(*changes, leaves=dict.fromkeys(LEAVES, 1.0))
    assert len(history.calls) == len(expected)
    for leaf in history.leaves:
        total: float | None = None
        for state, grads_then in zip(leaf.states(), expected, strict=True):
            after = state.after.values if state.after is not None else None
            assert after == grads_then[leaf.name]
            if state.change is not None and state.change.cause == "backward":
                assert state.change.added is not None
                total = (total or 0.0) + state.change.added.values
            elif state.change is not None:
                total = after
            assert after == total
            assert state == leaf.at(state.call)


def test_a_thousand_calls_of_dozens_of_leaves_are_quick_to_tell() -> None:
    leaves = [f"w{place}" for place in range(40)]
    gradient = Gradient(shape=[], values=1.0, summary=None)
    changes = [
        replace(by_backward(leaf, None, None, f"b{run}"), added=gradient, total=gradient)
        for run in range(250)
        for leaf in leaves
    ]
    history = history_of(*changes)
    assert (len(history.calls), len(history.leaves)) == (250, 40)
    assert math.fsum(len(leaf.changes) for leaf in history.leaves) == 10_000
