"""Stand-ins for the modules that a program may import: frozen, and holding allowed names only."""

from __future__ import annotations

import collections
import contextlib
import copy
import functools
import itertools
import math
import operator
import random
import time
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy
import torch
import torch.utils.checkpoint
import torch.utils.data
from torch import nn

from components.language import names, refused, safe_torch
from components.language.errors import NotAllowed, NotAllowedAttribute
from components.language.suggestions import nearest


class ModuleStandIn:
    """What ``import`` gives: looks like the module, holds only what is allowed, and cannot be changed."""

    __slots__ = ("_members", "_name")

    def __init__(self, name: str, members: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_members", dict(members))

    def __getattr__(self, name: str) -> Any:
        return member(self, name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise NotAllowedAttribute(f"Modules cannot be changed here: {self} keeps its {name!r}.", name=name)

    def __delattr__(self, name: str) -> NoReturn:
        raise NotAllowedAttribute(f"Modules cannot be changed here: {self} keeps its {name!r}.", name=name)

    def __repr__(self) -> str:
        return f"<module '{object.__getattribute__(self, '_name')}'>"


_REAL = {
    "torch": torch,
    "torch.nn": nn,
    "torch.nn.functional": nn.functional,
    "torch.autograd": torch.autograd,
    "torch.optim": torch.optim,
    "torch.linalg": torch.linalg,
    "torch.cuda": torch.cuda,
    "torch.func": torch.func,
    "math": math,
    "numpy": numpy,
}


def members_of(stand_in: ModuleStandIn) -> dict[str, Any]:
    """Return what a stand-in holds."""
    return object.__getattribute__(stand_in, "_members")  # type: ignore[no-any-return]


def member(stand_in: ModuleStandIn, name: str) -> Any:
    """Return a member of a stand-in.

    Raises:
        NotAllowedAttribute: the real module has it, and it is not available here.
        AttributeError: the real module does not have it either; the message is Python's.
    """
    members = members_of(stand_in)
    if name in members:
        return members[name]
    module = object.__getattribute__(stand_in, "_name")
    real = _REAL.get(module)
    near = nearest(name, members)
    if real is not None and not hasattr(real, name):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    advice = refused.ATTRIBUTES.get(name) or (f"Did you mean {module}.{near}?" if near else "")
    raise NotAllowedAttribute(f"{module}.{name} is not available here.", name=name, advice=advice)


def _pick(module: Any, allowed: frozenset[str], **more: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in allowed if hasattr(module, name)} | more


def _only(module: Any, text: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in text.split()}


class _AnyType:
    """A name of ``typing``: annotations are not evaluated, but such a name can stand elsewhere."""

    def __getitem__(self, key: object) -> _AnyType:
        return self

    def __or__(self, other: object) -> _AnyType:
        return self

    __ror__ = __or__


def _torch_modules() -> dict[str, dict[str, Any]]:
    autograd = torch.autograd
    return {
        "torch": _pick(torch, names.TORCH, __version__=str(torch.__version__), from_numpy=safe_torch.from_numpy),
        "torch.nn": _pick(nn, names.NN),
        "torch.nn.functional": _pick(nn.functional, names.FUNCTIONAL),
        "torch.nn.init": _pick(nn.init, names.INIT),
        "torch.nn.utils": _pick(nn.utils, names.NN_UTILS),
        "torch.autograd": _pick(autograd, names.AUTOGRAD),
        "torch.autograd.functional": _pick(autograd.functional, names.AUTOGRAD_FUNCTIONAL),
        "torch.autograd.graph": _pick(
            autograd.graph, names.AUTOGRAD_GRAPH, saved_tensors_hooks=safe_torch.SavedTensorsHooks
        ),
        "torch.autograd.forward_ad": _pick(autograd.forward_ad, names.FORWARD_AD),
        "torch.autograd.function": _only(autograd.function, "Function once_differentiable"),
        "torch.func": _pick(torch.func, names.FUNC, functional_call=safe_torch.functional_call),
        "torch.linalg": _pick(torch.linalg, names.LINALG),
        "torch.optim": _pick(torch.optim, names.OPTIM),
        "torch.optim.lr_scheduler": _pick(torch.optim.lr_scheduler, names.LR_SCHEDULER),
        "torch.cuda": _pick(torch.cuda, names.CUDA),
        "torch.utils": {},
        "torch.utils.checkpoint": {"checkpoint": torch.utils.checkpoint.checkpoint},
        "torch.utils.data": {
            "TensorDataset": torch.utils.data.TensorDataset,
            "DataLoader": safe_torch.SingleProcessDataLoader,
        },
    }


def _python_modules() -> dict[str, dict[str, Any]]:
    generator = random.Random(0)
    typing_names = "Any Callable Dict Iterable Iterator List Optional Sequence Tuple Type Union"
    return {
        "math": _pick(math, names.MATH),
        "numpy": _pick(numpy, names.NUMPY),
        "random": _only(
            generator, "random uniform gauss randint randrange choice choices shuffle sample seed normalvariate"
        ),
        "time": _only(time, "time perf_counter monotonic sleep"),
        "collections": _only(collections, "OrderedDict defaultdict Counter deque"),
        "contextlib": _only(contextlib, "contextmanager nullcontext suppress"),
        "copy": _only(copy, "copy deepcopy"),
        "functools": _only(functools, "partial reduce wraps cache lru_cache"),
        "itertools": _only(
            itertools,
            "product chain islice cycle count repeat accumulate zip_longest permutations combinations pairwise",
        ),
        "operator": _only(operator, "add sub mul truediv floordiv mod pow neg matmul eq lt le gt ge itemgetter"),
        "typing": {name: _AnyType() for name in typing_names.split()},
        "warnings": _only(warnings, "filterwarnings simplefilter warn catch_warnings"),
    }


def _build() -> dict[str, ModuleStandIn]:
    """Make the stand-ins, children first, so that ``torch.nn`` is a member of ``torch``."""
    contents = _torch_modules() | _python_modules()
    built: dict[str, ModuleStandIn] = {}
    for name in sorted(contents, key=lambda path: -path.count(".")):
        children = {path.rpartition(".")[2]: child for path, child in built.items() if path.rpartition(".")[0] == name}
        built[name] = ModuleStandIn(name, contents[name] | children)
    return built


STAND_INS = _build()


def import_module(name: str, aliased: bool) -> ModuleStandIn:
    """Do what ``import name`` (``aliased``: ``import name as x``) binds."""
    return _find(name) if aliased else _find(name) and STAND_INS[name.partition(".")[0]]


def import_from(module: str, name: str) -> Any:
    """Do what ``from module import name`` binds."""
    if f"{module}.{name}" in STAND_INS:
        return STAND_INS[f"{module}.{name}"]
    stand_in = _find(module)
    try:
        return member(stand_in, name)
    except NotAllowedAttribute:
        raise
    except AttributeError:
        raise ImportError(f"cannot import name {name!r} from {module!r}") from None


def _find(name: str) -> ModuleStandIn:
    found = STAND_INS.get(name)
    if found is None:
        near = nearest(name, STAND_INS)
        advice = refused.MODULES.get(name.partition(".")[0]) or (f"Did you mean `import {near}`?" if near else "")
        advice = advice or "Available are torch, numpy, math, random and a few more of Python's own."
        raise NotAllowed(f"`import {name}` is not available here.", name=name, advice=advice)
    return found
