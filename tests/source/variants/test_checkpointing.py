"""``torch.utils.checkpoint`` around a call, by every name that a program has for it."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import HEAD, changes, texts

LONG = "torch.utils.checkpoint.checkpoint"
BLOCKS = HEAD + "def f(a, b=1):\n    return a * b\nmodel = layers = f\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("h = f(x)", f"h = {LONG}(f, x, use_reentrant=False)"),
        ("h = f(x, b=x)", f"h = {LONG}(f, x, b=x, use_reentrant=False)"),
        ("h = f( x, )", f"h = {LONG}(f, x, use_reentrant=False )"),
        ("h = layers[0](x)", f"h = {LONG}(layers[0], x, use_reentrant=False)"),
        ("h = model.encoder(x)", f"h = {LONG}(model.encoder, x, use_reentrant=False)"),
        ("f(x).sum().backward()", f"{LONG}(f, x, use_reentrant=False).sum().backward()"),
        ("h = f((x))", f"h = {LONG}(f, (x), use_reentrant=False)"),
        ("y = 'ü', f(x)", f"y = 'ü', {LONG}(f, x, use_reentrant=False)"),
    ],
)
def test_the_call_of_a_block_runs_in_a_checkpoint(before: str, after: str) -> None:
    assert changes(f"{BLOCKS}{before}\n", "checkpoint") == [(6, before, after)]


def test_a_module_calls_its_own_in_one() -> None:
    source = (
        "import torch\nfrom torch import nn\nclass M(nn.Module):\n    def forward(self, x):\n"
        "        return self.norm(self.net(x))\n"
    )
    assert [(one.title, one.source.split("\n")[4].strip()) for one in variants(source)] == [
        (
            "`checkpoint` around `self.norm(…)` in line 5",
            f"return {LONG}(self.norm, self.net(x), use_reentrant=False)",
        ),
        (
            "`checkpoint` around `self.net(…)` in line 5",
            f"return self.norm({LONG}(self.net, x, use_reentrant=False))",
        ),
    ]


def test_the_programs_own_import_is_used() -> None:
    source = f"from torch.utils.checkpoint import checkpoint as again\n{BLOCKS}y = f(x)\n"
    assert changes(source, "checkpoint") == [(7, "y = f(x)", "y = again(f, x, use_reentrant=False)")]


def test_a_program_that_imports_parts_of_torch_gets_an_import_and_keeps_its_line_numbers() -> None:
    source = (
        '"""Text."""\nfrom __future__ import annotations\nfrom torch import nn\nm = nn.Linear(1, 1)\ny = m(m.bias)\n'
    )
    (found,) = [one for one in variants(source) if one.switch == "checkpoint"]
    assert found.line == 5
    assert found.source == (
        '"""Text."""\nfrom __future__ import annotations\nfrom torch.utils.checkpoint import checkpoint\n'
        "from torch import nn\nm = nn.Linear(1, 1)\ny = checkpoint(m, m.bias, use_reentrant=False)\n"
    )
    assert texts(source + "checkpoint = 1\n", "checkpoint") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"y = {LONG}(f, x, use_reentrant=False)", "y = f(x)"),
        (f"y = {LONG}(f, x, 2, debug=True, b=x, use_reentrant=True)", "y = f(x, 2, b=x)"),
        (f"y = {LONG}(lambda a: a * 2, x)", "y = (lambda a: a * 2)(x)"),
    ],
)
def test_one_that_is_there_is_taken_away(before: str, after: str) -> None:
    assert changes(f"{BLOCKS}{before}\n", "checkpoint") == [(6, before, after)]


@pytest.mark.parametrize(
    "statement",
    [
        "h = torch.sin(x)",
        "h = x.sum(0)",
        "h = list(x)",
        "h = f(3)",
        "h = f(*x)",
        "f(x)",
        "print(f(x))",
        "hs = [f(a) for a in x]",
        "h = g(x)",  # nobody's
        "class A:\n    pass\nh = A(x)",
        "def g(a):\n    yield a\nh = g(x)",
        "g = torch.func.grad(f)\nh = g(x)",
        "with torch.no_grad():\n    h = f(x)",
        "h = f(x, debug=True)",
        "for f_ in range(f(x)): pass",
    ],
)
def test_what_is_no_block_is_left_alone(statement: str) -> None:
    assert texts(f"{BLOCKS}{statement}\n", "checkpoint") == []
