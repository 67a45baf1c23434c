"""What tensors are called, wherever the program keeps them, and that each result is drawn."""

from __future__ import annotations

import pytest

from components.trace import Trace
from tests.capture.conftest import Capture

HEAD = """\
import torch
from collections import deque, namedtuple, OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from torch import nn
x = torch.ones(2, requires_grad=True)
"""


def drawn(trace: Trace) -> set[str]:
    assert all(drawing.dot for drawing in trace.torchviz)
    return {drawing.of for drawing in trace.torchviz}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("outs = [x * 2, (x * 3).exp()]", {"outs[0]", "outs[1]"}),
        ("outs = x * 2, [x.sin(), (x.cos(),)]", {"outs[0]", "outs[1][0]", "outs[1][1][0]"}),
        ("out = {'loss': x.sum(), 3: x * 9}", {"out['loss']", "out[3]"}),
        ("out = OrderedDict(a=x * 2)", {"out['a']"}),
        ("class P(namedtuple('P', 'mean std')): pass\np = P(x * 2, x * 3)", {"p.mean", "p.std"}),
        ("@dataclass\nclass D:\n    z: object\nd = D(x.exp())", {"d.z"}),
        ("@dataclass(slots=True)\nclass D:\n    z: object\nd = D(x.exp())", {"d.z"}),
        ("class O: pass\no = O()\no.r = x.sin()\no.inner = {'k': [x.cos()]}", {"o.r", "o.inner['k'][0]"}),
        ("class O:\n    __slots__ = ('r',)\no = O()\no.r = x.sin()", {"o.r"}),
        ("q = deque([x * 5], maxlen=3)", {"q[0]"}),
        ("n = SimpleNamespace(v=x.tanh())", {"n.v"}),
        ("n = torch.distributions.Normal(x.tanh(), x.exp())", {"n.loc", "n.scale"}),
        ("out = nn.LSTM(2, 3)(torch.ones(4, 1, 2))", {"out[1][0]", "out[1][1]", "out[0]"}),
        ("y = x * 2\nouts = [y]", {"y"}),
        ("y = x * 2\nouts = [y.sum()]", {"outs[0]"}),
        ("outs = []\nouts.append(outs)\nouts.append(x * 2)", {"outs[1]"}),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_result_is_named_after_where_it_is_kept_and_drawn(capture: Capture, source: str, names: set[str]) -> None:
    trace = capture(f"{HEAD}{source}\n")
    assert drawn(trace) == names - ({"out[0]"} if "LSTM" in source else set())
    named = {tensor.name for tensor in trace.tensors if tensor.node is not None}
    assert names <= named
    assert trace.notes == []


def test_parameters_of_a_loop_have_their_own_names(capture: Capture) -> None:
    trace = capture("""
        import torch
        from torch import nn
        net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
        for p in net.parameters():
            nn.init.ones_(p)
        net(torch.ones(1, 2)).sum().backward()
        """)
    own = {"net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias"}
    assert {node.leaf for node in trace.nodes if node.leaf} == own
    assert {change.variable for change in trace.gradients} == own


@pytest.mark.parametrize("kept", ["outs = {}\nouts['a'] = net(x)", "outs = [net(x)]", "outs = (net(x), 1)"])
def test_leaves_have_their_names_where_nothing_but_what_was_kept_leads_to_them(capture: Capture, kept: str) -> None:
    trace = capture(f"{HEAD}net = nn.Linear(2, 1)\n{kept}\n")
    assert {node.leaf for node in trace.nodes if node.leaf} == {"x", "net.weight", "net.bias"}


@pytest.mark.parametrize(
    "lines",
    [
        "params = list(net.parameters())\nfor i, p in enumerate(params):\n    nn.init.ones_(p)",
        "total = sum([w.sum() for w in net.parameters()])",
        "for name, p in net.named_parameters():\n    p.requires_grad_(True)",
        "def show(w):\n    return w.shape\nfor p in net.parameters():\n    show(p)",
        "def make(bias):\n    weight = net.weight\n    return weight.shape\nmake(net.bias)",
        "w, b = net.parameters()",
    ],
)
def test_a_parameter_is_called_after_its_module_whatever_went_before(capture: Capture, lines: str) -> None:
    trace = capture(f"{HEAD}net = nn.Linear(2, 1)\n{lines}\nnet(x).sum().backward()\n")
    leaves = {node.leaf for node in trace.nodes if node.leaf}
    assert leaves == ({"x", "w", "b"} if lines.startswith("w, b") else {"x", "net.weight", "net.bias"})


def test_a_loops_variable_is_a_name_where_there_is_no_other(capture: Capture) -> None:
    trace = capture("""
        import torch
        for v in (1.0, 2.0):
            t = torch.tensor(v)
        for leaf in [torch.ones(2, requires_grad=True)]:
            leaf.sum().backward()
        """)
    assert [change.variable for change in trace.gradients] == ["leaf"]


def test_a_tensor_is_not_called_self(capture: Capture) -> None:
    trace = capture(
        HEAD
        + """
class Mine(torch.Tensor):
    def double(self):
        half = 0.5
        return self * 2
t = torch.ones(2).as_subclass(Mine).requires_grad_()
y = t.double()
y.sum().backward()
"""
    )
    assert {node.leaf for node in trace.nodes if node.leaf} == {"t"}


def test_looking_for_names_runs_none_of_the_programs_code(capture: Capture) -> None:
    trace = capture(
        HEAD
        + """
class Trap:
    def __getattribute__(self, name):
        print("asked for", name)
        return object.__getattribute__(self, name)
    def __iter__(self):
        print("iterated")
        return iter(())
    def __len__(self):
        print("counted")
        return 1
class L(list):
    def __getitem__(self, key):
        print("taken")
    def __iter__(self):
        print("iterated")
        return iter(())
class D(dict):
    def items(self):
        print("items")
        return ()
trap, l, d = Trap(), L([x * 2]), D(a=x * 3)
object.__setattr__(trap, "y", x * 4)
"""
    )
    assert trace.stdout == ""
    assert {"l[0]", "d['a']", "trap.y"} <= {tensor.name for tensor in trace.tensors}
