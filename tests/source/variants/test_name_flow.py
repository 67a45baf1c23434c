"""Which names stand for tensors, and which of these autograd follows."""

from __future__ import annotations

import pytest

from components.source.tree import read_program
from components.source.variants.name_flow import NameFlow


def flow(source: str) -> NameFlow:
    program = read_program(
        f"import torch\nfrom torch import nn\nw = torch.ones(2, requires_grad=True)\nd = torch.ones(2)\n{source}"
    )
    assert program is not None
    return NameFlow(program)


@pytest.mark.parametrize(
    ("source", "tensors", "tracked"),
    [
        ("a = w * 2", "a", "a"),
        ("a = d * 2", "a", ""),
        ("a = d\na.requires_grad_()", "a", "a"),
        ("a = d\na.requires_grad = True", "a", "a"),
        ("a = torch.ones(2, requires_grad=False)", "a", ""),
        ("a = w.detach()", "a", ""),
        ("a = w.item()", "", ""),
        ("a = len(w)", "", ""),
        ("a = w.shape[0] * 2", "", ""),
        ("a = w > 0", "a", ""),
        ("a = b\nb = w", "ab", "ab"),
        ("a, (b, *c) = f(w)", "abc", "abc"),
        ("a = []\nfor b in range(3):\n    a.append(w * b)", "a", "a"),
        ("for a, b in zip([w], [d]):\n    pass", "ab", "ab"),
        ("a = {}\na['k'] = w", "a", "a"),
        ("a = nn.Linear(2, 2)\nb = a.weight", "ab", "ab"),
        ("a = torch.optim.SGD([w], lr=0.1)", "", ""),
        ("import math\na = math.sqrt(w)", "", ""),
        ("def f(n):\n    return n + 1\na = f(1)", "", ""),
        ("def f(n):\n    return n + 1\na = f(w)", "afn", "afn"),
        ("def f(n):\n    return n + 1\na = use(f)", "afn", "afn"),  # called who knows how
        ("with g(w) as a:\n    pass", "a", "a"),
        ("if (a := w * 2) is None:\n    pass", "a", "a"),
        ("a = [b * 2 for b in w]", "ab", "ab"),
    ],
)
def test_names_are_followed(source: str, tensors: str, tracked: str) -> None:
    found = flow(source)
    assert sorted(found.tensors - {"w", "d"}) == sorted(tensors)
    assert sorted(found.tracked - {"w", "d"}) == sorted(tracked)


def test_a_chain_of_names_is_followed_to_its_end_in_whatever_order_it_stands() -> None:
    chain = [f"a{i + 1} = a{i}" for i in range(2_000)]
    assert "a2000" in flow("a0 = w\n" + "\n".join(reversed(chain))).tracked
