"""Engine runs: order, gradients, what was freed, where it stopped."""

from __future__ import annotations

import pytest

from tests.capture.conftest import Capture


def test_steps_come_in_execution_order_with_gradients_in_and_out(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = (x ** 2) * 3
        y.backward()
    """)
    names = {node.id: node.name for node in trace.nodes}
    (backward,) = trace.backwards
    told = [
        (names[step.node], [g and g.values for g in step.grad_outputs], [g and g.values for g in step.grad_inputs])
        for step in backward.steps
    ]
    assert told == [
        ("MulBackward0", [1.0], [3.0, None]),  # d(3u)/du = 3
        ("PowBackward0", [3.0], [12.0]),  # 3 * 2x = 3 * 2 * 2 = 12
        ("AccumulateGrad", [12.0], []),
    ]
    assert (backward.line, backward.call, backward.retain_graph, backward.create_graph, backward.internal) == (
        4,
        "backward",
        False,
        False,
        False,
    )
    assert [names[node] for node in backward.freed] == ["MulBackward0", "PowBackward0"]
    assert [names[node] for node in backward.outputs] == ["MulBackward0"]


def test_retain_graph_frees_nothing_and_a_third_call_names_the_second(capture: Capture) -> None:
    trace = capture(
        """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = (x ** 3).exp()
        y.backward(retain_graph=True)
        y.backward()
        y.backward()
        """,
        fails=True,
    )
    first, second, third = trace.backwards
    assert first.freed == []
    assert first.retain_graph
    assert len(second.freed) == 2
    assert third.steps == []
    assert third.failure is not None
    assert third.failure.freed_by == second.id
    names = {node.id: node.name for node in trace.nodes}
    assert trace.failure is not None
    assert third.failure.node == trace.failure.node
    assert names[trace.failure.node or ""] == "ExpBackward0"
    assert (trace.failure.line, trace.failure.backward, trace.failure.kind) == (6, third.id, "raised")


def test_a_second_backward_lists_the_nodes_that_still_ran(capture: Capture) -> None:
    trace = capture(
        """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = -(x ** 3) + 1
        y.backward()
        y.backward()
        """,
        fails=True,
    )
    names = {node.id: node.name for node in trace.nodes}
    stopped = trace.backwards[1]
    assert [names[step.node] for step in stopped.steps] == ["AddBackward0", "NegBackward0"]
    assert stopped.failure is not None
    assert names[stopped.failure.node or ""] == "PowBackward0"


def test_orders_of_differentiation(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x ** 4
        g = torch.autograd.grad(y, x, create_graph=True)[0]
        h = torch.autograd.grad(g, x, create_graph=True)[0]
        k = torch.autograd.grad(h, x)[0]
        print(g.item(), h.item(), k.item())
    """)
    # 4 * 2**3 = 32, 12 * 2**2 = 48, 24 * 2 = 48
    assert trace.stdout == "32.0 48.0 48.0\n"
    orders = {order: {node.created_by for node in trace.nodes if node.order == order} for order in (1, 2, 3)}
    assert orders == {1: {None}, 2: {"b0"}, 3: {"b1"}}
    assert {node.line for node in trace.nodes if node.order == 2} == {4}
    assert [backward.call for backward in trace.backwards] == ["grad", "grad", "grad"]


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.functional.jacobian(f, x)",
        "torch.autograd.functional.vjp(f, x, torch.ones(3))",
        "torch.func.jacrev(f)(x)",
        "torch.autograd.functional.hvp(lambda v: f(v).sum(), x, torch.ones(3))",
    ],
)
def test_runs_that_pytorch_makes_for_the_program_are_internal(capture: Capture, call: str) -> None:
    trace = capture(f"""
        import torch
        def f(v):
            return v ** 2
        x = torch.ones(3)
        j = {call}
    """)
    assert trace.backwards
    assert all(backward.internal for backward in trace.backwards)
    assert {backward.line for backward in trace.backwards} == {5}


def test_a_closure_called_by_an_optimizer_is_the_programs_own_backward(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor([2.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([x], max_iter=2)
        def closure():
            optimizer.zero_grad()
            loss = (x ** 2).sum()
            loss.backward()
            return loss
        optimizer.step(closure)
    """)
    assert trace.backwards
    assert {(backward.internal, backward.line) for backward in trace.backwards} == {(False, 7)}


def test_an_error_inside_a_custom_backward_names_its_line_and_node(capture: Capture) -> None:
    trace = capture(
        """
        import torch
        class Broken(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, grad):
                raise ValueError("no derivative")
        x = torch.ones(1, requires_grad=True)
        Broken.apply(x).sum().backward()
        """,
        fails=True,
    )
    assert trace.failure is not None
    assert (trace.failure.error_type, trace.failure.message, trace.failure.line) == ("ValueError", "no derivative", 8)
    assert {node.id: node.name for node in trace.nodes}[trace.failure.node or ""] == "BrokenBackward"
