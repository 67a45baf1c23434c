"""Questions to programs that use our names, leave in the middle or raise what cannot be written down."""

from __future__ import annotations

import pytest

from components.trace import Derivative, DerivativeAnswer, NthDerivatives, NthDerivativesAnswer, Quantity
from tests.answers.asking import answer, asked


def by_x(source: str, quantity: Quantity) -> DerivativeAnswer:
    found = answer(source, Derivative(quantity=quantity, inputs=("x",)))
    assert isinstance(found, DerivativeAnswer), found
    return found


@pytest.mark.parametrize("name", ["v", "t", "y", "d1", "jacobian"])
def test_the_programs_own_names_are_not_ours(name: str) -> None:
    source = (
        f"import torch\ndef f(x, {name}):\n    return (x * {name}).sum()\n"
        f"x = torch.tensor([1.0, 2.0])\n{name} = torch.tensor([3.0, 5.0])\n"
    )
    # along ones by x alone: 3 + 5; J v with v = 1
    assert by_x(source, "jvp").numbers == [[8]]
    assert by_x(source, "vjp").numbers == [[3, 5]]
    found = answer(source, NthDerivatives(order=2, inputs=("x",)))
    assert isinstance(found, NthDerivativesAnswer)
    assert [one.value for one in found.derivatives] == [13, 8, 0]  # 1 * 3 + 2 * 5
    whole = asked(f"{source}\n{found.code}print(float(y), float(d1))\n", Derivative(quantity="jacobian"))
    assert whole.stdout == "13.0 8.0\n"


@pytest.mark.parametrize("body", ["raise SystemExit", "raise SystemExit('bye')", "raise ValueError('\\ud800')"])
def test_a_function_that_leaves_is_the_programs_failure(body: str) -> None:
    source = f"import torch\ndef f(x):\n    {body}\nx = torch.ones(2)\n"
    assert asked(source, Derivative(quantity="jacobian")).failure is not None
