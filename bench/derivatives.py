"""What the Derivatives page adds to PyTorch's own calls: worker, journey and figure, beside the same calls alone.

The page asks one question and gets both ways (``torch.autograd.functional`` and ``torch.func``); the plain process
makes the same two calls, warmed up, on the same function and numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec
import torch

from bench.timing import Row, medians
from components.facts.derivatives import matrix_info
from components.figures.charts.derivatives import matrix_figure, nth_table
from components.trace import Derivative, DerivativeAnswer, NthDerivatives, NthDerivativesAnswer, Program, Quantity
from components.worker import Pool

ROUNDS = 15
_SOURCE = """
import torch

torch.manual_seed(0)
weights = torch.randn({size}, {size}) / {size} ** 0.5

def f(x):
    return torch.tanh(weights @ x){end}

x = torch.randn({size})
"""
_SINE = "import torch\n\ndef f(x):\n    return torch.sin(x) * x ** 2\n\nx = torch.tensor(1.5)\n"
_TARGET = "adds < 50 ms"


def page(pool: Pool, source: str, quantity: Quantity) -> str:
    """Do what the page does between a click and a figure that is ready to travel."""
    trace = pool.run(Program(source=source, question=Derivative(quantity=quantity)))
    assert isinstance(trace.answer, DerivativeAnswer), trace.failure
    return str(matrix_figure(matrix_info(trace.answer)).to_json())


def plain(source: str, quantity: Quantity) -> Callable[[], object]:
    """Return the two calls that the page compares."""
    names: dict[str, Any] = {}
    exec(source, names)
    function, x = names["f"], names["x"]
    one, other = {
        "hessian": (torch.autograd.functional.hessian, torch.func.hessian),
        "jacobian": (torch.autograd.functional.jacobian, torch.func.jacrev),
    }[quantity]
    return lambda: (one(function, x), other(function)(x))  # type: ignore[no-untyped-call]


def sine_page(pool: Pool) -> str:
    """Do what the section of n-th derivatives does."""
    trace = pool.run(Program(source=_SINE, question=NthDerivatives(order=3)))
    assert isinstance(trace.answer, NthDerivativesAnswer), trace.failure
    return nth_table(trace.answer)


def sine_plain() -> object:
    """Three derivatives, one after the other."""
    x = torch.tensor(1.5, requires_grad=True)
    last = torch.sin(x) * x**2
    for _ in range(3):
        (last,) = torch.autograd.grad(last, x, create_graph=True)
    return last


def rows() -> list[Row]:
    """Measure the page and the plain calls in turns."""
    torch.set_num_threads(1)  # as in a worker
    pool = Pool(size=1)
    pool.wait_warm()
    found = []
    kinds: tuple[tuple[Quantity, str], ...] = (("jacobian", ""), ("hessian", ".sum()"))
    for size in (3, 30, 100):
        for quantity, end in kinds:
            source = _SOURCE.format(size=size, end=end)
            bare, whole = medians(
                [plain(source, quantity), lambda s=source, q=quantity: page(pool, s, q)],  # type: ignore[misc]
                ROUNDS,
            )
            found.append(_row(f"{quantity.capitalize()}, {size} x {size}", whole, "its two plain calls", bare))
    bare, whole = medians([sine_plain, lambda: sine_page(pool)], ROUNDS)
    found.append(_row("three derivatives, checked, with formulas", whole, "three plain grad()", bare))
    pool.close()
    return found


def _row(what: str, whole: float, beside: str, bare: float) -> Row:
    return Row(what, whole, beside, bare, _TARGET, f"the page adds {1e3 * (whole - bare):.0f} ms")


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
