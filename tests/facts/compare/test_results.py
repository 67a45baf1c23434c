"""How far two tensors are from each other, and which tensors are compared."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.compare.results import Compared, Difference, Results, compare_results, difference
from components.trace import Gradient, Grid, Summary, Tensor, Truncation, Values
from tests.figures import traces as t


def summary(low: float, high: float, mean: float, std: float = 1.0, nan: int = 0) -> Summary:
    return Summary(min=low, max=high, mean=mean, std=std, nan=nan, inf=0, zero=0)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1.0, 1.0, Difference("same", 0.0)),
        ([1.0, 2.0], [1.0, 2.5], Difference("different", 0.5)),
        ([[1, 2], [3, 4]], [[1, 2], [3, 1]], Difference("different", 3.0)),
        # 2 ** -20 = 9.5e-7 is less than 1e-8 + 1e-5 * 1, which is exact in binary
        ([1.0, 0.0], [1 + 2**-20, 0.0], Difference("rounding", 2**-20)),
        # 1e-7 is more than 1e-8 + 1e-5 * 1e-7
        ([0.0], [1e-7], Difference("different", 1e-7)),
        (["nan", "inf", "-inf"], ["nan", "inf", "-inf"], Difference("same", 0.0)),
        ([0.0, -0.0], [-0.0, 0.0], Difference("same", 0.0)),
        ([], [], Difference("same", 0.0)),
        (["nan", 1.0], [0.0, 3.0], Difference("different", 2.0, "1 element NaN or infinite on one side only")),
        (
            ["inf", "nan"],
            ["-inf", "inf"],
            Difference("different", 0.0, "2 elements NaN or infinite on one side only"),
        ),
        # too large for a float to tell them apart
        ([2**60], [2**60 + 1], Difference("same", 0.0)),
    ],
)
def test_values_are_compared_element_by_element(left: Values, right: Values, expected: Difference) -> None:
    assert difference(left, right, None, None) == expected
    assert difference(right, left, None, None) == expected


def test_without_all_values_summaries_are_compared_and_it_is_said() -> None:
    one = summary(0, 1, 0.5)
    each = "not compared element by element"
    assert difference(None, [1.0], one, one) == Difference("alike", note=each)
    # the mean of numbers up to 1 is as exact as they are: 1e-7 < 1e-8 + 1e-5 * 1
    close = summary(0, 1, 0.5000001)
    assert difference(None, None, one, close) == Difference("alike", note=f"up to rounding; {each}")
    other = summary(0, 2, 0.75)
    assert difference(None, None, one, other) == Difference("different", note="max 1 and 2; mean 0.5 and 0.75")
    assert difference(None, None, one, summary(0, 1, 0.5, nan=1)) == Difference("different", note="nan 0 and 1")
    assert difference(None, None, one, None) == Difference("unknown", note="its numbers were not recorded")


def test_gradients_are_also_compared_by_the_means_of_their_blocks() -> None:
    one, each = summary(0, 999, 499.5), "not compared element by element"

    def blocks(left: Grid, right: Grid) -> Difference:
        return difference(None, None, one, one, (left, right))

    up, down = Grid(largest=8.0, cells=[[0, 500, 1_000]]), Grid(largest=8.0, cells=[[1_000, 500, 0]])
    # 0 and 8, 4 and 4, 8 and 0
    assert blocks(up, down) == Difference("different", note="the means of 2 of its blocks differ")
    assert blocks(up, up) == Difference("alike", note=f"and the same means of its blocks; {each}")
    # 8 * 0.5 = 4 and 8.004 * 0.5 = 4.002: each was rounded by up to 0.004, so they may be the same
    near = Grid(largest=8.004, cells=[[0, 500, 1_000]])
    assert blocks(up, near).state == "alike"
    assert blocks(up, Grid(largest=8.0, cells=[[None, 500, 1_000]])).state == "different"
    # not of the same blocks: a file says so, and nothing is known of them
    assert blocks(up, Grid(largest=8.0, cells=[[0, 500]])) == Difference("alike", note=each)


def test_what_a_file_says_wrongly_is_not_compared() -> None:
    few = Difference("unknown", note="the traces do not have all of its numbers")
    assert difference([1.0, 2.0], [1.0, 2.0, 3.0], None, None) == few
    assert difference([[1.0], []], [1.0, 2.0], None, None) == few
    beyond = Difference("unknown", note="a number in it is beyond what can be compared")
    assert difference([10**400], [1.0], None, None) == beyond
    assert difference(None, None, summary(0, 10**400, 1), summary(0, 1, 1)) == beyond
    huge = Grid(largest=1.5, cells=[[10**400]])
    same = summary(0, 1, 0.5)
    assert difference(None, None, same, same, (huge, Grid(largest=1.0, cells=[[1]]))) == beyond


def test_the_grids_of_gradients_reach_the_comparison() -> None:
    def side(cells: list[int | None]) -> TraceIndex:
        total = Gradient(shape=[1_000], values=None, summary=summary(0, 9, 5), grid=Grid(largest=9.0, cells=[cells]))
        return index([t.tensor("t0", "x", 1.0)], gradients=[replace(t.change("x", "t0", 1.0, 1.0), total=total)])

    (row,) = compare_results(side([0, 1_000]), side([1_000, 0])).gradients
    assert (row.state, row.note) == ("different", "the means of 2 of its blocks differ")
    (row,) = compare_results(side([0, 1_000]), side([0, 1_000])).gradients
    assert (row.state, row.text) == ("alike", "same min, max, mean, std")


def index(tensors: list[Tensor], **parts: Any) -> TraceIndex:
    return TraceIndex(t.make_trace("x = 1\n", tensors=tensors, **parts))


def test_last_values_by_name() -> None:
    first, last = t.tensor("t0", "x", 1.0), t.tensor("t1", "x", 2.0, origin="t0")
    other = t.tensor("t2", "y", 3.0, "n0")
    left = index(
        [first, last, other, t.tensor("t3", "gone", 0.0)],
        steps=[t.step(1, x="t0"), t.step(2, y="t2", gone="t3"), t.step(3, z="t2", gone="5")],
    )
    right = index([t.tensor("t0", "x", 2.0), t.tensor("t1", "y", 4.0, requires_grad=False)])
    assert compare_results(left, right).tensors == (
        Compared("x", "2", "2", "same", 0.0),  # its last record, 2.0, not 1.0
        Compared("y", "3", "4", "different", 1.0, "requires_grad on the left only"),
        Compared("z", "3", "", "only left"),  # another name of y; "gone" stands for a plain 5 by now
    )


def test_what_a_function_called_its_own_is_compared_by_the_name_it_was_born_with() -> None:
    inner = t.step(1, function="f", x="t1")
    left = index([t.tensor("t0", "x", 1.0), t.tensor("t1", "h", 2.0)], steps=[t.step(1, x="t0"), inner])
    assert [row.left for row in compare_results(left, left).tensors] == ["1", "2"]


def test_other_shapes_and_types() -> None:
    left = index([t.tensor("t0", "x", [1.0, 2.0]), t.tensor("t1", "k", 1.0)])
    right = index([t.tensor("t0", "x", [1.0]), t.tensor("t1", "k", 1, dtype="int64")])
    rows = compare_results(left, right).tensors
    assert rows[0] == Compared("x", "[1, 2]", "[1]", "different", None, "shapes differ")
    assert rows[1] == Compared("k", "1", "1", "same", 0.0, "float32 and int64")


def test_gradients_at_the_end() -> None:
    leaves = [t.tensor("t0", "x", 1.0), t.tensor("t1", "w", 1.0), t.tensor("t2", "b", 1.0)]
    left = index(leaves, gradients=[t.change("x", "t0", 2.0, 2.0), t.change("x", "t0", 2.0, 4.0)])
    right = index(leaves, gradients=[t.change("x", "t0", 2.0, 3.0), t.change("w", "t1", 1.0, 1.0)])
    assert compare_results(left, right).gradients == (
        Compared("x.grad", "4", "3", "different", 1.0),  # |4 - 3|, of the last changes
        Compared("w.grad", "None", "1", "different", None, "None on one side"),
        Compared("b.grad", "None", "None", "same"),
    )


def test_a_gradient_that_was_set_to_none_is_none() -> None:
    changes = [t.change("x", "t0", 2.0, 2.0), t.change("x", "t0", None, None, cause="none")]
    one = index([t.tensor("t0", "x", 1.0)], gradients=changes)
    assert compare_results(one, one).gradients == (Compared("x.grad", "None", "None", "same"),)


def test_what_was_cut_is_said() -> None:
    cut = Truncation(observer="values", cap=1_000, missing="later values")
    one = TraceIndex(replace(t.make_trace(), truncations=[cut]))
    note = "On the left, recorded up to a cap of 1,000 (values); missing: later values."
    assert compare_results(one, index([])) == Results((), (), (note,))
