"""A program under autocast and on the GPU: which statements autocast is around, and that the numbers are the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.pairs import PAIRS
from components.source.variants import elsewhere, on_the_gpu
from components.source.variants.elsewhere import AUTOCAST, CUDA, ON_THE_GPU
from tests.source.variants.made import HEAD

CAST = 'with torch.autocast("cpu", dtype=torch.bfloat16):\n'


def under_autocast(source: str) -> str:
    (found,) = elsewhere(source, gpu=False)
    assert (found.switch, found.title) == ("autocast", AUTOCAST)
    return found.source


def test_autocast_is_around_what_a_backward_follows_and_around_no_backward() -> None:
    loop = "for step in range(2):\n"
    source = HEAD + loop + "    h = x * 2\n    loss = h.sum()\n    loss.backward()\n    print(loss * 2)\ny = x + 1\n"
    assert under_autocast(source) == (
        HEAD
        + "for step in range(2):\n"
        + f"    {CAST}        h = x * 2\n        loss = h.sum()\n    loss.backward()\n    print(loss * 2)\ny = x + 1\n"
    )


def test_the_prepared_pair_is_the_program_and_its_variant() -> None:
    left, right = PAIRS["autocast: the same in bfloat16"]
    assert under_autocast(left) == right


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # without any backward all that computes is forward
        ("y = x * 2\nprint(y)\nz = y + 1\n", f"{CAST}    y = x * 2\n    print(y)\n    z = y + 1\n"),
        # one statement cannot be divided
        ("(x * 2).sum().backward()\n", f"{CAST}    (x * 2).sum().backward()\n"),
        # a function that is called forward is under autocast where it is called
        (
            "def f(a):\n    return a * 2\n\n\ny = f(x).sum()\ny.backward()\n",
            f"def f(a):\n    return a * 2\n\n\n{CAST}    y = f(x).sum()\ny.backward()\n",
        ),
        # one that trains has it inside
        (
            "def train(a):\n    b = a * 2\n    b.sum().backward()\n\n\ntrain(x)\n",
            f"def train(a):\n    {CAST}        b = a * 2\n    {CAST}        b.sum().backward()\n\n\ntrain(x)\n",
        ),
        # the inner loop computes for the outer backward
        (
            "for i in range(2):\n    t = 0\n    for j in range(2):\n"
            "        g = torch.autograd.grad((x * j).sum(), x)\n        t = t + x.sum()\n    t.backward()\n",
            f"for i in range(2):\n    t = 0\n    for j in range(2):\n        {CAST}"
            f"            g = torch.autograd.grad((x * j).sum(), x)\n        {CAST}"
            "            t = t + x.sum()\n    t.backward()\n",
        ),
        # a lambda computes nothing yet; neither does a weight that is moved
        (
            "f = lambda a: x * a\ny = (x * 2).sum()\nopt.step()\n",
            f"f = lambda a: x * a\n{CAST}    y = (x * 2).sum()\nopt.step()\n",
        ),
    ],
)
def test_what_counts_as_forward(body: str, expected: str) -> None:
    assert under_autocast(HEAD + body) == HEAD + expected


def test_a_program_that_says_where_it_runs_is_asked() -> None:
    source = HEAD + 'device = "cuda" if torch.cuda.is_available() else "cpu"\ny = x.to(device) * 2\n'
    assert 'with torch.autocast("cuda" if torch.cuda.is_available() else "cpu", dtype=torch.bfloat16):' in (
        under_autocast(source)
    )


@pytest.mark.parametrize(
    "source",
    ["", "y = = x", "x = 2\n", "import torch\nprint(2)\n", "from torch import ones\ny = ones(2) * 2\n", "\0"],
)
def test_what_computes_nothing_with_torch_has_none(source: str) -> None:
    assert elsewhere(source, gpu=False) == ()


def test_a_program_with_autocast_has_it_already() -> None:
    assert elsewhere(HEAD + "with torch.autocast('cpu'):\n    y = x * 2\n", gpu=False) == ()


def test_on_the_gpu_is_offered_where_there_is_one_and_is_known_again() -> None:
    source = HEAD + "y = x * 2\n"
    found = elsewhere(source, gpu=True)
    assert [one.title for one in found] == [AUTOCAST, CUDA, f"{CUDA}, {AUTOCAST}"]
    assert [on_the_gpu(one.source) for one in found] == [False, True, True]
    assert found[1].source == "import torch\n" + ON_THE_GPU + source.removeprefix("import torch\n")
    assert 'torch.autocast("cuda", dtype=torch.bfloat16)' in found[2].source
    assert not on_the_gpu(source)
    assert on_the_gpu(found[1].source.replace("\n", "\r\n"))


DRAWS = """\
import torch

torch.manual_seed(3)
layer = torch.nn.Linear(3, 2)
table = torch.nn.Embedding(4, 2)
torch.nn.init.xavier_uniform_(layer.weight)
x = torch.randn(2, 3, requires_grad=True)
noise = torch.randn_like(x).mul_(2) + torch.rand(3) + torch.empty(3).uniform_(1, 2)
order = torch.randperm(5)
y = torch.bernoulli(torch.sigmoid(layer(x + noise)).detach()) + table(torch.randint(4, (2,)))
print(layer.weight.is_leaf, x.is_leaf, x.requires_grad, torch.tensor([1.0], requires_grad=True).is_leaf)
print(layer.weight.tolist(), x.tolist(), noise.tolist(), order.tolist(), y.tolist(), torch.rand(1).item())
"""


def printed(source: str) -> str:
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_numbers_on_the_gpu_are_those_that_the_cpu_draws() -> None:
    """Here the GPU is another name of the CPU: what is left is who draws, in which order, and what is a leaf."""
    (_, moved, _) = elsewhere(DRAWS, gpu=True)
    stand_in = moved.source.replace('"cuda"', '"cpu"').replace(".cuda()", ".cpu()")
    assert stand_in.count("cpu") > moved.source.count("cpu")
    assert printed(stand_in) == printed(DRAWS)
    assert printed(DRAWS).startswith("True True True True\n")
