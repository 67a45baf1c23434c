"""The comparison in one line, and what must hold of any two traces."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.compare.verdict import compare
from components.trace import Failure, Trace
from tests.figures import traces as t
from tests.figures.compare import made
from tests.figures.gradients.goldens import NAMES, golden_index

# Each program of the tests is compared with others of them.
golden = cache(golden_index)


def verdict(left: Trace, right: Trace) -> str:
    return compare(TraceIndex(left), TraceIndex(right)).verdict


def run(value: Any = 1.0, *, kept: int = 0, peak: int = 0, final: int = 0, stdout: str = "") -> Trace:
    """A run that has a tensor ``y``, keeps so many bytes for backward, and has a peak and an end."""
    blocks = [made.block(kept, 0, saved_by=["n0"])]
    memory = made.memory([], blocks, peak_bytes=peak, final_bytes=final)
    return made.with_memory(replace(t.make_trace(tensors=[t.tensor("t0", "y", value)]), stdout=stdout), memory)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        # 48 - 24 = 24 bytes less, 96 - 48 = 48 bytes lower
        (
            run(kept=48, peak=96),
            run(kept=24, peak=48),
            "Same results; right keeps 24 B less for backward, peak 48 B lower.",
        ),
        (run(kept=0), run(kept=8, peak=8), "Same results; right keeps 8 B more for backward, peak 8 B higher."),
        (run(), run(), "Same results; as much kept for backward, the same peak."),
        (run(final=4), run(), "Same results; as much kept for backward, the same peak, but right ends with 4 B less."),
        (run(1.0), run(2.0), "Different results (y); as much kept for backward, the same peak."),
        (run(1.0), run(1.0000001), "Same results up to rounding; as much kept for backward, the same peak."),
        (run(None), run(None), "Same results as far as they were compared; as much kept for backward, the same peak."),
        (run(stdout="a\n"), run(), "Same results, different output; as much kept for backward, the same peak."),
        (t.make_trace(), t.make_trace(), "No result in common; as much kept for backward."),
    ],
)
def test_verdicts(left: Trace, right: Trace, said: str) -> None:
    assert verdict(left, right) == said


def test_of_many_different_results_three_are_named() -> None:
    left, right = (
        t.make_trace(tensors=[t.tensor(f"t{place}", f"x{place}", value, requires_grad=False) for place in range(5)])
        for value in (1.0, 2.0)
    )
    assert verdict(left, right).startswith("Different results (x0, x1, x2 and 2 more)")


def test_a_side_that_stopped() -> None:
    failed = t.make_trace(failure=Failure(kind="raised", message="no", error_type="RuntimeError", line=7))
    late = t.make_trace(failure=Failure(kind="timeout", message="no"))
    assert verdict(failed, t.make_trace()) == "Left stopped with RuntimeError in line 7, right ran to its end."
    assert verdict(t.make_trace(), late) == "Right was stopped, left ran to its end."
    assert verdict(failed, late) == "Left stopped with RuntimeError in line 7, right was stopped."


def test_stop_and_the_limits_of_time_are_told_apart() -> None:
    for message, said in (
        ("Stopped.", "was stopped"),
        ("The program ran longer than 10 seconds and was stopped.", "ran longer than 10 seconds and was stopped"),
        (f"The program ran longer {'and longer ' * 20}", "was stopped"),  # a file can say anything
    ):
        one = t.make_trace(failure=Failure(kind="timeout", message=message, line=3))
        assert verdict(one, t.make_trace()) == f"Left {said} in line 3, right ran to its end."


# --- of any trace


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_compared_with_itself_has_no_differences(name: str) -> None:
    found = compare(golden(name), golden(name))
    graphs = found.graphs
    assert graphs.both == len(golden(name).trace.nodes)
    assert not any((graphs.only_left.nodes, graphs.only_right.nodes, graphs.only_left.edges, graphs.only_right.edges))
    assert (graphs.left, graphs.right, graphs.left_edges, graphs.right_edges, graphs.changed) == ((), (), (), (), ())
    assert {row.state for row in made.rows_of(found.results)} <= {"same", "unknown"}
    assert all(row.difference in (0, None) for row in found.quantities)
    assert found.printed.same


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_from_the_other_side_everything_is_mirrored(one: str, other: str) -> None:
    there, back = compare(golden(one), golden(other)), compare(golden(other), golden(one))
    changed = set(made.mirrored_graphs(back.graphs).changed)
    assert set(there.graphs.changed) == changed
    assert made.mirrored_graphs(back.graphs).only_left == there.graphs.only_left
    assert (back.graphs.left, back.graphs.right) == (there.graphs.right, there.graphs.left)
    assert (back.graphs.left_edges, back.graphs.right_edges) == (there.graphs.right_edges, there.graphs.left_edges)
    assert made.said(there.results.tensors) == made.mirrored_rows(back.results.tensors)
    assert made.said(there.results.gradients) == made.mirrored_rows(back.results.gradients)
    assert made.mirrored_printed(back.printed) == there.printed
    backed = made.mirrored_quantities(back.quantities)
    assert [(row.name, row.left, row.right) for row in backed] == [
        (row.name, row.left, row.right) for row in there.quantities
    ]
