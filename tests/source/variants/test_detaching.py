"""``.detach()`` behind what is kept, and taken away."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import HEAD, changes, texts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y = x * 2", "y = (x * 2).detach()"),
        ("y = -x", "y = (-x).detach()"),
        ("y = (x * 2)", "y = (x * 2).detach()"),
        ("y = ( x * 2 )  # (twice)", "y = ( x * 2 ).detach()  # (twice)"),
        ("y = (x + 1) * (x - 1)", "y = ((x + 1) * (x - 1)).detach()"),
        ("y = x.sin()", "y = x.sin().detach()"),
        ("y: torch.Tensor = f(x)", "y: torch.Tensor = f(x).detach()"),
        ("self.h = torch.tanh(x)", "self.h = torch.tanh(x).detach()"),
        ("total += x", "total += x.detach()"),
        ("total += x * 2", "total += (x * 2).detach()"),
        ("losses.append(x)", "losses.append(x.detach())"),
        ("losses.append(x + 1)", "losses.append((x + 1).detach())"),
        ("print('Größe'); größe = x * 2; größe", "print('Größe'); größe = (x * 2).detach(); größe"),
    ],
)
def test_what_an_assignment_keeps_is_detached(before: str, after: str) -> None:
    assert changes(f"{HEAD}{before}\n", "detach") == [(3, before, after)]


def test_a_value_on_several_lines_is_detached_at_its_end() -> None:
    source = f"{HEAD}y = (x\n     .sin())\nz = (  # twice\n    x * 2\n    + 1\n)\n"
    assert texts(source, "detach") == [
        f"{HEAD}y = (x\n     .sin().detach())\nz = (  # twice\n    x * 2\n    + 1\n)\n",
        f"{HEAD}y = (x\n     .sin())\nz = (  # twice\n    (x * 2\n    + 1).detach()\n)\n",
    ]


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        ("y = x.detach()", "y = x", "`x` instead of `x.detach()` in line 3"),
        ("y = g((x + 1).detach(), 1)", "y = g((x + 1), 1)", "without `.detach()` in line 3"),
        ("return_(self.h . detach( ) )", "return_(self.h  )", "`self.h` instead of `self.h.detach()` in line 3"),
    ],
)
def test_a_detach_that_is_there_is_taken_away(before: str, after: str, title: str) -> None:
    found = [
        one for one in variants(f"{HEAD}{before}\n") if one.switch == "detach" and one.source.endswith(after + "\n")
    ]
    assert [one.title for one in found] == [title]


@pytest.mark.parametrize(
    "statement",
    [
        "y = x",
        "n = x.item() * 2",
        "n = len(x) * 2",
        "a, b = x.split(1)",
        "best = x.max(0)",
        "parts = torch.chunk(x, 2)",
        "ys = [x * 2] * 3",
        "m = torch.nn.Linear(2, 2)",
        "names = list(model.parameters())",
        "print(x.detach())",
        "a = x.detach().numpy()",
        "y = x > 0",
        "y = torch.func.vmap(f)(x)",
        "with torch.no_grad():\n    y = x * 2",
        "x.grad * 2",
        "f'{x.detach()}'",
    ],
)
def test_what_is_no_tensor_with_a_graph_is_left_alone(statement: str) -> None:
    assert changes(f"{HEAD}{statement}\n", "detach") == []


def test_gradients_have_a_graph_only_where_one_was_asked_for() -> None:
    kept = "g = x.grad * 2"
    assert changes(HEAD + kept, "detach") == []
    assert changes(f"{HEAD}x.sum().backward(create_graph=True)\n{kept}", "detach") == [
        (4, kept, "g = (x.grad * 2).detach()")
    ]


def test_inside_an_autograd_function_nothing_is_recorded() -> None:
    source = (
        "import torch\nclass F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, a):\n"
        "        b = a * 2\n        return b\n"
    )
    assert [one.switch for one in variants(source)] == []
