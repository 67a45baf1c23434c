"""Lines that run inside the engine: what they found added is told as the engine's, where it happened."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from components.facts.gradients.amounts import Amount
from components.facts.gradients.history import History, gradient_history
from components.trace import GradientChange
from tests.figures import traces as t
from tests.figures.gradients.goldens import golden_index
from tests.figures.gradients.made import by_backward, by_line, history_of, one


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
