"""The history of gradients: which calls there are, what each did to which leaf, when the story comes to it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.events import EventNumbers, EventTable
from components.facts.folding import Homes
from components.facts.gradients import (
    GradientCall,
    History,
    LeafChange,
    LeafHistory,
    LeafState,
    gradient_history,
    variables,
)
from components.facts.gradients.amounts import Amount
from components.facts.story import Story, tell
from components.figures import LabOptions, lab_graph
from components.trace import EngineFailure, Gradient, GradientChange, Truncation
from tests.facts.gradients.goldens import NAMES, golden_index
from tests.facts.gradients.made import by_backward, by_line, history_of, one
from tests.figures import traces as t


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


def during_a_run(*changes: GradientChange) -> History:
    """The engine run ``b0`` begins in step 2 and is done while step 9 is the last that had begun."""
    steps = [replace(t.passed("n0", 1.0), step=9)]
    nodes, tensors = [t.leaf("n0", "x", "t-x")], [t.tensor("t-x", "x", 1.0), t.tensor("t-w", "w", 1.0)]
    runs = [t.backward("b0", [], steps, line=3, step=2, after=2)]
    return history_of(*changes, nodes=nodes, tensors=tensors, backwards=runs)


def values(amount: Amount | None) -> Any:
    return amount and amount.values


def told(history: History) -> list[tuple[str, str, Any, Any]]:
    return [
        (history.call(change.call).label, leaf.name, values(change.added), values(change.after))
        for leaf in history.leaves
        for change in leaf.changes
    ]


def test_what_a_hooks_line_found_added_is_no_assignment() -> None:
    history = during_a_run(by_line("x", "assigned", 6.0, step=4), by_backward("x", 6.0, 6.0))
    assert told(history) == [("1 backward", "x", 6.0, 6.0)]


def test_an_optimizer_inside_backward() -> None:
    """A hook steps and sets ``.grad`` to None as soon as the engine has accumulated into each leaf."""
    history = during_a_run(
        by_line("x", "assigned", 6.0, step=4),
        by_line("x", "none", None, step=5),
        by_line("w", "assigned", 4.0, step=6),
        by_line("w", "none", None, step=7),
        by_backward("x", 6.0, None),
        by_backward("w", 4.0, None),
    )
    assert told(history) == [
        ("1 backward", "x", 6.0, 6.0),
        ("2 None", "x", None, None),
        ("1 backward", "w", 4.0, 4.0),
        ("3 None", "w", None, None),
    ]


def test_an_assignment_in_a_hook_stays_one() -> None:
    # 100 + 6 = 106: what the line left was not what the engine had added.
    history = during_a_run(by_line("x", "assigned", 100.0, step=4), by_backward("x", 6.0, 106.0))
    assert told(history) == [("1 assigned", "x", None, 100.0), ("2 backward", "x", 6.0, 106.0)]


def test_a_run_that_adds_to_a_leaf_after_another_call_changed_it_is_told_again() -> None:
    history = during_a_run(by_backward("w", 1.0, 1.0), by_line("x", "none", None, step=4), by_backward("x", 2.0, 2.0))
    assert told(history) == [
        ("2 None", "x", None, None),
        ("3 backward", "x", 2.0, 2.0),
        ("1 backward", "w", 1.0, 1.0),
    ]


def test_the_golden_of_an_optimizer_inside_backward() -> None:
    history = gradient_history(golden_index("08_post_accumulate_hook"))
    assert [call.cause for call in history.calls] == ["backward", "none", "none", "none"]
    # d/dp p**2 = 2 p, for p = 1, 2, 3.
    assert [leaf.at(1).after for leaf in history.leaves] == [one(2.0), one(4.0), one(6.0)]
    assert all(leaf.at(4).after is None for leaf in history.leaves)


STEPS = [t.step(1, x="t0"), t.step(2, y="t1"), t.step(3), t.step(4)]


def moment_at(story: Story, number: int) -> int:
    """As ``momentAt`` of the player: the first moment that is not before the event of that number."""
    return next((place for place, moment in enumerate(story.moments) if moment.n >= number), len(story.moments) - 1)


def stories(index: TraceIndex) -> list[Story]:
    """The story over the graph as it is shown at first, and over one of which nothing is drawn."""
    return [tell(index, lab_graph(index, options=LabOptions()).homes), tell(index, Homes())]


@pytest.mark.parametrize("name", NAMES)
def test_each_change_is_seen_at_the_moment_at_which_the_story_shows_it(name: str) -> None:
    index = golden_index(name)
    moments = index.once(EventNumbers)
    for story in stories(index):
        for shown, number in story.changes:
            if shown < len(story.moments):
                seen = moments.of_change(index.trace.gradients[number])
                assert seen is not None
                assert moment_at(story, seen) == shown


@pytest.mark.parametrize("name", NAMES)
def test_a_call_is_over_when_the_last_of_its_changes_is_seen(name: str) -> None:
    history = gradient_history(golden_index(name))
    for call in history.calls:
        changes = [change for leaf in history.leaves for change in leaf.changes if change.call == call.number]
        assert call.moment == max((change.moment for change in changes if change.moment is not None), default=None)


@pytest.mark.parametrize("name", NAMES)
def test_a_tensor_between_is_seen_where_the_engine_passes_its_node(name: str) -> None:
    index = golden_index(name)
    moments = index.once(EventNumbers)
    for number, run in enumerate(index.trace.backwards):
        for place, step in enumerate(run.steps):
            seen = moments.of_visit(run.id, place)
            assert seen is not None
            event = index.once(EventTable).all[seen - 1]
            assert (event.kind, event.node, event.run, event.place) == (
                "node",
                step.node,
                number,
                place,
            )


def test_the_numbers_of_a_run_counted_by_hand() -> None:
    # 1 line of x, 2 birth of y, 3 its line (told with 2), 4 begin, 5 at y, 6 at x, 7 end, 8 its line (told with 7),
    # 9 line of None.
    passed = [replace(t.passed("n1", 1.0, 2.0), step=2), replace(t.passed("n0", 2.0), step=2)]
    trace = t.make_trace(
        "x = ...\ny = x * 2\ny.backward()\nx.grad = None",
        tensors=[t.tensor("t0", "x", 1.0), t.tensor("t1", "y", 2.0, "n1")],
        nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "MulBackward0", 2, step=1)],
        edges=t.edges("n1 n0"),
        steps=[replace(step, index=index) for index, step in enumerate(STEPS)],
        backwards=[t.backward("b0", ["n1"], passed, step=2, after=2, line=3)],
        gradients=[
            t.change("x", "t0", 2.0, 2.0, step=2, line=3),
            t.change("x", "t0", None, None, step=3, line=4, cause="none", backward=None),
        ],
    )
    index = TraceIndex(trace)
    assert [one.kind for one in index.once(EventTable).all] == [
        "line", "born", "line", "begin", "node", "node", "end", "line", "line",
    ]  # fmt: skip
    assert [call.moment for call in gradient_history(index).calls] == [6, 9]


def test_a_change_on_the_line_of_the_call_is_seen_with_the_end_of_the_call() -> None:
    """``y.backward(); x.grad = None`` has no moment of its own for its second half."""
    trace = t.make_trace(
        "y.backward(); x.grad = None",
        tensors=[t.tensor("t0", "x", 1.0)],
        nodes=[t.leaf("n0", "x", "t0")],
        steps=[t.step(1)],
        backwards=[t.backward("b0", ["n0"], [replace(t.passed("n0", 2.0), step=0)], step=0, after=0, line=1)],
        gradients=[
            t.change("x", "t0", 2.0, 2.0, step=0, line=1),
            t.change("x", "t0", None, None, step=0, line=1, cause="none", backward=None),
        ],
    )
    index = TraceIndex(trace)
    # 1 begin, 2 at x, 3 end, 4 line: told with 3.
    assert [call.moment for call in gradient_history(index).calls] == [2, 3]
    story = tell(index, Homes(alone={"n0"}))
    assert [moment.n for moment in story.moments] == [1, 2, 3]


def test_what_the_story_does_not_tell_has_no_moment() -> None:
    trace = t.make_trace(
        tensors=[t.tensor("t0", "x", 1.0)],
        backwards=[t.backward("b0", [])],
        gradients=[
            t.change("x", "t0", 2.0, 2.0),
            t.change("x", "t0", None, 0.0, cause="zero", backward=None, line=None),
        ],
    )
    # The engine's steps were not recorded: 1 begin, 2 end; the line was past the cap on lines.
    assert [call.moment for call in gradient_history(TraceIndex(trace)).calls] == [2, None]
