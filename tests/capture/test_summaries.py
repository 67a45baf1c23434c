"""Tensors that are summed up many at a time have the numbers that each has alone, worked out in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from components.capture.drafts import Truncations
from components.capture.quiet import quiet
from components.capture.values import ValueReader
from components.trace import Caps, Gradient, Grid, Summary
from components.trace.records import Sizes

# Fewer than a block holds, as many, more; matrices whose parts are of equal and of unequal height; vectors.
SHAPES = [(2,), (16, 3), (4, 8), (300,), (7, 50), (64, 32), (33, 47), (2, 3, 100), (40_000,)]


def read(tensors: Sequence[torch.Tensor], room: int = 0) -> list[Gradient]:
    """Return the records of these gradients, all read before one is complete; the tensors are overwritten then."""
    values = ValueReader(Caps(), Truncations(), room)
    with quiet():
        drafts = [values.gradient(tensor) for tensor in tensors]
        for tensor in tensors:
            tensor.fill_(12345.0)
        values.finish()
    return [draft.finish() for draft in drafts if draft is not None]


def near(number: float) -> Any:
    """Return what equals this number but for rounding."""
    return pytest.approx(number, rel=1e-9, abs=1e-300)


def summed_up(numbers: list[float]) -> Summary:
    """Sum up in plain Python."""
    finite = [number for number in numbers if math.isfinite(number)]
    nan = sum(map(math.isnan, numbers))
    mean = math.fsum(finite) / len(finite)
    return Summary(
        min=min(finite),
        max=max(finite),
        mean=near(mean),
        std=near(math.sqrt(math.fsum((x - mean) ** 2 for x in finite) / len(finite))),
        nan=nan,
        inf=len(numbers) - len(finite) - nan,
        zero=numbers.count(0.0),
    )


def sizes_of(numbers: list[float]) -> Sizes:
    """Say how large the finite ones are, in plain Python."""
    finite = [abs(number) for number in numbers if math.isfinite(number)]
    return Sizes(
        min=min(finite),
        mean=near(math.fsum(finite) / len(finite)),
        max=max(finite),
        norm=near(math.hypot(*finite)),
    )


def means_of(matrix: list[list[float]]) -> list[list[float]]:
    """Average at most 10 by 10 blocks, in plain Python."""
    down, across = (
        [range(i * size // parts, (i + 1) * size // parts) for i in range(parts)]
        for size, parts in ((size, min(size, 10)) for size in (len(matrix), len(matrix[0])))
    )
    return [
        [math.fsum(matrix[i][j] for i in rows for j in columns) / (len(rows) * len(columns)) for columns in across]
        for rows in down
    ]


def check(tensor: torch.Tensor, record: Gradient) -> None:
    """Compare one record with what plain Python makes of the tensor."""
    numbers: list[float] = tensor.reshape(-1).tolist()
    assert record.shape == list(tensor.shape)
    assert record.summary == summed_up(numbers)
    if tensor.numel() <= Caps().values_per_tensor:
        assert isinstance(record.values, list)
        assert torch.tensor(record.values, dtype=tensor.dtype).equal(tensor) or not tensor.isfinite().all()
        return
    assert record.values is None
    assert record.sizes == sizes_of(numbers)
    means = means_of(tensor.reshape(-1, tensor.shape[-1]).tolist())
    largest = max((abs(mean) for row in means for mean in row if math.isfinite(mean)), default=0.0)
    assert isinstance(record.grid, Grid)
    assert record.grid.largest == pytest.approx(largest, rel=1e-9)
    for row, cells in zip(means, record.grid.cells, strict=True):
        for mean, cell in zip(row, cells, strict=True):
            assert (cell is None) is not math.isfinite(mean)
            assert cell is None or cell == pytest.approx(1_000 * mean / (largest or 1.0), abs=0.501)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("room", [0, 1 << 18, 1 << 30])
def test_many_tensors_at_a_time(dtype: torch.dtype, room: int) -> None:
    """Also where full blocks wait: none, some, all."""
    generator = torch.Generator().manual_seed(0)
    tensors = [
        (torch.randn(shape, generator=generator, dtype=torch.float64) + shift).to(dtype)
        for shift in range(3)
        for shape in SHAPES
        for _ in range(1 if math.prod(shape) > 10_000 else 19)
    ]
    before = [tensor.clone() for tensor in tensors]
    for tensor, record in zip(before, read(tensors, room), strict=True):
        check(tensor, record)


def test_what_waits_is_counted_and_can_be_let_go() -> None:
    values = ValueReader(Caps(), Truncations(), room=1 << 20)
    with quiet():
        for _ in range(3):
            values.gradient(torch.ones(40_000))
        assert values.held == 3 * 40_000 * 4
        values.forget()
    assert values.held == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_views_of_one_memory_are_read_once_and_each_has_its_own_numbers(dtype: torch.dtype) -> None:
    matrix = torch.randn(33, 47, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(dtype)
    matrix[0, 0] = math.nan
    views = [matrix.mT, matrix, matrix.view(3, 11, 47), matrix.view(47, 33), matrix.mT, matrix[1:], -matrix]
    values = ValueReader(Caps(), Truncations())
    with quiet():
        drafts = [values.passing(view, 0) for view in views]
        values.finish()
    for view, draft in zip(views, drafts, strict=True):
        check(view, draft.finish())
    # one reading for the matrix and its first view; its transposed view has another, made of that
    assert len({id(draft.reading) for draft in drafts}) == 5
    assert drafts[1].reading is drafts[2].reading
    assert drafts[0].reading is drafts[4].reading


def test_a_transposed_view_of_what_was_worked_out_already() -> None:
    matrix = torch.randn(20, 2_000, generator=torch.Generator().manual_seed(0))
    values = ValueReader(Caps(), Truncations())
    with quiet():
        drafts = [values.passing(view, 0) for view in (matrix, matrix.mT)]  # 40,000 elements are a block of their own
    for view, draft in zip((matrix, matrix.mT), drafts, strict=True):
        check(view, draft.finish())


@pytest.mark.parametrize("how", ["in place", "past its version", "other memory", "negated"])
def test_the_same_place_with_other_numbers_is_read_again(how: str) -> None:
    numbers = np.arange(600, dtype=np.float32)
    before = torch.from_numpy(numbers).view(20, 30)
    values, begun = ValueReader(Caps(), Truncations()), 0
    with quiet():
        values.passing(before, begun)
        if how == "in place":
            after = before.mul_(2)
        elif how == "past its version":  # a line of the program's has done it
            before.data.mul_(2)
            after, begun = before.view(20, 30), 1
        elif how == "other memory":  # at the same address
            del before
            numbers *= 2
            after = torch.from_numpy(numbers).view(20, 30)
        else:
            after = torch._neg_view(before)
        draft = values.passing(after, begun)
        values.finish()
    check(after, draft.finish())


@pytest.mark.parametrize("shape", [(3, 4), (20, 30)])
def test_odd_numbers_do_not_disturb_their_neighbours(shape: tuple[int, int]) -> None:
    plain = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape) - 5
    tensors = []
    for odd in (math.nan, math.inf, -math.inf, 0.0, 1e-200, 1e200):
        tensors += [plain.clone(), plain.clone().fill_(odd), plain.clone()]
        tensors[-2][0, 1] = 1e-300
    before = [tensor.clone() for tensor in tensors]
    records = read(tensors)
    for number, (tensor, record) in enumerate(zip(before, records, strict=True)):
        if number % 3 != 1 or tensor[0, 0].abs() < 1e100:
            check(tensor, record)
    summaries = [record.summary for record in records]
    assert summaries[1] == summed_up([math.nan] * (math.prod(shape) - 1) + [1e-300])
    large = summaries[-2]
    assert large is not None
    assert (large.min, large.max, large.nan, large.inf) == (1e-300, 1e200, 0, 0)
