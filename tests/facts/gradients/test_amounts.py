"""How large a gradient is, by whichever record of it there is; and its cells."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.facts.gradients.amounts import Amount, CellTable, amount_of, size_text, table_of
from components.facts.numbers import elements
from components.figures.charts.scale import norm_or_row, scale_of, value_or_row
from components.trace import Gradient, Grid, Summary
from components.trace.records import Sizes


def summary(**fields: Any) -> Summary:
    return Summary(**({"min": None, "max": None, "mean": None, "std": None, "nan": 0, "inf": 0, "zero": 0} | fields))


def test_numbers_are_counted_out() -> None:
    gradient = Gradient(shape=[2, 2], values=[[3.0, -4.0], [0.0, "nan"]], summary=None)
    # sqrt(9 + 16) = 5; (3 + 4 + 0) / 3
    assert amount_of(gradient) == Amount(
        (2, 2), gradient.values, norm=5.0, smallest=0.0, mean=7 / 3, largest=4.0, nan=1, zero=1
    )


def test_nothing_finite_and_nothing_at_all() -> None:
    assert amount_of(Gradient(shape=[2], values=["inf", "-inf"], summary=None)) == Amount((2,), ["inf", "-inf"], inf=2)
    assert amount_of(Gradient(shape=[0, 3], values=[], summary=None)) == Amount((0, 3), [])
    assert amount_of(Gradient(shape=[500], values=None, summary=None)) == Amount((500,))


def test_sizes_are_taken_as_they_are() -> None:
    gradient = Gradient(
        shape=[300],
        values=None,
        summary=summary(min=-2.0, max=1.0, mean=0.0, std=1.0, nan=1, zero=3),
        sizes=Sizes(min=0.0, mean=0.75, max=2.0, norm=17.0),
    )
    assert amount_of(gradient) == Amount((300,), None, None, 17.0, 0.0, 0.75, 2.0, nan=1, zero=3)


def test_a_summary_alone_gives_the_norm_and_what_its_signs_allow() -> None:
    # 102 elements of which 2 are not finite: sqrt(100 * (3**2 + 4**2)) = 50
    mixed = amount_of(Gradient(shape=[102], values=None, summary=summary(min=-9.0, max=11.0, mean=3.0, std=4.0, inf=2)))
    assert mixed == Amount((102,), norm=50.0, largest=11.0, inf=2)
    with_zero = summary(min=-9.0, max=11.0, mean=3.0, std=4.0, zero=1)
    assert amount_of(Gradient(shape=[100], values=None, summary=with_zero)).smallest == 0.0
    below = amount_of(Gradient(shape=[100], values=None, summary=summary(min=-9.0, max=-1.0, mean=-3.0, std=4.0)))
    assert (below.smallest, below.mean, below.largest) == (1.0, 3.0, 9.0)
    assert amount_of(Gradient(shape=[100], values=None, summary=summary(nan=100))) == Amount((100,), nan=100)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=40))
def test_a_norm_is_pythagoras(numbers: list[float]) -> None:
    amount = amount_of(Gradient(shape=[len(numbers)], values=numbers, summary=None))
    assert amount.norm is not None
    assert amount.norm == pytest.approx(math.sqrt(math.fsum(x * x for x in numbers)), rel=1e-12, abs=1e-150)
    assert amount.smallest is not None
    assert amount.largest is not None
    assert amount.mean is not None
    assert amount.smallest * (1 - 1e-9) <= amount.mean <= amount.largest * (1 + 1e-9) + 1e-320


def test_a_norm_too_large_for_a_float_is_not_known() -> None:
    assert amount_of(Gradient(shape=[2], values=[1.5e308, 1.5e308], summary=None)).norm is None
    assert amount_of(Gradient(shape=[1], values=[10**400], summary=None)) == Amount((1,), [10**400], inf=1)


def test_elements_come_with_their_index() -> None:
    assert list(elements([[1.0, "nan"], [3.0, 4.0]])) == [
        ("[0, 0]", 1.0), ("[0, 1]", "nan"), ("[1, 0]", 3.0), ("[1, 1]", 4.0),
    ]  # fmt: skip
    assert list(elements(7.0)) == [("", 7.0)]
    assert list(elements([])) == []


def test_sizes_in_words() -> None:
    assert size_text(None) == "None"
    assert size_text(Amount((2,), norm=5.0, smallest=3.0, mean=3.5, largest=4.0)) == "norm 5, |g| 3 to 4, mean |g| 3.5"
    assert (
        size_text(Amount((300,), norm=5.0, largest=4.0, nan=1, inf=2000)) == "norm 5, |g| to 4, 1 NaN, 2,000 infinite"
    )
    assert size_text(Amount((300,))) == "(300), not recorded"


# --- cells


def test_the_numbers_of_a_matrix_are_its_cells() -> None:
    amount = amount_of(Gradient(shape=[2, 2], values=[[0.1, "inf"], [-2.0, 0.0]], summary=None))
    assert table_of(amount) == CellTable(
        [[0.1, None], [-2.0, 0.0]], [["0.1", "inf"], ["-2.0", "0.0"]], ["0", "1"], ["0", "1"]
    )


def test_all_dimensions_but_the_last_are_rows() -> None:
    amount = amount_of(Gradient(shape=[2, 1, 2], values=[[[1.0, 2.0]], [[3.0, 4.0]]], summary=None))
    table = table_of(amount)
    assert table is not None
    assert (table.rows, table.numbers) == (["0, 0", "1, 0"], [[1.0, 2.0], [3.0, 4.0]])


def test_a_vector_is_one_row_and_a_number_one_cell() -> None:
    vector, number = (
        Gradient(shape=shape, values=values, summary=None) for shape, values in (([2], [1.0, 2.0]), ([], 7.0))
    )
    assert table_of(amount_of(vector)) == CellTable([[1.0, 2.0]], [["1.0", "2.0"]], ["0"], ["0", "1"])
    assert table_of(amount_of(number)) == CellTable([[7.0]], [["7.0"]], ["0"], ["0"])


def test_a_grid_is_the_means_of_its_blocks() -> None:
    cells: list[list[int | None]] = [[1000, None]] + [[-500, 0]] * 9
    table = table_of(Amount((128, 2), grid=Grid(largest=0.5, cells=cells)))
    assert table is not None
    # 128 rows in 10 blocks: cuts at 0, 12, 25, 38, 51, 64, 76, 89, 102, 115, 128.
    assert table.rows[:3] == ["0–11", "12–24", "25–37"]
    assert (table.columns, table.blocks) == (["0", "1"], "means of blocks of 12–13 × 1")
    assert (table.numbers[0], table.texts[0]) == ([0.5, None], ["≈ 0.5", "not finite"])
    assert (table.numbers[1], table.texts[1]) == ([-0.25, 0.0], ["≈ -0.25", "≈ 0"])


def test_recorded_numbers_can_be_seen_in_the_same_blocks() -> None:
    amount = amount_of(Gradient(shape=[20], values=[float(x) for x in range(20)], summary=None))
    table = table_of(amount, blocks=True)
    assert table is not None
    # Of pairs: (0 + 1) / 2, (2 + 3) / 2, ...
    assert table.numbers == [[0.5 + 2 * pair for pair in range(10)]]
    assert table.blocks == "means of blocks of 2 elements"


def test_there_are_no_cells_where_nothing_was_recorded_or_the_record_is_damaged() -> None:
    assert table_of(None) is None
    assert table_of(Amount((0, 3), values=[])) is None
    assert table_of(Amount((300,))) is None
    assert table_of(Amount((2, 2), values=[1.0, 2.0])) is None
    assert table_of(Amount((300, 2), grid=Grid(largest=1.0, cells=[[1]]))) is None
    assert table_of(Amount((300, 2), grid=Grid(largest=1.0, cells=[]))) is None


# --- axes


def test_a_logarithm_has_a_row_for_zeros_and_rows_for_what_is_no_number() -> None:
    scale = scale_of([0.001, 10.0, 0.0, "NaN", "None"])
    assert (scale.log, scale.low, scale.high) == (True, -3.0, 1.0)
    assert [row for row, _ in scale.rows] == ["0", "NaN", "None"]
    places = [scale.place(value) for value in ("None", "NaN", 0.0, 0.001)]
    known = [place for place in places if place is not None]
    assert known == sorted(known)
    assert (len(known), scale.place("inf"), scale.place(None)) == (4, None, None)


def test_values_that_span_little_or_have_signs_are_on_a_linear_axis() -> None:
    assert not scale_of([1.0, 90.0, 0.0]).log
    assert not scale_of([-1.0, 1000.0]).log
    assert not scale_of([]).log
    assert scale_of([1.0, 101.0]).log


@given(st.lists(st.one_of(st.floats(allow_nan=False), st.sampled_from(["0", "NaN", "inf", "None"]), st.none())))
def test_there_is_an_axis_for_whatever_numbers(values: list[Any]) -> None:
    values = [None if isinstance(one, float) and math.isinf(one) else one for one in values]
    for log in (None, True, False):
        axis = scale_of(values, log).axis()
        assert len(axis["tickvals"]) == len(axis["ticktext"])
        assert all(math.isfinite(end) for end in (*axis["range"], *axis["tickvals"]))
        assert axis["range"][0] < axis["range"][1]


def test_what_is_measured() -> None:
    amounts = (None, Amount((2,), nan=1, inf=1), Amount((2,), inf=1), Amount((2,), norm=2.0))
    assert [norm_or_row(amount) for amount in amounts] == ["None", "NaN", "inf", 2.0]
    assert value_or_row(Amount((1, 1), values=[[-3.0]])) == -3.0
    assert value_or_row(Amount(())) is None
