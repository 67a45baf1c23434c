"""When a change is seen: the same moment as in the player's story, counted as its address counts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.events import EventNumbers, EventTable
from components.facts.folding import Homes
from components.facts.gradients.history import gradient_history
from components.facts.story import Story, tell
from components.figures import LabOptions, lab_graph
from tests.figures import traces as t
from tests.figures.gradients.goldens import NAMES, golden_index

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
