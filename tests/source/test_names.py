"""The names that texts, the form and explanations suggest are those of what is installed."""

from __future__ import annotations

import math

import pytest
import torch

from components.source import names


@pytest.mark.parametrize(
    ("listed", "owner"),
    [
        (names.TORCH, torch),
        (names.TENSOR, torch.Tensor),
        (names.AUTOGRAD, torch.autograd),
        (names.LINALG, torch.linalg),
        (names.FUNCTIONAL, torch.nn.functional),
        (names.NN, torch.nn),
        (names.OPTIM, torch.optim),
        (names.MATH, math),
        (names.STR, str),
    ],
    ids=["torch", "Tensor", "autograd", "linalg", "functional", "nn", "optim", "math", "str"],
)
def test_every_name_is_one(listed: frozenset[str], owner: object) -> None:
    assert listed
    assert sorted(listed - set(dir(owner))) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("backwrad", "backward"),
        ("Backward", "backward"),
        ("linaer", "Linear"),
        ("backward", None),
        ("b", None),
        ("nothing", None),
        ("b" * 61, None),
    ],
)
def test_a_misspelt_name_is_told_from_another_one(name: str, meant: str | None) -> None:
    assert names.did_you_mean(name, ["backward", "Linear", "b" * 60]) == meant
