"""Every entry of the table, against autograd and against differences of the function itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from components.answers.symbolic import following, jacobian
from components.answers.symbolic.table import FREE_OF_VALUES, TABLE
from tests.answers.symbolic.cases import CASES, FLAT, Case, Shape
from tests.answers.symbolic.oracles import central_differences, check_first, form_of, formula_jacobian

_CASES = [
    pytest.param(name, case, shapes, id=f"{name}-{number}-{'-'.join(map(str, shapes))}")
    for name, cases in CASES.items()
    for number, case in enumerate(cases)
    for shapes in case.shapes
]


def _point(case: Case, shapes: tuple[Shape, ...]) -> list[torch.Tensor]:
    drawn = torch.Generator().manual_seed(1)
    return [torch.empty(shape, dtype=torch.float64).uniform_(case.low, case.high, generator=drawn) for shape in shapes]


class _Recorded(dict[str, Any]):
    """The table, with the names that were looked up."""

    def __init__(self) -> None:
        super().__init__(TABLE)
        self.used: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.used.add(name)
        return super().get(name, default)


@pytest.mark.parametrize(("name", "case", "shapes"), _CASES)
def test_entry(name: str, case: Case, shapes: tuple[Shape, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    table = _Recorded()
    monkeypatch.setattr(following, "TABLE", table)
    check_first(case.function, *_point(case, shapes), tolerance=case.tolerance)
    assert name in table.used


@pytest.mark.parametrize("name", FLAT)
def test_flat_entry(name: str) -> None:
    """PyTorch has no derivative for these; the function itself does not change."""
    x = torch.tensor([0.3, 1.6, -2.4], dtype=torch.float64)
    form = form_of(FLAT[name], x)
    assert formula_jacobian(form) == pytest.approx(central_differences(FLAT[name], x), abs=1e-6)
    assert len(form.notes) == 1


def test_every_entry_has_a_case() -> None:
    assert CASES.keys() | FLAT.keys() == TABLE.keys() - FREE_OF_VALUES


# Each has a kink at 0 or at 1.
_KINKS: dict[str, Any] = {
    "relu": torch.relu,
    "abs": torch.abs,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "hardtanh": torch.nn.functional.hardtanh,
    "clamp": lambda x: x.clamp(0, 1),
    "maximum": lambda x: torch.maximum(x, x.new_zeros(())),
    "sign": torch.sign,
    "elu": torch.nn.functional.elu,
    "amax": lambda x: torch.amax(torch.stack([x, 2 * x])),
    "hardsigmoid": lambda x: torch.nn.functional.hardsigmoid(6 * x - 3),
    "hardswish": lambda x: torch.nn.functional.hardswish(6 * x - 3),
    "hardshrink": lambda x: torch.nn.functional.hardshrink(x - 0.5, 0.5),
    "threshold": lambda x: torch.nn.functional.threshold(x, 1, 0.5),
}


@pytest.mark.parametrize("kink", _KINKS)
def test_at_the_kink_the_derivative_is_the_one_that_pytorch_takes(kink: str) -> None:
    check_first(_KINKS[kink], torch.zeros((), dtype=torch.float64), differences=False)
    check_first(_KINKS[kink], torch.ones((), dtype=torch.float64), differences=False)


def test_the_derivative_of_a_gathered_element_is_one_in_its_column() -> None:
    form = form_of(lambda x: x[[2, 0]], torch.tensor([1.0, 2.0, 3.0]))
    assert jacobian(form).tolist() == [[0, 0, 1], [1, 0, 0]]  # type: ignore[union-attr]
