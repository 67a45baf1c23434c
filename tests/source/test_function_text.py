"""Functions cut out of programs: they give what the program computed, and what cannot be cut is told with its line."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from components.source.function_text import NoFunction, function_text

HEAD = "import torch\n"
# Each program computes y from x (and w).
PROGRAMS = {
    "straight": "x = torch.tensor(2.0, requires_grad=True)\nh = x * 3\ny = h ** 2\ny.backward()\nprint(x.grad)\n",
    "rebound": "x = torch.tensor(2.0)\ny = x * 3\ny = y ** 2\ny = y + x\n",
    "augmented": "x = torch.tensor(2.0)\ny = x * 3\ny += x\ny *= 2\n",
    "list": "x = torch.tensor(2.0)\nparts = []\nfor n in range(4):\n    parts.append(x ** n)\ny = sum(parts)\n",
    "loop": "x = torch.tensor(2.0)\nw = torch.tensor(0.3)\ny = x\nfor n in range(5):\n    y = torch.sin(y) * w + n\n",
    "branch": "x = torch.tensor(2.0)\nif x > 1:\n    y = x ** 2\nelse:\n    y = -x\n",
    "function": "def g(a):\n    return a ** 2 + x\nx = torch.tensor(2.0)\ny = g(x) * 2\n",
    "module": "torch.manual_seed(3)\nmodel = torch.nn.Linear(2, 1)\nx = torch.ones(4, 2)\ny = model(x).mean()\n",
    "detached": "x = torch.tensor(2.0)\nz = x * 5\nw = z.detach().requires_grad_()\ny = w * x\n",
    "several": "x = torch.tensor(2.0); w = torch.tensor(3.0); y = x * w\n",
    "text": 'x = torch.tensor(2.0)\nnames = """a\n  b"""\ny = x * len(names)\n',
    "pair": "x = torch.tensor([1.0, 2.0])\na, b = x\ny = a * b\n",
    "in place": "x = torch.tensor([1.0, 2.0])\nh = x * 2\nh[0] = 5\nh.mul_(3)\ny = h.sum() * x[1]\n",
    "with": "x = torch.tensor(2.0)\nwith torch.no_grad():\n    c = x * 10\ny = c * x\n",
    "lambda": "x = torch.tensor(2.0)\nsquare = lambda v: v ** 2\ny = square(x)\n",
    "class": (
        "class M(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.w = torch.nn.Parameter(torch.ones(2))\n\n"
        "    def forward(self, x):\n        return (self.w * x).sum()\n"
        "torch.manual_seed(0)\nm = M()\nx = torch.tensor(2.0)\ny = m(x) * m.w[0]\n"
    ),
    "initialised": "w = torch.empty(3)\ntorch.nn.init.ones_(w)\nx = torch.tensor(2.0)\ny = (w * x).sum()\n",
    "comprehension": "x = torch.tensor(2.0)\ny = sum([x * x for n in range(3)])\n",
    "f is taken": "x = torch.tensor(2.0)\nf = 3\ny = x * f\n",
}


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(source, names)
    return names


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_function_gives_what_the_program_computed(name: str) -> None:
    source = HEAD + PROGRAMS[name]
    inputs = ["x", "w"] if name in ("loop", "detached", "several") else ["x"]
    text = function_text(source, "y", inputs)
    made = run(text)
    function = made["function" if name == "f is taken" else "f"]
    given = [made[one].detach().clone().requires_grad_() for one in inputs]
    output = function(*given)
    assert torch.equal(output.detach(), run(source)["y"].detach())
    assert torch.equal(output, function(*given)), "a second call gives the same"
    assert "backward" not in text
    assert "print" not in text
    if "torch.tensor(2.0" in source and name not in ("branch", "detached"):
        elsewhere = run(source.replace("torch.tensor(2.0", "torch.tensor(1.25"))["y"].detach()
        assert torch.equal(function(torch.tensor(1.25), *given[1:]).detach(), elsewhere)


@pytest.mark.parametrize(
    ("source", "inputs", "words"),
    [
        ("x = torch.tensor(1.0)\n", ["x"], "binds no variable y"),
        ("y = 1\n", ["x"], "binds no variable x"),
        ("x = torch.tensor(1.0)\ny = torch.ones(2)\n", ["x"], "y does not depend on x"),
        ("x = torch.tensor(1.0)\nx = x * 2\ny = x\n", ["x"], "Line 3 changes x"),
        ("x = torch.ones(2)\nx.mul_(2)\ny = x * 1\n", ["x"], "Line 3 changes x"),
        ("x = torch.ones(2)\nx[0] = 2\ny = x * 1\n", ["x"], "Line 3 changes x"),
        (
            "x = torch.tensor(1.0, requires_grad=True)\nfor i in range(2):\n    y = x * i\n    y.backward()\n",
            ["x"],
            "Line 5 runs backward",
        ),
        (
            "x = torch.ones(2)\nm = torch.nn.Linear(2, 1)\no = torch.optim.SGD(m.parameters())\n"
            "m(x).sum().backward()\no.step()\ny = m(x)\n",
            ["x"],
            "Line 6 takes a step",
        ),
        (
            "x = torch.ones(2)\nw = torch.ones(2, requires_grad=True)\n(x * w).sum().backward()\n"
            "w = w - 0.1 * w.grad\ny = (w * x).sum()\n",
            ["x"],
            "Line 5 runs backward",
        ),
    ],
)
def test_what_cannot_be_cut_is_told(source: str, inputs: list[str], words: str) -> None:
    with pytest.raises(NoFunction, match=words):
        function_text(HEAD + source, "y", inputs)


def test_what_is_kept_and_what_is_left_out() -> None:
    source = (
        "import torch\nimport math\n\nx = torch.tensor(2.0, requires_grad=True)\nother = torch.tensor(9.0)\n"
        "h = x * 3  # a comment\ny = h ** 2\ny.backward()\n"
    )
    assert function_text(source, "y", ["x"]) == (
        "import torch\nx = torch.tensor(2.0, requires_grad=True)\n\n"
        "def f(x):\n    h = x * 3\n    y = h ** 2\n    return y\n"
    )
