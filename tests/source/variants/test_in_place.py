"""In-place forms of operators, functions, methods and modules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection

import pytest
import torch

from components.source import names
from components.source.variants import variants
from components.source.variants.in_place import HAVE_IN_PLACE, TAKES_INPLACE
from tests.source.variants.made import HEAD, changes

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nx = torch.ones(2)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = x + 1", "x += 1"),
        ("x = x - (a - b)  # less", "x -= (a - b)  # less"),
        ("x = x * w * 1 if n else x", None),
        ("x = x * w", "x *= w"),
        ("x=x/2", "x /= 2"),
        ("x = torch.sin(x)", "x.sin_()"),
        ("x = torch.clamp(x, min=0)", "x.clamp_(min=0)"),
        ("x = torch.add( x, w, alpha=2 )", "x.add_(w, alpha=2 )"),
        ("x = x.exp()", "x.exp_()"),
        ("x = x.mul(w)", "x.mul_(w)"),
        ("h = nn.ReLU()", "h = nn.ReLU(inplace=True)"),
        ("h = nn.Dropout(0.5)", "h = nn.Dropout(0.5, inplace=True)"),
        ("h = torch.nn.ELU(inplace=False)", "h = torch.nn.ELU(inplace=True)"),
        ("h = nn.ReLU(True)", "h = nn.ReLU(False)"),
        ("h = nn.SiLU(inplace=True)", "h = nn.SiLU()"),
        ("h = F.relu(x)", "h = F.relu(x, inplace=True)"),
        ("h = F.leaky_relu(x, 0.1, True)", "h = F.leaky_relu(x, 0.1, False)"),
    ],
)
def test_the_form_that_overwrites(before: str, after: str | None) -> None:
    assert changes(f"{IMPORTS}{before}\n", "in_place") == ([] if after is None else [(5, before, after)])


@pytest.mark.parametrize(
    "statement",
    [
        "n = 1\nn = n + 1",  # a number
        "y = x + 1",
        "x = 1 + x",
        "x = x + 1 + 2",
        "x = (x + 1)",
        "x = x ** 2",
        "x = x @ x",
        "x = x.t()",
        "x = x.eq(1)",
        "x = x.softmax(0)",
        "x = torch.sin(input=x)",
        "x = torch.sin(x, **options)",  # which may hold out=
        "x = torch.linalg.inv(x)",
        "x = y = x.sin()",
        "x, y = x.sin(), 1",
        "m = nn.GELU()",
        "m = ReLU()",
    ],
)
def test_what_has_no_such_form_is_left_alone(statement: str) -> None:
    assert changes(f"{IMPORTS}{statement}\n", "in_place") == []


def test_titles_name_the_form() -> None:
    source = HEAD + "x = x * 2\nx = x.sin()\nm = torch.nn.ReLU()\nm = torch.nn.ReLU(inplace=True)\n"
    assert [one.title for one in variants(source) if one.switch == "in_place"] == [
        "`x *= …` in line 3",
        "`x.sin_()` in line 4",
        "`inplace=True` in line 5",
        "without `inplace=True` in line 6",
    ]


@pytest.mark.parametrize("name", TAKES_INPLACE)
def test_the_place_of_inplace_is_pytorchs(name: str) -> None:
    module, _, last = name.rpartition(".")
    owner = torch.nn if module == "torch.nn" else torch.nn.functional
    assert list(inspect.signature(getattr(owner, last)).parameters).index("inplace") == TAKES_INPLACE[name]


def test_all_that_the_language_allows_and_takes_inplace_is_in_the_table() -> None:
    allowed = [(torch.nn, name) for name in names.NN] + [(torch.nn.functional, name) for name in names.FUNCTIONAL]
    taking = {
        f"{owner.__name__}.{name}"
        for owner, name in allowed
        if callable(found := getattr(owner, name)) and "inplace" in _parameters(found)
    }
    assert taking == TAKES_INPLACE.keys()


def _parameters(function: Callable[..., object]) -> Collection[str]:
    try:
        return inspect.signature(function).parameters
    except ValueError:  # a builtin, of which none takes it
        return ()


def test_the_methods_exist() -> None:
    assert all(hasattr(torch.Tensor, name) and hasattr(torch.Tensor, f"{name}_") for name in HAVE_IN_PLACE)
    assert {"sin", "exp", "relu", "mul", "clamp"} <= HAVE_IN_PLACE
