#!/usr/bin/env python3
import contextlib
import decimal
import functools
import io
import itertools
import math
import re
import string
import sys
import traceback
import warnings
from abc import ABC, abstractmethod
from functools import singledispatch

import torch

print = functools.partial(print, flush=True)
REGISTRY = {}


def register(name):
    def deco(cls):
        REGISTRY[name] = cls
        return cls

    return deco


class Activation(ABC):
    __slots__ = ("calls",)

    def __init__(self):
        self.calls = 0

    @abstractmethod
    def __call__(self, x): ...

    def __repr__(self):
        return f"{self.__class__.__name__}(calls={self.calls})"


@register("swish")
class Swish(Activation):
    def __call__(self, x):
        self.calls += 1
        return x * torch.sigmoid(x)


@register("mish")
class Mish(Activation):
    def __call__(self, x):
        self.calls += 1
        return x * torch.tanh(torch.nn.functional.softplus(x))


@singledispatch
def describe(o):
    return "object"


@describe.register
def _(o: torch.Tensor):
    return f"tensor{tuple(o.shape)}"


@describe.register(int)
def _(o):
    return "int"


@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def kind(x):
    match x:
        case {"loss": l}:
            return "loss dict"
        case [a, b, *rest]:
            return f"list of {2 + len(rest)}"
        case _:
            return "other"


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    print("number of arguments:", len(argv))
    try:
        name = input("Your name? ")
    except EOFError:
        name = "nobody"
        print()
    print("hello", name)
    x = torch.linspace(-1, 1, 3, requires_grad=True)
    for k in sorted(REGISTRY):
        act = REGISTRY[k]()
        x.grad = None
        act(x).sum().backward()
        print(k, act, [round(v, 4) for v in x.grad.tolist()])
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        warnings.warn("deprecated thing", DeprecationWarning)
        print(w[0].category.__name__, w[0].message)
    warnings.warn("this one goes to stderr")
    buf = io.StringIO()
    with contextlib.redirect_stdout(buf):
        print("hidden")
        sys.stdout.write("also hidden\n")
    print(repr(buf.getvalue()))
    try:
        torch.ones(2, 3) @ torch.ones(2, 3)
    except RuntimeError:
        print(traceback.format_exc().splitlines()[-1])
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
    print(describe(x), describe(3), describe("s"), fib(50))
    print(kind({"loss": 1}), kind([1, 2, 3]), kind(5))
    print(decimal.Decimal("0.1") + decimal.Decimal("0.2"), math.isclose(0.1 + 0.2, 0.3))
    print(re.sub(r"(\w+)\.(\w+)", r"\2<-\1", "layer1.weight"), string.capwords("deep learning"))
    print(list(itertools.islice(itertools.accumulate(itertools.count(1), lambda a, b: a * b), 6)))
    val = x.sum().item()
    print(f"{val=:.1f} {'centered':^12}|{255:#x}|{1e6:,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
