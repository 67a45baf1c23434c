"""Tensors without plain numbers, compilers and modes: the program is that of plain Python, and the trace is whole."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import pytest

from components.capture import capture_program, warm_up
from components.trace import Draw, Program, Trace, decode_trace, encode_trace
from tests.capture.conftest import Capture
from tests.plain import plain_python

_TEXT = (Path(__file__).parent / "odd_tensors.txt").read_text(encoding="utf-8")
PROGRAMS = dict(part.split("\n", 1) for part in _TEXT.split("\n# %% ")[1:])
# torchviz asks every tensor for its sizes, and reads all that was saved; that it cannot is said.
NOT_DRAWN = {"saved None", "saved None among others", "jagged", "nested with strides"}

MODES = """\
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
seen = []
class Functions(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        seen.append(getattr(func, "__name__", str(func)))
        return func(*args, **(kwargs or {}))
class Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        seen.append(str(func))
        return func(*args, **(kwargs or {}))
def both(x):
    half = x * 0.5
    return half + x.sin()
x = torch.ones(2, requires_grad=True)
m = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
o = torch.optim.SGD(m.parameters(), lr=0.1)
with MODE:
    a = x * 2
    for i in range(2):
        a = both(a)
    b = a.sum()
    c = m(x)
    b.backward(retain_graph=True)
    x.grad.zero_()
    g, = torch.autograd.grad(c.sum(), x, create_graph=True)
    g.sum().backward()
    o.step()
    o.zero_grad()
    x.data.add_(1)
    w = torch.ones(3, requires_grad=True)
    w.grad = torch.ones(3)
    del a
print(len(seen), seen)
"""
IN_MODES = {
    mode: MODES.replace("MODE:", f"{mode}:")
    for mode in ("Functions()", "Operations()", "Functions(), Operations()", "Operations(), Operations()")
}
SUBCLASS = """\
import torch
calls = []
class T(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        calls.append(getattr(func, "__name__", str(func)))
        return super().__torch_function__(func, types, args, kwargs or {})
x = torch.ones(2).as_subclass(T).requires_grad_()
y = x.exp() * 2
z = y.view(2, 1)
z.sum().backward()
x.grad = None
outs = [x * 3]
print(calls, x.grad)
"""


@pytest.fixture(scope="module", autouse=True)
def warmed_up() -> None:
    """As a worker is: only then does ``torch.compile`` leave observers alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warm_up()


@cache
def traced(name: str) -> Trace:
    return capture_program(Program(source=PROGRAMS[name]))


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_and_fails_as_in_plain_python(name: str) -> None:
    trace, expected = traced(name), plain_python(PROGRAMS[name], "always")
    failure = trace.failure
    assert (trace.stdout, (failure.error_type, failure.message) if failure else None) == (
        expected.stdout,
        expected.error,
    )
    assert trace.stdout
    assert {warned.message for warned in trace.warnings} <= expected.warned, "observers warn of nothing"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_could_not_be_looked_at_is_said_and_nothing_else(name: str) -> None:
    trace = traced(name)
    assert {note.observer for note in trace.notes} == ({"torchviz"} if name in NOT_DRAWN else set())
    assert decode_trace(encode_trace(trace)) == trace


def test_the_graph_below_a_tensor_that_cannot_be_read_is_there() -> None:
    graphs = {
        "jagged": {"MatmulBackward0", "ToPaddedTensorBackward0"},
        "sparse coo": {"SparseAddmmBackward0", "SumBackward0"},
        "dispatch wrapper": {"MulBackward0", "SumBackward0"},
        "saved None": {"FBackward", "SumBackward0"},
        "jvp through a graph": {"MulBackward0", "PowBackward0"},
        "meta": {"AddmmBackward0"},
        "forward ad": {"MulBackward0"},
        "compile eager": {"MulBackward0", "SinBackward0", "AddmmBackward0"},
    }
    for name, nodes in graphs.items():
        assert nodes <= {node.name for node in traced(name).nodes}, name


def test_a_hessian_in_vmap_is_drawn() -> None:
    trace = traced("Hessian of a network in vmap")
    assert trace.torchviz
    for number, drawing in enumerate(trace.torchviz):
        program = Program(source=PROGRAMS["Hessian of a network in vmap"], question=Draw(number=number))
        asked = capture_program(program).torchviz
        assert ([one.of for one in asked], isinstance(asked[number].dot, str)) == (
            [one.of for one in trace.torchviz],
            True,
        ), drawing.of
    assert {"net.0.weight", "net.0.bias", "net.2.weight"} <= {node.leaf for node in trace.nodes}


def test_a_wrapper_is_called_after_its_variable() -> None:
    assert {node.leaf for node in traced("dispatch wrapper").nodes if node.leaf} == {"x"}


@pytest.mark.parametrize("name", ["sparse coo", "quantized", "meta", "dispatch wrapper", "vmap hessian", "fake"])
def test_numbers_that_are_not_there_are_not_invented(name: str) -> None:
    first = next(tensor for tensor in traced(name).tensors if tensor.name in ("x", "q", "m", "a", "v", "y"))
    assert (first.values, first.summary) == (None, None) or name == "vmap hessian"


# --- modes: none of the program's hears a single call of ours


@pytest.mark.parametrize("mode", IN_MODES)
def test_a_mode_hears_no_call_of_an_observers(capture: Capture, mode: str) -> None:
    trace = capture(IN_MODES[mode])
    plain = plain_python(IN_MODES[mode])
    assert plain.error is None
    assert trace.stdout == plain.stdout
    assert trace.notes == []
    assert {"a", "b", "c", "g", "w"} <= {tensor.name for tensor in trace.tensors}
    assert trace.torchviz


def test_a_subclass_hears_no_call_of_an_observers(capture: Capture) -> None:
    assert capture(SUBCLASS).stdout == plain_python(SUBCLASS).stdout
