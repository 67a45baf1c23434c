"""The allow-list as data: every name is one, none opens a door, and the nearest is found."""

from __future__ import annotations

import subprocess
import sys

import numpy
import pytest
import torch

from components.language import names
from components.language.modules import STAND_INS, member
from components.language.suggestions import did_you_mean, nearest

LISTS = {name: value for name, value in vars(names).items() if isinstance(value, frozenset)}


@pytest.mark.parametrize(
    ("allowed", "owner"),
    [
        ("TORCH", torch),
        ("TENSOR", torch.Tensor),
        ("NN", torch.nn),
        ("FUNCTIONAL", torch.nn.functional),
        ("INIT", torch.nn.init),
        ("NN_UTILS", torch.nn.utils),
        ("AUTOGRAD", torch.autograd),
        ("AUTOGRAD_FUNCTIONAL", torch.autograd.functional),
        ("AUTOGRAD_GRAPH", torch.autograd.graph),
        ("FORWARD_AD", torch.autograd.forward_ad),
        ("FUNC", torch.func),
        ("LINALG", torch.linalg),
        ("OPTIM", torch.optim),
        ("LR_SCHEDULER", torch.optim.lr_scheduler),
        ("CUDA", torch.cuda),
        ("NUMPY", numpy),
        ("NUMPY_RANDOM", numpy.random),
        ("NUMPY_LINALG", numpy.linalg),
        ("NDARRAY", numpy.ndarray),
        ("STR", str),
    ],
)
def test_every_name_is_one(allowed: str, owner: object) -> None:
    assert sorted(LISTS[allowed] - set(dir(owner))) == []


def test_no_list_has_a_name_that_reaches_outside() -> None:
    outside = {"load", "save", "compile", "jit", "ops", "hub", "classes", "set_", "resize_", "data_ptr", "as_strided"}
    outside |= {"untyped_storage", "storage", "ctypes", "tofile", "dump", "from_file", "frombuffer", "apply_", "map_"}
    assert {name: sorted(value & outside) for name, value in LISTS.items() if value & outside} == {}
    private = {each for value in LISTS.values() for each in value if each.startswith("_")}
    assert private == {"_version"}


def test_what_is_listed_is_there() -> None:
    assert len(LISTS["TORCH"]) > 300
    assert all(member(STAND_INS["torch"], name) is not None for name in LISTS["TORCH"])
    assert all(member(STAND_INS["torch.nn"], name) is not None for name in LISTS["NN"])


@pytest.mark.parametrize(
    ("name", "kind", "meant"),
    [
        ("backwrad", "Tensor", "backward"),
        ("Relu", "torch.nn", "ReLU"),
        ("linear", "torch.nn", "Linear"),
        ("crossentropy", "torch.nn.functional", "cross_entropy"),
        ("zerograd", "optimizer", "zero_grad"),
        ("adam", "torch.optim", "Adam"),
        ("qqqqqq", "Tensor", None),
        ("backward", "no such kind", None),
    ],
)
def test_the_nearest_name(name: str, kind: str, meant: str | None) -> None:
    assert did_you_mean(name, kind) == meant


def test_a_name_is_not_its_own_suggestion() -> None:
    assert nearest("sin", {"sin", "asin"}) == "asin"
    assert nearest("sin", set()) is None


def test_half_of_the_language_knows_no_torch() -> None:
    modules = ["", ".names", ".suggestions", ".compiler", ".transformer", ".refused", ".syntax", ".errors", ".limits"]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module('components.language' + name)\n"
        "print(sorted({'torch', 'numpy'} & sys.modules.keys()))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
