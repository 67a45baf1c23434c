"""Real errors of PyTorch and Python, explained: each program is run, its message read, and its hint tried out."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.capture import capture_program
from components.explanations import explain
from components.trace import Failure, Program, Trace

HINT = re.compile(r"(Line|Before line) (\d+): (.*)", re.DOTALL)

# The program after `import torch` on line 1, and words that its explanation must have.
ERRORS = {
    "second_backward": (
        "x = torch.tensor(2.0, requires_grad=True)\ny = x ** 2\ny.backward()\ny.backward()\n",
        "Line 4 already ran backward through the graph of `y`",
    ),
    "non_scalar": ("x = torch.ones(3, requires_grad=True)\ny = x * 2\ny.backward()\n", "`y` has shape (3,)"),
    "no_grad_fn": ("x = torch.ones(3)\ny = x.sum()\ny.backward()\n", "It comes from `x`"),
    "after_no_grad": (
        "x = torch.ones(3, requires_grad=True)\nwith torch.no_grad():\n    y = x.sum()\ny.backward()\n",
        "inside `no_grad()` (line 3)",
    ),
    "leaf_inplace": ("x = torch.ones(3, requires_grad=True)\nx += 1\n", "It is a leaf that requires grad"),
    "view_of_leaf": ("x = torch.ones(3, requires_grad=True)\nx[0] = 5\n", "a part of the leaf `x`"),
    "version": (
        "x = torch.ones(3, requires_grad=True)\ny = x.exp()\ny += 1\ny.sum().backward()\n",
        "`ExpBackward0` of line 3 had saved the old value of `y`",
    ),
    "int_grad": ("x = torch.tensor([1, 2], requires_grad=True)\n", "`x` holds integers"),
    "matmul": ("a = torch.ones(2, 3)\nb = torch.ones(2, 3)\nc = a @ b\n", "3 is not 2"),
    "broadcast": ("a = torch.ones(3)\nb = torch.ones(4)\nc = a + b\n", "3 and 4 do not"),
    "dtype_linear": (
        "layer = torch.nn.Linear(2, 1)\nx = torch.ones(1, 2, dtype=torch.float64)\nlayer(x)\n",
        "`x` is float64",
    ),
    "unused": (
        "x = torch.ones(1, requires_grad=True)\n"
        "z = torch.ones(1, requires_grad=True)\n"
        "y = x * 2\n"
        "torch.autograd.grad(y, z)\n",
        "`y` was not computed from `z`",
    ),
    "not_required": (
        "x = torch.ones(1, requires_grad=True)\nz = torch.ones(1)\ny = x * 2\ntorch.autograd.grad(y, z)\n",
        "`z` does not have `requires_grad=True`",
    ),
    "super_init": (
        "class Net(torch.nn.Module):\n    def __init__(self):\n        self.fc = torch.nn.Linear(1, 1)\nnet = Net()\n",
        "`Net.__init__` does not call",
    ),
    "cuda": ("x = torch.ones(2)\nx = x.cuda()\n", "without a GPU"),
    "cuda_device": ("x = torch.ones(2, device='cuda')\n", "without a GPU"),
    "numpy": ("x = torch.ones(2, requires_grad=True)\nx.numpy()\n", "`x` requires grad"),
    "item": ("x = torch.ones(2)\nx.item()\n", "`x` has shape (2,)"),
    "ambiguous": ("x = torch.ones(2)\nif x > 0:\n    pass\n", "one yes or no"),
    "non_leaf_flag": (
        "x = torch.ones(2, requires_grad=True)\ny = x * 2\ny.requires_grad = False\n",
        "it is not a leaf",
    ),
    "none_grad": ("x = torch.ones(2, requires_grad=True)\nx.grad.zero_()\n", "`x.grad` is `None` here"),
    "empty_optimizer": ("opt = torch.optim.SGD([], lr=0.1)\n", "given no tensors"),
    "non_leaf_optimizer": (
        "x = torch.ones(2, requires_grad=True)\ny = x * 2\nopt = torch.optim.SGD([y], lr=0.1)\n",
        "`y` of line 3 is computed",
    ),
    "embedding": ("e = torch.nn.Embedding(3, 2)\ne(torch.tensor([5]))\n", "`3` rows"),
    "cross_entropy": (
        "import torch.nn.functional as F\nF.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]).int())\n",
        "The target is int32",
    ),
    "inference": (
        "with torch.inference_mode():\n    a = torch.ones(2)\nw = torch.ones(2, requires_grad=True)\ny = a * w\n",
        "`a` was made inside `inference_mode()`",
    ),
    "custom_count": (
        "class F(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, a, b):\n"
        "        return a * b\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n"
        "        return g\n"
        "x = torch.ones(1, requires_grad=True)\n"
        "F.apply(x, x).backward()\n",
        "must return 2",
    ),
    "name": ("y = torch.ones(1)\nprint(yy)\n", "gives `yy` a value"),
    "nn_missing": ("layer = nn.Linear(1, 1)\n", "`nn` has to be imported"),
    "typo": ("x = torch.ones(1, requires_grad=True)\nx.sum().backwrad()\n", "Did you mean `backward`"),
    "index": ("l = [1, 2]\nl[5]\n", "valid indices are 0 to 1"),
    "key": ("d = {'a': 1}\nd['b']\n", "no entry `'b'`"),
    "zero": ("n = 0\nprint(1 / n)\n", "`n` is 0 since line 2"),
    "syntax": ("for i in range(3)\n    print(i)\n", "ends with a colon"),
    "indent": ("if True:\nprint(1)\n", "indented below it"),
    "recursion": ("def f(n):\n    return f(n + 1)\nf(0)\n", "`f` calls itself"),
    "missing_file": ("torch.load('weights.pt')\n", "There is no `weights.pt` here"),
    "missing_package": ("import tensorflow\n", "`LAB_PACKAGES`"),
    "anomaly": (
        "x = torch.tensor([0.0], requires_grad=True)\n"
        "with torch.autograd.detect_anomaly():\n"
        "    (torch.sqrt(x) * 0).sum().backward()\n",
        "where NaN appeared first",
    ),
}


def explained(source: str) -> Trace:
    return explain(capture_program(Program(source=source)))


def mended(source: str, hint: str) -> str:
    """Do what the hint says: replace a line, or put one before it."""
    match = HINT.fullmatch(hint)
    assert match is not None, hint
    lines = source.split("\n")
    place = int(match[2]) - 1
    if match[1] == "Line":
        indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        lines[place] = match[3] if match[3].startswith(" ") else indent + match[3]
    else:
        indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        lines.insert(place, indent + match[3])
    return "\n".join(lines)


@pytest.mark.parametrize("name", ERRORS)
def test_the_explanation_is_about_this_program(name: str) -> None:
    source, words = ERRORS[name]
    failure = explained(f"import torch\n{source}").failure
    assert failure is not None
    assert failure.explanation is not None
    assert words in failure.explanation
    assert failure.message


@pytest.mark.parametrize("name", ERRORS)
def test_the_hint_mends_the_error(name: str) -> None:
    source = f"import torch\n{ERRORS[name][0]}"
    failure = explained(source).failure
    assert failure is not None
    if failure.hint is None:
        return
    after = explained(mended(source, failure.hint)).failure
    assert after is None or after.message != failure.message


def test_what_succeeded_is_left_alone() -> None:
    trace = capture_program(Program(source="print(1)"))
    assert explain(trace) == trace


def test_at_least_twenty_five_errors_are_covered() -> None:
    assert len(ERRORS) >= 25


@given(
    st.text(max_size=80),
    st.text(max_size=200),
    st.sampled_from(["raised", "syntax", "timeout", "crashed"]),
    st.integers(-3, 9),
)
def test_explaining_never_raises(source: str, message: str, kind: str, line: int) -> None:
    trace = BARE
    failure = msgspec.convert({"kind": kind, "message": message, "error_type": "RuntimeError", "line": line}, Failure)
    trace = msgspec.structs.replace(trace, program=Program(source=source), failure=failure)
    assert explain(trace).failure is not None


BARE = capture_program(Program(source="pass"))
