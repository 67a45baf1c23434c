"""What each module that a program may import holds: PyTorch's and Python's own objects, by the names on the list.

Where one of them would do more than it should (read attributes by name, share the memory of integers, start
processes), a guarded one stands under its name.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import itertools
import math
import operator
import random
import time
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy
import torch
import torch.testing
import torch.utils.checkpoint
import torch.utils.data
from torch import nn

from components.language import integer_tensors, names
from components.language.errors import NotAllowed
from components.language.saved_tensors import SavedTensorsHooks
from components.language.shown_types import shown
from components.language.user_classes import USER_CLASSES, class_name, namedtuple, only_for_own_classes


def _pick(module: Any, allowed: frozenset[str], **instead: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in allowed if hasattr(module, name)} | instead


def _only(module: Any, text: str, **instead: Any) -> dict[str, Any]:
    return _pick(module, frozenset(text.split()), **instead)


class SingleProcessDataLoader(torch.utils.data.DataLoader[Any]):
    """``DataLoader`` without workers: a program is one process here."""

    def __init__(self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, **options: Any) -> None:
        if options.get("num_workers") or options.get("pin_memory"):
            advice = "Leave num_workers and pin_memory out."
            raise NotAllowed("A program is one process here.", name="num_workers", advice=advice)
        allowed = {"drop_last", "num_workers", "generator", "collate_fn", "pin_memory"}
        if unknown := sorted(options.keys() - allowed):
            raise NotAllowed(f"DataLoader({unknown[0]}=...) is not available here.", name=unknown[0])
        super().__init__(dataset, batch_size=batch_size, shuffle=shuffle, **options)


SingleProcessDataLoader.__name__ = SingleProcessDataLoader.__qualname__ = "DataLoader"
SingleProcessDataLoader.__module__ = torch.utils.data.DataLoader.__module__


class _AnyType:
    """A name of ``typing``: annotations are not evaluated, but such a name can stand elsewhere."""

    def __getitem__(self, key: object) -> _AnyType:
        return self

    def __or__(self, other: object) -> _AnyType:
        return self

    def __call__(self, *arguments: object, **options: object) -> _AnyType:
        return self

    __ror__ = __or__


def _wraps(wrapped: Any) -> Callable[[Any], Any]:
    """``functools.wraps`` for functions of the program; the original copies any attribute between any objects."""

    def decorate(wrapper: Any) -> Any:
        if isinstance(wrapper, types.FunctionType) and isinstance(wrapped, _FUNCTIONS):
            wrapper.__name__, wrapper.__qualname__ = wrapped.__name__, wrapped.__qualname__
            wrapper.__doc__ = wrapped.__doc__
        return wrapper

    return decorate


def _catch_warnings(*, record: bool = False) -> warnings.catch_warnings[Any]:
    """``warnings.catch_warnings`` without ``module``, an object whose attributes it would set."""
    return warnings.catch_warnings(record=record)


def _of_own_dataclass(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(instance: Any, **options: Any) -> Any:
        if type(instance) not in USER_CLASSES:
            raise TypeError(f"{class_name(instance)} is not a dataclass of this program")
        return function(instance, **options)

    return call


_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_TYPING = """
    Any Callable Dict Generator Generic Iterable Iterator List Literal Mapping Optional Sequence Set Tuple Type TypeVar
    Union
"""
_RANDOM = random.Random(0)


def reseed() -> None:
    """Put Python's and NumPy's generators where every program finds them."""
    _RANDOM.seed(0)
    numpy.random.seed(0)


_INTEGER_TYPES = {
    name: integer_tensors.IntegerTensorType(getattr(torch, name)) for name in ("LongTensor", "IntTensor", "BoolTensor")
}
_TORCH_MODULES: dict[str, dict[str, Any]] = {
    "torch": _pick(
        torch,
        names.TORCH | names.MEMORY_FORMATS,
        __version__=str(torch.__version__),
        as_tensor=integer_tensors.as_tensor,
        asarray=integer_tensors.asarray,
        from_numpy=integer_tensors.from_numpy,
        **_INTEGER_TYPES,
    ),
    "torch.nn": _pick(nn, names.NN),
    "torch.nn.functional": _pick(nn.functional, names.FUNCTIONAL),
    "torch.nn.init": _pick(nn.init, names.INIT),
    "torch.nn.parameter": {"Parameter": nn.Parameter},
    "torch.nn.utils": _pick(nn.utils, names.NN_UTILS, vector_to_parameters=integer_tensors.vector_to_parameters),
    "torch.autograd": _pick(torch.autograd, names.AUTOGRAD),
    "torch.autograd.functional": _pick(torch.autograd.functional, names.AUTOGRAD_FUNCTIONAL),
    "torch.autograd.graph": _pick(torch.autograd.graph, names.AUTOGRAD_GRAPH, saved_tensors_hooks=SavedTensorsHooks),
    "torch.autograd.forward_ad": _pick(torch.autograd.forward_ad, names.FORWARD_AD),
    "torch.autograd.function": _only(torch.autograd.function, "Function once_differentiable"),
    "torch.func": _pick(torch.func, names.FUNC),
    "torch.linalg": _pick(torch.linalg, names.LINALG),
    "torch.optim": _pick(torch.optim, names.OPTIM),
    "torch.optim.lr_scheduler": _pick(torch.optim.lr_scheduler, names.LR_SCHEDULER),
    "torch.cuda": _pick(torch.cuda, names.CUDA),
    "torch.backends": {},
    "torch.backends.mps": _only(torch.backends.mps, "is_available"),
    "torch.testing": _only(torch.testing, "assert_close"),
    "torch.utils": {},
    "torch.utils.checkpoint": _only(torch.utils.checkpoint, "checkpoint"),
    "torch.utils.data": _only(
        torch.utils.data, "Dataset TensorDataset Subset random_split", DataLoader=SingleProcessDataLoader
    ),
}
_PYTHON_MODULES: dict[str, dict[str, Any]] = {
    "math": _pick(math, names.MATH),
    "numpy": _pick(numpy, names.NUMPY, ndarray=shown(numpy.ndarray)),
    "numpy.random": _pick(numpy.random, names.NUMPY_RANDOM),
    "numpy.linalg": _pick(numpy.linalg, names.NUMPY_LINALG),
    "random": _pick(_RANDOM, names.RANDOM, Random=random.Random),
    "time": _only(time, "time perf_counter monotonic process_time sleep"),
    "collections": _only(collections, "OrderedDict defaultdict Counter deque", namedtuple=namedtuple),
    "contextlib": _only(contextlib, "contextmanager nullcontext suppress"),
    "copy": {"copy": integer_tensors.copy, "deepcopy": integer_tensors.deepcopy},
    "dataclasses": {
        "dataclass": only_for_own_classes(dataclasses.dataclass),
        "field": dataclasses.field,
        "asdict": _of_own_dataclass(dataclasses.asdict),
        "astuple": _of_own_dataclass(dataclasses.astuple),
        "replace": _of_own_dataclass(dataclasses.replace),
    },
    "functools": _only(
        functools,
        "partial reduce cache lru_cache",
        wraps=_wraps,
        total_ordering=only_for_own_classes(functools.total_ordering),
    ),
    "itertools": _only(
        itertools,
        """product chain islice cycle count repeat accumulate zip_longest permutations combinations pairwise tee groupby
        takewhile dropwhile starmap filterfalse compress combinations_with_replacement""",
    ),
    "operator": _only(
        operator,
        "add sub mul truediv floordiv mod pow neg abs matmul eq ne lt le gt ge and_ or_ not_ getitem itemgetter",
    ),
    "typing": {name: _AnyType() for name in _TYPING.split()},
    "warnings": _only(warnings, "filterwarnings simplefilter warn", catch_warnings=_catch_warnings),
}
CONTENTS = _TORCH_MODULES | _PYTHON_MODULES
