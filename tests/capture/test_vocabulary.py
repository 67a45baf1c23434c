"""What the editor completes is what is installed."""

from __future__ import annotations

import builtins
import importlib
import keyword

import torch

from components.capture import installed_names

OFFERED = installed_names()


def test_names_of_modules_methods_and_python_are_offered() -> None:
    wanted = {"torch.sin", "torch.nn.Linear", "torch.nn.functional.relu", "torch.Tensor.backward", "print", "math.pi"}
    wanted |= {"torch.func.vmap", "torch.linalg.svd", "torch.optim.Adam", "torch.utils.data.DataLoader", "numpy.eye"}
    assert wanted <= set(OFFERED)
    assert set(keyword.kwlist) <= set(OFFERED)


def test_each_is_offered_once_and_in_order() -> None:
    assert list(OFFERED) == sorted(set(OFFERED))
    assert len(OFFERED) > 3_000


def test_nothing_private_is_offered() -> None:
    assert [name for name in OFFERED if any(part.startswith("_") for part in name.split("."))] == []


def test_every_name_is_there() -> None:
    missing = []
    for name in OFFERED:
        module, _, attribute = name.rpartition(".")
        if module == "torch.Tensor":
            there = hasattr(torch.Tensor, attribute)
        elif module:
            there = attribute in dir(importlib.import_module(module))
        else:
            there = keyword.iskeyword(name) or hasattr(builtins, name)
        if not there:
            missing.append(name)
    assert missing == []
