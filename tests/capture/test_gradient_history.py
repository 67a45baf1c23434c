"""The Gradients page's arithmetic against PyTorch itself: what ``print(x.grad)`` and ``retain_grad()`` would say."""

from __future__ import annotations

from components.facts import TraceIndex
from components.facts.gradients import History, gradient_history
from components.facts.gradients.flow import flow_info, intermediate_gradients
from components.facts.story import tell
from components.figures import LabOptions, lab_graph
from tests.capture.conftest import Capture


def by_name(history: History) -> dict[str, list[object]]:
    """``.grad`` of each leaf after each call."""
    return {
        leaf.label: [state.after.values if state.after is not None else None for state in leaf.states()]
        for leaf in history.leaves
    }


def test_why_grad_is_24_and_not_12(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x ** 3
        y.backward(retain_graph=True)
        y.backward()
        x.grad.zero_()
        (x * 5).backward()
        x.grad = None
    """)
    index = TraceIndex(trace)
    history = gradient_history(index)
    assert [(call.label, call.text) for call in history.calls] == [
        ("1 backward", "backward() in line 4, retain_graph=True"),
        ("2 backward", "backward() in line 5"),
        ("3 zero", "x.grad set to zero in line 6"),
        ("4 backward", "backward() in line 7"),
        ("5 None", "x.grad set to None in line 8"),
    ]
    # 3 * 2**2 = 12, twice; then 5.
    assert by_name(history) == {"x": [12.0, 24.0, 0.0, 5.0, None]}
    story = tell(index, lab_graph(index, options=LabOptions()).homes)
    told = [next(moment.text for moment in story.moments if moment.n >= (call.moment or 0)) for call in history.calls]
    assert told == [
        "x.grad becomes 12.",
        "x.grad gets 12 added: 12 + 12 = 24.",
        "Line 6: x.grad is set to zero.",
        "x.grad becomes 5.",
        "Line 8: x.grad is set to None.",
    ]


def test_a_training_step_of_a_model(capture: Capture) -> None:
    trace = capture("""
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.last = nn.Linear(2, 3), nn.Linear(3, 1)
            def forward(self, x):
                return self.last(torch.relu(self.first(x)))
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            model(torch.ones(4, 2)).sum().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            optimizer.step()
            optimizer.zero_grad()
        print([name for name, _ in model.named_parameters()])
    """)
    history = gradient_history(TraceIndex(trace))
    assert [call.cause for call in history.calls] == ["backward", "assigned", "none"] * 2
    flow = flow_info(history, 1)
    assert flow is not None
    assert str([row.label.removeprefix("model.") for row in flow.rows]) == trace.stdout.strip()
    assert [row.parameter for row in flow.rows] == ["weight", "bias"] * 2


def test_a_loop_that_makes_its_leaf_anew(capture: Capture) -> None:
    trace = capture("""
        import torch
        w = torch.tensor(4.0, requires_grad=True)
        for _ in range(3):
            ((w - 1) ** 2).backward()
            w = (w - 0.25 * w.grad).detach().requires_grad_()
    """)
    # 2 (4 - 1) = 6; w = 4 - 1.5 = 2.5: 3; w = 2.5 - 0.75 = 1.75: 1.5; the last w never had one.
    assert by_name(gradient_history(TraceIndex(trace))) == {
        "w": [6.0, 6.0, 6.0],
        "w (2)": [None, 3.0, 3.0],
        "w (3)": [None, None, 1.5],
        "w (4)": [None, None, None],
    }


def test_a_hook_between_two_leaves_does_not_look_like_an_assignment(capture: Capture) -> None:
    trace = capture("""
        import torch
        def double(g):
            return g * 2
        a = torch.tensor(1.0, requires_grad=True)
        b = torch.tensor(2.0, requires_grad=True)
        c = a * 3
        c.register_hook(double)
        (c * 1 + b * 5).backward()
    """)
    history = gradient_history(TraceIndex(trace))
    assert [call.label for call in history.calls] == ["1 backward"]
    assert by_name(history) == {"a": [6.0], "b": [5.0]}


def test_gradients_in_between_are_those_of_retain_grad(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        a = x * 3
        b = a.exp()
        c = a + b
        c.mul_(2)
        loss = (c * b).sum()
        for t in (a, b, c, loss):
            t.retain_grad()
        a.register_hook(lambda g: g / 2)
        loss.backward()
        print([t.grad.tolist() for t in (a, b, c, loss)])
    """)
    found = intermediate_gradients(TraceIndex(trace), "b0")
    known = {row.label: row.amount.values for row in found.rows if row.amount is not None}
    # c has a gradient before and after the change in place; retain_grad() keeps that of the last version.
    assert str([known[label] for label in ("a", "b", "c, line 6", "loss")]) == trace.stdout.strip()
    (before,) = [row for row in found.rows if row.label == "c, line 5"]
    assert before.note == "version 0, which a later line changed in place"


def test_what_grad_returns_for_a_tensor_in_between_is_said_to_be_unknown(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        a = x * 3
        b = a ** 2
        torch.autograd.grad(b, a)
    """)
    found = intermediate_gradients(TraceIndex(trace), "b0")
    assert [row.label for row in found.rows] == ["b"]
    assert found.notes == ("The engine did not pass the nodes of 1 tensor of this graph (a).",)
