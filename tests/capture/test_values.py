"""Numbers of saved tensors, and large gradients as grids of block means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from msgspec import UNSET

from components.trace import Gradient, Grid, decode_trace, encode_trace
from components.trace.records import Sizes
from tests.capture.conftest import Capture


def test_a_saved_tensor_that_is_none_of_the_programs_has_its_own_numbers(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor([1.0, 4.0], requires_grad=True)
        y = (x * x).sqrt().sum()
    """)
    saved = {(node.name, one.name): one for node in trace.nodes for one in node.saved}
    # The square root keeps its result, sqrt(x * x) = x; the product keeps x, which has its record.
    assert saved["SqrtBackward0", "result"].values == [1.0, 4.0]
    product = saved["MulBackward0", "self"]
    assert (product.values, product.tensor) == (None, "t0")


def test_a_transposed_view_is_not_the_tensor_that_it_views(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        y = torch.tensor([[5.0, 6.0], [7.0, 8.0]], requires_grad=True)
        z = x @ y.t()
    """)
    (mat2,) = [one for node in trace.nodes for one in node.saved if one.name == "mat2"]
    assert (mat2.tensor, mat2.values) == (None, [[5.0, 7.0], [6.0, 8.0]])


def values(gradient: Gradient | None) -> object:
    assert gradient is not None
    return gradient.values


@pytest.mark.parametrize("shape", [(40, 30), (7, 60), (3, 5, 40), (500,)])
def test_a_large_gradient_has_the_means_of_its_blocks(capture: Capture, shape: tuple[int, ...]) -> None:
    trace = capture(f"""
        import torch
        x = torch.arange({int(np.prod(shape))}, dtype=torch.float64).reshape({shape}).requires_grad_()
        (x ** 2).sum().backward()
    """)
    gradient = trace.backwards[0].steps[-1].grad_outputs[0]
    assert gradient is not None
    assert gradient.values is None
    assert gradient.grid is not None
    matrix = 2 * np.arange(np.prod(shape), dtype=np.float64).reshape(-1, shape[-1])
    # Blocks begin at i * size // 10.
    cuts = [[i * size // min(size, 10) for i in range(min(size, 10))] + [size] for size in matrix.shape]
    expected = [
        [matrix[top:bottom, left:right].mean() for left, right in zip(cuts[1], cuts[1][1:], strict=False)]
        for top, bottom in zip(cuts[0], cuts[0][1:], strict=False)
    ]
    largest = np.max(expected)
    assert gradient.grid.largest == pytest.approx(largest)
    # A thousandth of the largest is one; half of one is the rounding.
    cells = np.array(gradient.grid.cells, dtype=np.float64)
    np.testing.assert_allclose(cells, np.array(expected) / largest * 1000, atol=0.5)


def test_a_block_that_is_no_number_has_none(capture: Capture) -> None:
    trace = capture("""
        import torch
        w = torch.full((300,), -2.0)
        w[0], w[299] = float("nan"), float("inf")
        x = torch.ones(300, requires_grad=True)
        (x * w).sum().backward()
    """)
    gradient = trace.backwards[0].steps[-1].grad_outputs[0]
    assert gradient is not None
    assert gradient.grid == Grid(largest=2.0, cells=[[None, *[-1000] * 8, None]])
    assert gradient.summary is not None
    assert (gradient.summary.nan, gradient.summary.inf, gradient.summary.mean) == (1, 1, -2.0)


def test_a_large_gradient_has_the_sizes_of_its_elements(capture: Capture) -> None:
    trace = capture("""
        import torch
        w = torch.arange(-150, 150, dtype=torch.float64)
        x = torch.ones(300, dtype=torch.float64, requires_grad=True)
        (x * w).sum().backward()
        (x * w).sum().backward()
    """)
    (first, second) = trace.gradients
    # |-150|, ..., |149|: 150 * 151 / 2 + 149 * 150 / 2 = 22_500; squares: 150 * 151 * 301 / 6 + 149 * 150 * 299 / 6
    squares = 150 * 151 * 301 / 6 + 149 * 150 * 299 / 6
    for change, times in ((first, 1), (second, 2)):
        assert change.total is not None
        sizes = change.total.sizes
        assert isinstance(sizes, Sizes)
        assert (sizes.min, sizes.max) == (0.0, 150.0 * times)
        assert (sizes.mean, sizes.norm) == pytest.approx((22_500 / 300 * times, times * math.sqrt(squares)), rel=1e-14)
    assert second.added is not None
    assert first.added is not None
    assert second.added.sizes == first.added.sizes


def test_sizes_are_those_of_the_finite_elements(capture: Capture) -> None:
    trace = capture("""
        import torch
        w = torch.full((300,), 3.0)
        w[0], w[1], w[2] = float("nan"), float("-inf"), -4.0
        x = torch.ones(300, requires_grad=True)
        (x * w).sum().backward()
        z = torch.ones(300, requires_grad=True)
        (z * float("nan")).sum().backward()
    """)
    totals = [change.total for change in trace.gradients]
    assert totals[0] is not None
    assert totals[1] is not None
    # 297 threes and a four: sqrt(297 * 9 + 16)
    sizes = totals[0].sizes
    assert isinstance(sizes, Sizes)
    assert (sizes.min, sizes.max) == (3.0, 4.0)
    assert (sizes.mean, sizes.norm) == pytest.approx(((297 * 3 + 4) / 298, math.sqrt(297 * 9 + 16)))
    assert totals[1].sizes is UNSET


@pytest.mark.parametrize(("factor", "norm"), [(1e308, "inf"), (1e-200, 1e-200 * math.sqrt(300)), (0.0, 0.0)])
def test_no_square_is_too_large_or_too_small_for_a_norm(capture: Capture, factor: float, norm: object) -> None:
    trace = capture(f"""
        import torch
        x = torch.ones(300, dtype=torch.float64, requires_grad=True)
        (x * {factor}).sum().backward()
    """)
    total = trace.gradients[0].total
    assert total is not None
    assert isinstance(total.sizes, Sizes)
    assert (total.sizes.min, total.sizes.mean, total.sizes.max) == (factor, factor, factor)
    assert total.sizes.norm == (norm if isinstance(norm, str) else pytest.approx(norm))


def test_sizes_are_not_in_the_file_where_the_numbers_are(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(3, requires_grad=True)
        (x * 2).sum().backward()
    """)
    assert b'"sizes"' not in encode_trace(trace)
    assert decode_trace(encode_trace(trace)) == trace


def test_a_gradient_of_zeros_and_one_too_small_to_divide_by(capture: Capture) -> None:
    for factor, part in ((0.0, 0), (5e-324, 1000)):
        trace = capture(f"""
            import torch
            x = torch.ones(300, dtype=torch.float64, requires_grad=True)
            (x * {factor}).sum().backward()
        """)
        gradient = trace.backwards[0].steps[-1].grad_outputs[0]
        assert gradient is not None
        assert gradient.grid == Grid(largest=factor, cells=[[part] * 10])


@pytest.mark.parametrize("change", ["grad.mul_(10)", "grad.detach().mul_(10)", "grad.numpy()[:] *= 10"])
def test_a_gradient_that_a_hook_changes_in_place_is_told_as_each_node_saw_it(capture: Capture, change: str) -> None:
    """The same tensor is sent by one node and met by the next, with a change between them."""
    trace = capture(
        """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        h = x * 3
        def change(grad):
            CHANGE
        h.register_hook(change)
        (h * 2).sum().backward()
    """.replace("CHANGE", change)
    )
    sum_, outer, inner, leaf = trace.backwards[0].steps
    assert values(outer.grad_inputs[0]) == [2.0, 2.0]
    assert values(inner.grad_outputs[0]) == [20.0, 20.0]
    assert values(inner.grad_inputs[0]) == values(leaf.grad_outputs[0]) == [60.0, 60.0]
    assert values(sum_.grad_inputs[0]) == values(outer.grad_outputs[0]) == [1.0, 1.0]


@pytest.mark.parametrize(
    "line",
    [
        "first, second = grad(y, x, g, retain_graph=True), g.data.mul_(10) is g or grad(y, x, g)",
        "first, second = [(grad(y, x, g, retain_graph=True), g.data.mul_(10))[0] for _ in range(2)]",
    ],
)
def test_a_gradient_that_changes_between_two_runs_of_one_line(capture: Capture, line: str) -> None:
    trace = capture(f"""
        import torch
        grad = torch.autograd.grad
        x = torch.ones(2, requires_grad=True)
        y = x * 3
        g = torch.ones(2)
        {line}
    """)
    assert trace.failure is None
    sent = [(values(run.steps[0].grad_outputs[0]), values(run.steps[0].grad_inputs[0])) for run in trace.backwards]
    assert sent == [([1.0, 1.0], [3.0, 3.0]), ([10.0, 10.0], [30.0, 30.0])]


def test_gradients_added_up_on_their_way_are_told_as_they_were_sent(capture: Capture) -> None:
    """The engine adds what two nodes send to a third, perhaps in the memory of the first."""
    trace = capture("""
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        h = x * 1
        ((h * 2).sum() + (h * 5).sum()).backward()
    """)
    sent = [values(step.grad_inputs[0]) for step in trace.backwards[0].steps if step.grad_inputs]
    assert [2.0, 2.0] in sent
    assert [5.0, 5.0] in sent
    assert values(trace.backwards[0].steps[-1].grad_outputs[0]) == [7.0, 7.0]


def test_a_small_gradient_has_its_numbers_and_no_grid(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(3, requires_grad=True)
        (x * 2).sum().backward()
    """)
    gradient = trace.backwards[0].steps[-1].grad_outputs[0]
    assert gradient is not None
    assert (gradient.values, gradient.grid) == ([2.0, 2.0, 2.0], None)


def test_zeros_without_memory_are_read_as_zeros(capture: Capture) -> None:
    """The gradient of ``sgn`` is a tensor that PyTorch never allocates."""
    trace = capture("""
        import torch
        x = torch.tensor([1.0, -2.0], requires_grad=True)
        x.sgn().sum().backward()
        print(x.grad)
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        (g,) = torch.autograd.grad(w.abs().sum(), w, create_graph=True)
        g.sum().backward()
    """)
    assert trace.stdout == "tensor([0., 0.])\n"
    assert [change.total.values for change in trace.gradients if change.total is not None][-1] == [0.0, 0.0]
