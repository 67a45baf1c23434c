"""Every change of ``.grad`` and its cause."""

from __future__ import annotations

from tests.capture.conftest import Capture


def told(trace) -> list[tuple[str, int | None, str, object, object]]:  # type: ignore[no-untyped-def]
    return [
        (
            change.variable,
            change.line,
            change.cause,
            change.added and change.added.values,
            change.total and change.total.values,
        )
        for change in trace.gradients
    ]


def test_accumulate_zero_none_assign(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x ** 3
        y.backward(retain_graph=True)
        y.backward()
        x.grad.zero_()
        x.grad = torch.tensor(5.0)
        x.grad.mul_(2)
        x.grad = None
    """)
    assert told(trace) == [
        ("x", 4, "backward", 12.0, 12.0),  # 3 * 2**2 = 12
        ("x", 5, "backward", 12.0, 24.0),  # 12 + 12 = 24
        ("x", 6, "zero", None, 0.0),
        ("x", 7, "assigned", None, 5.0),
        ("x", 8, "assigned", None, 10.0),
        ("x", 9, "none", None, None),
    ]


def test_zeroing_behind_the_version_counter_is_seen(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor([1.0, float("nan")], requires_grad=True)
        (x * 2).sum().backward()
        a = 1
        x.grad.data.zero_()
    """)
    assert told(trace) == [("x", 3, "backward", [2.0, 2.0], [2.0, 2.0]), ("x", 5, "zero", None, [0.0, 0.0])]


def test_grad_does_not_touch_leaves(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        torch.autograd.grad(x ** 2, x)
    """)
    assert trace.gradients == []


def test_parameters_of_a_model_are_named_and_zero_grad_sets_none(capture: Capture) -> None:
    trace = capture("""
        import torch
        model = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    """)
    assert sorted(told(trace), key=str) == [
        ("model.bias", 4, "backward", [1.0], [1.0]),
        ("model.bias", 6, "none", None, None),
        ("model.weight", 4, "backward", [[1.0]], [[1.0]]),
        ("model.weight", 6, "none", None, None),
    ]
