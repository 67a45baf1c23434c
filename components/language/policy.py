"""Which attribute of which kind of object a program may read and write, as a table of types.

The answer depends on the object's type, and without a rule it is no: a name that is harmless on a tensor can open the
interpreter on a function or a generator. Names that nobody but the program gave to an object are its own. Answers
depend on types alone, so they are remembered.

Known limitations: the policy says nothing about what native code does with allowed arguments; ``native`` checks what
is known there, and the walls around the process are for the rest.
"""

from __future__ import annotations

import functools
import itertools
import random
import types
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import nn
from torch._functorch import autograd_function
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from components.language import names
from components.language.limits import PROGRAM_FILENAME
from components.language.syntax import INSPECT_ATTRIBUTES, MAGIC_METHODS
from components.language.user_classes import MODULE_CLASSES, USER_CLASSES, own_private, owner_of

Node = torch.autograd.graph.Node
Context = torch.autograd.function.FunctionCtx
Backward = torch.autograd.function.BackwardCFunction


@dataclass(frozen=True)
class Rule:
    """The names allowed on instances of ``kind``.

    ``own``: a name that no class of a library defines is the program's own too. ``behind``: what the object passes
    unknown names on to, whose names are not the program's.
    """

    kind: type
    names: frozenset[str]
    own: bool = False
    behind: type = object


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _public(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_"))


# The first rule whose kind an object is an instance of decides.
_RULES = (
    Rule(torch.Tensor, names.TENSOR, own=True),
    Rule(nn.Module, names.MODULE, own=True),
    Rule(torch.optim.Optimizer, names.OPTIMIZER, own=True),
    Rule(torch.optim.lr_scheduler.LRScheduler, names.SCHEDULER, own=True),
    Rule(Context, names.CONTEXT | names.NODE, own=True),
    Rule(autograd_function.WrappedCtx, names.CONTEXT, own=True, behind=Backward),
    Rule(autograd_function.VmapInfo, _words("batch_size randomness")),
    Rule(Node, names.NODE, own=True),
    Rule(DataLoader, _words("dataset batch_size drop_last")),
    Rule(TensorDataset, _words("tensors")),
    Rule(Subset, _words("dataset indices")),
    Rule(Dataset, frozenset(), own=True),
    Rule(str, names.STR),
    Rule(bytes, _words("decode hex")),
    Rule(OrderedDict, _public(OrderedDict)),
    Rule(Counter, _public(Counter)),
    Rule(defaultdict, _public(defaultdict)),
    Rule(dict, _public(dict)),
    Rule(list, _public(list)),
    Rule(torch.Size, _public(tuple) | {"numel"}),
    Rule(torch.autograd.forward_ad.UnpackedDualTensor, _words("primal tangent")),
    Rule(torch.autograd.graph.GradientEdge, _words("node output_nr")),
    Rule(type(functools.lru_cache(len).cache_info()), _words("hits misses maxsize currsize")),
    Rule(tuple, _public(tuple)),
    Rule(set, _public(set)),
    Rule(frozenset, _public(frozenset)),
    Rule(deque, _public(deque)),
    Rule(bool, frozenset()),
    Rule(int, _words("bit_length bit_count real imag numerator denominator conjugate as_integer_ratio")),
    Rule(float, _words("is_integer real imag hex conjugate as_integer_ratio")),
    Rule(complex, _words("real imag conjugate")),
    Rule(torch.dtype, _words("is_floating_point is_complex is_signed itemsize")),
    Rule(torch.device, _words("type index")),
    Rule(torch.Generator, _words("manual_seed seed initial_seed device")),
    Rule(torch.finfo, _words("eps max min tiny bits smallest_normal resolution dtype")),
    Rule(torch.iinfo, _words("max min bits dtype")),
    Rule(torch.autograd.grad_mode.set_grad_enabled, _words("prev")),
    Rule(numpy.ndarray, names.NDARRAY),
    Rule(numpy.generic, _words("item dtype shape ndim")),
    Rule(numpy.dtype, _words("name kind itemsize")),
    Rule(numpy.random.Generator, names.NUMPY_GENERATOR),
    Rule(random.Random, names.RANDOM),
    Rule(torch.utils.hooks.RemovableHandle, _words("remove")),
    Rule(range, _words("start stop step count index")),
    Rule(slice, _words("start stop step")),
    Rule(StopIteration, _words("args add_note value"), own=True),
    Rule(BaseException, _words("args add_note"), own=True),
    Rule(warnings.WarningMessage, _words("message category lineno")),
    Rule(property, _words("setter getter deleter")),
    Rule(types.GeneratorType, _words("send close")),
    Rule(type(functools.lru_cache(len)), _words("cache_info cache_clear")),
)
# What a class offers beside its instances' names.
_ON_CLASS: dict[type, frozenset[str]] = {
    torch.autograd.Function: _words("apply forward backward setup_context vmap jvp generate_vmap_rule"),
    dict: _words("fromkeys"),
    nn.Embedding: _words("from_pretrained"),
    int: _words("from_bytes"),
    float: _words("fromhex"),
    itertools.chain: _words("from_iterable"),
}
_NAMEDTUPLE = _words("_fields _replace _asdict _make")
_SETTABLE_ON_TENSOR = _words("grad requires_grad data")
_REPLACEABLE_ON_MODULE = _words("forward extra_repr training")

_readable: dict[tuple[type, str], bool] = {}
_readable_on_class: dict[tuple[type, str], bool] = {}


def forget() -> None:
    """Forget remembered answers: the program changed one of its classes."""
    _readable.clear()
    _readable_on_class.clear()


def rule_for(value: object) -> Rule | None:
    """Return the rule that decides about ``value``."""
    return next((rule for rule in _RULES if isinstance(value, rule.kind)), None)


def may_read(value: object, kind: type, name: str) -> bool:
    """Whether ``value.name`` may be read; ``kind`` is ``type(value)``, and ``value`` is not a class itself."""
    key = (kind, name)
    answer = _readable.get(key)
    if answer is None:
        answer = _readable[key] = _decide(value, kind, name)
    return answer


def _decide(value: object, kind: type, name: str) -> bool:
    if name in INSPECT_ATTRIBUTES:
        return False
    rule = rule_for(value)
    if name.startswith("_"):
        return _decide_private(kind, name, rule)
    owner = owner_of(kind, name)
    if owner in USER_CLASSES:
        return True
    if kind.__module__ == "torch.return_types":
        return name in _public(tuple) or name in getattr(kind, "__match_args__", ())
    if rule is None:
        return kind in USER_CLASSES and owner is None
    if name in rule.names:
        return True
    return rule.own and owner is None and owner_of(rule.behind, name) is None


def _decide_private(kind: type, name: str, rule: Rule | None) -> bool:
    if name.startswith("__"):
        known = rule is not None or kind in USER_CLASSES
        return known and name in MAGIC_METHODS and name != "__init__"
    if name == "_version":
        return issubclass(kind, torch.Tensor)
    if name.startswith("_saved_"):
        return rule is not None and rule.kind in (Node, Context)
    if name in _NAMEDTUPLE and kind in USER_CLASSES and issubclass(kind, tuple):
        return True
    return own_private(kind, name)


def may_read_super(bound: Any, name: str) -> bool:
    """Whether ``super().name`` may be read."""
    kind = bound.__self_class__
    if not isinstance(kind, type) or name in INSPECT_ATTRIBUTES:
        return False
    if name.startswith("__"):
        return name in MAGIC_METHODS
    if name.startswith("_"):
        return own_private(kind, name)
    owners = kind.__mro__[kind.__mro__.index(bound.__thisclass__) + 1 :]
    owner = next((owner for owner in owners if name in owner.__dict__), None)
    if owner is None or owner in USER_CLASSES:
        return True
    return any(name in rule.names for rule in _RULES if issubclass(kind, rule.kind)) or name in _on_class(owner)


def may_read_on_class(kind: type, name: str) -> bool:
    """Whether ``kind.name`` may be read."""
    key = (kind, name)
    answer = _readable_on_class.get(key)
    if answer is None:
        answer = _readable_on_class[key] = _decide_on_class(kind, name)
    return answer


def _decide_on_class(kind: type, name: str) -> bool:
    if name in INSPECT_ATTRIBUTES or issubclass(kind, type):
        return False
    known = kind in USER_CLASSES or any(issubclass(kind, rule.kind) for rule in _RULES)
    if name == "__init__":
        return kind in USER_CLASSES or kind in MODULE_CLASSES or kind is object or issubclass(kind, Exception)
    if name.startswith("__"):
        return known and name in MAGIC_METHODS
    if name.startswith("_"):
        return own_private(kind, name) or (name in _NAMEDTUPLE and kind in USER_CLASSES and issubclass(kind, tuple))
    if owner_of(kind, name) in USER_CLASSES or name in _on_class(kind):
        return True
    return next((name in rule.names for rule in _RULES if issubclass(kind, rule.kind)), False)


def _on_class(kind: type) -> frozenset[str]:
    return frozenset().union(*(_ON_CLASS.get(owner, frozenset()) for owner in kind.__mro__))


def may_write(value: Any, kind: type, name: str) -> bool:
    """Whether ``value.name = ...`` and ``del value.name`` are allowed."""
    if name.startswith("__") or name in INSPECT_ATTRIBUTES:
        return False
    if isinstance(value, type):
        return value in USER_CLASSES and (not name.startswith("_") or own_private(value, name))
    if name.startswith("_"):
        return own_private(kind, name)
    if isinstance(value, torch.Tensor):
        return name in _SETTABLE_ON_TENSOR or owner_of(kind, name) is None
    if isinstance(value, nn.Module):
        replaceable = name in _REPLACEABLE_ON_MODULE or name in value.__dict__
        return replaceable or owner_of(kind, name) in USER_CLASSES | {None}
    if isinstance(value, Context | autograd_function.WrappedCtx):
        return owner_of(kind, name) is None and owner_of(Backward, name) is None
    if isinstance(value, types.FunctionType):
        return is_programs_function(value)
    return kind in USER_CLASSES


def is_programs_function(value: Any) -> bool:
    """Whether a function was written by the program, which may keep counters and the like on it."""
    return type(value) is types.FunctionType and value.__code__.co_filename == PROGRAM_FILENAME
