"""Nodes, edges and what they saved."""

from __future__ import annotations

from tests.capture.conftest import Capture


def test_nodes_are_numbered_in_order_of_birth_and_leaves_come_just_before_their_first_use(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        w = torch.tensor(3.0, requires_grad=True)
        a = x.exp()
        y = a * w
    """)
    assert [(node.id, node.name, node.leaf, node.line) for node in trace.nodes] == [
        ("n0", "AccumulateGrad", "x", 2),
        ("n1", "ExpBackward0", None, 4),
        ("n2", "AccumulateGrad", "w", 3),
        ("n3", "MulBackward0", None, 5),
    ]
    assert [(edge.source, edge.target, edge.input, edge.slot) for edge in trace.edges] == [
        ("n1", "n0", 0, 0),
        ("n3", "n1", 0, 0),
        ("n3", "n2", 0, 1),
    ]


def test_saved_tensors_name_the_programs_tensors_and_count_each_storage_once(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(3, requires_grad=True)
        y = x * x
        e = y.exp()
    """)
    by_name = {node.name: node for node in trace.nodes}
    tensor_of = {tensor.name: tensor.id for tensor in trace.tensors}
    multiply = by_name["MulBackward0"]
    assert [(saved.name, saved.tensor, saved.nbytes) for saved in multiply.saved] == [
        ("other", tensor_of["x"], 12),
        ("self", tensor_of["x"], 12),
    ]
    assert multiply.saved_bytes == 12  # x is saved twice, and kept in memory once: 3 * 4 bytes
    assert [(saved.name, saved.tensor) for saved in by_name["ExpBackward0"].saved] == [("result", tensor_of["e"])]


def test_a_saved_number_is_text(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x ** 3
    """)
    power = next(node for node in trace.nodes if node.name == "PowBackward0")
    assert {saved.name: saved.value for saved in power.saved if saved.shape is None} == {"exponent": "3"}


def test_formula_is_pytorchs_own(capture: Capture) -> None:
    trace = capture("import torch\ny = torch.ones(2, requires_grad=True).exp()\n")
    assert next(node.formula for node in trace.nodes if node.name == "ExpBackward0") == "self: grad * result.conj()"


def test_modules_are_named_by_variable_and_path(capture: Capture) -> None:
    trace = capture("""
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
            def forward(self, x):
                return self.body(x).sum()
        net = Net()
        y = net(torch.ones(1, 2)) * 2
    """)
    modules = {node.name: node.module for node in trace.nodes}
    assert modules["AddmmBackward0"] == "net.body.0"
    assert modules["ReluBackward0"] == "net.body.1"
    assert modules["SumBackward0"] == "net"
    assert modules["MulBackward0"] is None
    assert {node.leaf for node in trace.nodes if node.leaf} == {"net.body.0.weight", "net.body.0.bias"}
    lines = {node.name: node.line for node in trace.nodes}
    assert (lines["ReluBackward0"], lines["MulBackward0"]) == (8, 10)


def test_nodes_of_functions_belong_to_the_line_inside_and_later_ones_to_the_caller(capture: Capture) -> None:
    trace = capture("""
        import torch
        def f(v):
            return v.exp()
        x = torch.ones(2, requires_grad=True)
        y = f(x).sin()
    """)
    assert {node.name: node.line for node in trace.nodes if node.leaf is None} == {"ExpBackward0": 3, "SinBackward0": 5}


def test_a_program_that_saves_through_hooks_runs_them_exactly_as_often_as_plain_python(capture: Capture) -> None:
    trace = capture("""
        import torch
        from torch.autograd.graph import saved_tensors_hooks
        def pack(t):
            print("pack", tuple(t.shape))
            return t
        def unpack(t):
            print("unpack", tuple(t.shape))
            return t
        x = torch.ones(2, requires_grad=True)
        with saved_tensors_hooks(pack, unpack):
            y = x.exp().sum()
        y.backward()
    """)
    assert trace.stdout == "pack (2,)\nunpack (2,)\n"


def test_freed_graphs_leave_no_trace_of_being_watched(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(2, requires_grad=True)
        for i in range(3):
            y = x.exp().sum()
            y.backward()
    """)
    assert [len(backward.freed) for backward in trace.backwards] == [1, 1, 1]
    assert len({node for backward in trace.backwards for node in backward.freed}) == 3
    assert sum(node.name == "AccumulateGrad" for node in trace.nodes) == 1
