"""One change that asks "what if": the text that it makes, and what plain PyTorch then computes.

The gradients expected are worked out by hand beside each case: x is 2, h is x squared, so dh/dx is 4.
"""

from __future__ import annotations

import json

import pytest

from components.source.form import FormError
from components.source.what_if import Along, Hook, Span, detached, with_hook, with_leaf_hook, with_value
from tests.plain import plain_python

ZERO, TWICE, CLIPPED = Hook("zero"), Hook("scale", 2.0), Hook("clip", 0.5)
START = "import torch\nx = torch.tensor(2.0, requires_grad=True)\n"
# y = h * 3 + h: 3 of dy/dh come along one use of h, 1 along the other.
NAMED = f"{START}h = x**2\ny = h * 3 + h\ny.backward()\n"
INSIDE = f"{START}y = (x**2) * 3  # squared\ny.backward()\n"
LOOP = f"{START}y = x\nfor _ in range(3): y = y * 2\ny.backward()\n"
BLOCK = f"{START}h = x\nfor _ in range(2):\n    h = h * 3\n\nh.backward()\n"
FUNCTION = f'''{START}
def f(a):
    """Squares."""
    return a**2

with torch.no_grad():
    f(x)
f(2.0)
y = f(x) * 3
y.backward()
'''


def span(source: str, text: str) -> Span:
    """Where a text stands for the first time."""
    lines = source[: source.index(text)].split("\n")
    return Span(len(lines), len(lines[-1]), len(lines), len(lines[-1]) + len(text))


def grads(source: str | None) -> dict[str, object]:
    """The ``.grad`` of each variable after a program has run in plain Python."""
    assert source is not None
    told = "print('@', __import__('json').dumps({n: v.grad.tolist() for n, v in dict(globals()).items()"
    ran = plain_python(f"{source}\n{told} if isinstance(v, torch.Tensor) and v.is_leaf and v.grad is not None}}))")
    assert ran.error is None, (ran.message, source)
    found: dict[str, object] = json.loads(ran.stdout.rpartition("@")[2])
    return found


@pytest.mark.parametrize(
    ("source", "text", "hook", "lines", "grad"),
    [
        (NAMED, "x**2", ZERO, ["h.register_hook(lambda grad: torch.zeros_like(grad))"], 0.0),
        (NAMED, "x**2", TWICE, ["h.register_hook(lambda grad: 2 * grad)"], 2 * 4 * 4.0),
        (NAMED, "x**2", CLIPPED, ["h.register_hook(lambda grad: grad.clamp(-0.5, 0.5))"], 0.5 * 4),
        (
            NAMED,
            "h * 3",
            ZERO,
            ["    t.register_hook(lambda grad: torch.zeros_like(grad))", "y = hooked(h * 3) + h"],
            4.0,
        ),
        (INSIDE, "x**2", TWICE, ["y = hooked(x**2) * 3  # squared"], 2 * 3 * 4.0),
        (INSIDE, "(x**2) * 3", TWICE, ["y.register_hook(lambda grad: 2 * grad)"], 2 * 3 * 4.0),
        # Each of three rounds doubles what comes back: 2**3 * 2**3.
        (LOOP, "y * 2", TWICE, ["for _ in range(3): y = hooked(y * 2)"], 64.0),
        (
            FUNCTION,
            "a**2",
            TWICE,
            ["    if torch.is_tensor(t) and t.requires_grad:", "    return hooked(a**2)"],
            2 * 3 * 4.0,
        ),
        # Between the block and what follows there is a line that belongs to neither.
        (BLOCK, "h * 3", TWICE, ["    h.register_hook(lambda grad: 2 * grad)"], 3**2 * 2**2),
        (START + "y = x**2", "x**2", TWICE, ["y.register_hook(lambda grad: 2 * grad)"], None),
        (f"{START}y = x**2; y.backward()\n", "x**2", TWICE, ["y = hooked(x**2); y.backward()"], 2 * 4.0),
        (NAMED.replace("torch", "th").replace("import th", "import torch as th"), "x**2", ZERO, None, None),
    ],
)
def test_a_gradient_is_another_one(source: str, text: str, hook: Hook, lines: list[str] | None, grad: float) -> None:
    changed = with_hook(source, span(source, text), hook)
    assert changed is not None
    for line in lines or ["h.register_hook(lambda grad: th.zeros_like(grad))"]:
        assert line in changed.split("\n")
    if grad is not None:
        assert grads(changed) == {"x": grad}


@pytest.mark.parametrize(("slot", "grad"), [(0, (6 + 1) * 4.0), (1, (3 + 2) * 4.0)])
def test_of_two_uses_one_is_changed(slot: int, grad: float) -> None:
    """The addition hands on to h * 3 in slot 0 and to h in slot 1."""
    changed = with_hook(NAMED, span(NAMED, "h * 3 + h"), TWICE, Along(slot, 2))
    assert changed is not None
    assert "y.grad_fn.register_hook(lambda grads, _: (" in changed
    assert grads(changed) == {"x": grad}


def test_a_node_of_many_slots_and_of_one() -> None:
    many = f"{START}y = torch.stack([x, x, x, x, x, x]).sum()\ny.backward()\n"
    changed = with_hook(many, span(many, "torch.stack([x, x, x, x, x, x])"), TWICE, Along(5, 6))
    assert grads(changed) == {"x": 7.0}
    one = f"{START}y = torch.exp(x - x)\ny.backward()\n"
    assert "(torch.zeros_like(grads[0]),)" in str(with_hook(one, span(one, "torch.exp(x - x)"), ZERO, Along(0, 1)))


@pytest.mark.parametrize(
    ("source", "text", "line", "grad"),
    [
        (NAMED, "h * 3", "y = (h * 3).detach() + h", 4.0),
        (INSIDE.replace("* 3", "* x"), "x**2", "y = (x**2).detach() * x  # squared", 4.0),
        (f"{START}y = torch.exp(x) * 0 + x\ny.backward()\n", "torch.exp(x)", "y = torch.exp(x).detach() * 0 + x", 1.0),
    ],
)
def test_nothing_flows_back_from_there(source: str, text: str, line: str, grad: float) -> None:
    changed = detached(source, span(source, text))
    assert changed is not None
    assert line in changed.split("\n")
    assert grads(changed) == {"x": grad}


# --- leaves

LEAVES = """\
import torch
from torch import nn
torch.manual_seed(0)
x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.randn(2, requires_grad=True)
late = torch.ones(2)
late.requires_grad_()
net = nn.Sequential(nn.Linear(2, 1))
y = (x * x).sum() + (w * w).sum() + (late * late).sum() + net(torch.ones(2)).sum()
y.backward()
p = net[0].weight
"""


@pytest.mark.parametrize(
    ("name", "line", "value", "text", "key", "grad"),
    [
        ("x", 4, "[3, 4]", "x = torch.tensor([3.0, 4.0], requires_grad=True)", "x", [6.0, 8.0]),
        ("x", 4, "5", "    x.fill_(5.0)", "x", [10.0, 10.0]),
        ("x", 4, "zeros(2)", "    x.copy_(torch.zeros(2))", "x", [0.0, 0.0]),
        ("w", 5, "[3, 4]", "    w.copy_(torch.tensor([3.0, 4.0]))", "w", [6.0, 8.0]),
        ("late", 6, "-1", "    late.fill_(-1.0)", "late", [-2.0, -2.0]),
    ],
)
def test_a_leaf_has_another_value(name: str, line: int, value: str, text: str, key: str, grad: list[float]) -> None:
    changed = with_value(LEAVES, name, line, "float32", value)
    assert changed is not None
    assert text in changed.split("\n")
    assert grads(changed)[key] == grad


def test_a_parameter_has_another_value_and_another_gradient() -> None:
    changed = with_value(LEAVES, "net.0.weight", None, "float32", "0.5")
    assert '    net.get_parameter("0.weight").fill_(0.5)' in str(changed)
    assert plain_python(f"{changed}print(net[0].weight.tolist())").stdout == "[[0.5, 0.5]]\n"
    # dy/dweight is the input: ones.
    hooked = with_leaf_hook(LEAVES, "net.0.weight", None, TWICE)
    assert 'net.get_parameter("0.weight").register_hook(lambda grad: 2 * grad)' in str(hooked)
    assert grads(hooked)["p"] == [[2.0, 2.0]]


@pytest.mark.parametrize(("name", "line", "grad"), [("x", 4, [4.0, 8.0]), ("late", 6, [4.0, 4.0])])
def test_a_leafs_gradient_is_another_one_from_where_it_asks_for_one(name: str, line: int, grad: list[float]) -> None:
    assert grads(with_leaf_hook(LEAVES, name, line, TWICE))[name] == grad


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(FormError, match="cannot be read"):
        with_value(LEAVES, "x", 4, "float32", "two")


@pytest.mark.parametrize(
    "source",
    [
        "x = make()\ny = x**2\n",  # nothing that is called torch
        "import torch\nx = (\n",
        "",
        "import torch\ny = f'{x**2}'\n",  # Python does not know where it stands
    ],
)
def test_where_there_is_no_room_there_is_no_change(source: str) -> None:
    place = span(source, "x**2") if "x**2" in source else Span(1, 0, 1, 3)
    assert with_hook(source, place, ZERO) is None
    assert detached(source, place) is None
    assert with_leaf_hook(source, "x", 1, ZERO) is None
    assert with_value(source, "x", 1, "float32", "1") is None


def test_a_text_beyond_its_end_and_names_that_are_taken() -> None:
    assert with_hook(NAMED, Span(99, 0, 99, 1), ZERO) is None
    taken = INSIDE.replace("import torch", "import torch\nhooked = hooked_2 = 1")
    assert "y = hooked_3(x**2) * 3" in str(with_hook(taken, span(taken, "x**2"), ZERO))
