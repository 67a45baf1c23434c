"""What became of a program by a change: measured bytes, and whether the results are the same."""

from __future__ import annotations

from typing import Any

import msgspec

from components.facts.compare.outcomes import most_saved, outcome, results_of
from components.trace import Failure, Step, Summary, Trace
from tests.facts.memory.made import Tape
from tests.figures import traces as t


def ran(values: Any, grad: Any = 2.0, *, saved: int = 8, failure: Failure | None = None, **more: Any) -> Trace:
    """A program whose variable ``y`` ends as ``values`` and whose leaf ``x`` has a gradient, if it is not None."""
    tape = Tape()
    block = tape.new(saved, "saved")
    tape.new(4, "other", "y")
    tape.free(block)
    trace = t.make_trace(
        "y = 1\n",
        failure,
        tensors=[t.tensor("t0", "y", values, "n0")],
        nodes=[t.node("n0", "MulBackward0")],
        steps=[Step(index=0, line=1, variables={"y": "t0", **more}, stdout=(0, 0))],
        gradients=[] if grad is None else [t.change("x", "t9", grad, grad)],
    )
    return msgspec.structs.replace(trace, memory=tape.memory())


def said(before: Trace, after: Trace) -> tuple[bool | None, str]:
    found = outcome(before, after, "title", 3, "what")
    return found.same, found.results


def test_bytes_before_and_after() -> None:
    found = outcome(ran([1.0, 2.0]), ran([1.0, 2.0], saved=2), "title", 3, "what")
    # Peak: saved and the 4 bytes of y; y is left; 8 or 2 were saved.
    assert (found.peak, found.final, found.saved) == ((12, 6), (4, 4), (8, 2))
    assert (found.same, found.results) == (True, "the same")


def test_rounding_is_no_difference_and_numbers_are() -> None:
    assert said(ran([1.0, 2.0]), ran([1.0, 2.00000001])) == (True, "the same")
    assert said(ran([1.0, 2.0]), ran([1.0, 2.5])) == (False, "y was [1, 2], is [1, 2.5]")
    assert said(ran(1.0, grad=2.0), ran(1.0, grad=3.0)) == (False, "x.grad was 2, is 3")


def test_a_gradient_that_is_not_computed_any_more_is_said() -> None:
    assert said(ran(1.0), ran(1.0, grad=None)) == (False, "x.grad is not computed any more")


def test_plain_numbers_are_results_and_texts_of_objects_are_not() -> None:
    assert said(ran(1.0, total="0.5"), ran(1.0, total="0.50000001")) == (True, "the same")
    assert said(ran(1.0, total="0.5"), ran(1.0, total="0.75")) == (False, "total was 0.5, is 0.75")
    assert said(ran(1.0, losses="list of 2 tensors"), ran(1.0, losses="[1.0, 2.0]")) == (True, "the same")


def test_a_variable_that_was_deleted_is_no_difference() -> None:
    assert said(ran(1.0, h="text"), ran(1.0)) == (True, "the same")


def test_a_failure_is_told_in_short() -> None:
    failure = Failure(kind="raised", message="element 0 does not require grad\nmore", error_type="RuntimeError", line=1)
    # The number of the line is that of the changed copy, so its text is told.
    assert said(ran(1.0), ran(1.0, failure=failure)) == (None, "fails at `y = 1`: element 0 does not require grad")
    long = Failure(kind="raised", message="x" * 500)
    assert len(said(ran(1.0), ran(1.0, failure=long))[1]) < 160


def test_a_variant_without_memory_has_no_bytes() -> None:
    found = outcome(ran(1.0), msgspec.structs.replace(ran(1.0), memory=None), "title", None, "what")
    assert (found.peak, found.final, found.saved) == (None, None, None)


def test_the_most_that_was_saved_at_once() -> None:
    tape = Tape()
    first = tape.new(5, "saved")
    tape.new(3, "saved")
    tape.free(first)
    tape.new(4, "saved")
    assert most_saved(tape.memory()) == 8  # 5, 8, 3, 7


def test_results_are_the_last_values() -> None:
    trace = ran(1.0)
    assert set(results_of(trace)) == {"y", "x.grad"}


def test_numbers_are_compared_beside_the_largest_of_their_own_tensor() -> None:
    # A gradient of 3e-7 that vanished is no rounding; 3e-7 beside 1 is what is left where terms cancel.
    assert said(ran(1.0, grad=3e-7), ran(1.0, grad=0.0)) == (False, "x.grad was 3e-07, is 0")
    assert said(ran([1.0, 3e-7]), ran([1.0, 0.0])) == (True, "the same")
    assert said(ran(1.0, total="3e-7"), ran(1.0, total="0.0")) == (False, "total was 3e-7, is 0.0")
    assert said(ran(1.0, total="nan"), ran(1.0, total="nan")) == (True, "the same")


def large(mean: float) -> Trace:
    """A program whose ``y`` is too large to be recorded with its numbers."""
    summary = Summary(min=-2e-7, max=3e-7, mean=mean, std=1e-7, nan=0, inf=0, zero=0)
    made = ran(None)
    tensor = t.tensor("t0", "y", None, "n0", shape=[1_000_000], summary=summary)
    return msgspec.structs.replace(made, tensors=[tensor])


def test_of_large_tensors_only_statistics_are_compared_and_that_is_said() -> None:
    same = (True, "the same as far as compared: of y only mean, min, max and std")
    assert said(large(1e-7), large(1.000001e-7)) == same
    assert said(large(1e-7), large(-1e-7))[0] is False
