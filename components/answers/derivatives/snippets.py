"""Code that is shown to a person as what computes a derivative, and is what runs.

A snippet is compiled like a program and runs on a copy of the program's names. The vectors that some derivatives take
are made by such code too, from the numbers that a person typed.
"""

from __future__ import annotations

import math
import time
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...source.compiler import compile_program
from .subject import NoAnswer, Subject

# An error in a snippet must not be told with a line of the program.
_SNIPPET = "<derivative>"


def run_snippet(code: str, names: dict[str, Any]) -> float:
    """Run code that is ours on the names, to which it may add; return the seconds. Raises what the code raises."""
    compiled = _renamed(compile_program(code).code)
    began = time.perf_counter()
    exec(compiled, names)
    return time.perf_counter() - began


def _renamed(code: types.CodeType) -> types.CodeType:
    constants = tuple(_renamed(one) if isinstance(one, types.CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=_SNIPPET, co_consts=constants)


@dataclass(frozen=True)
class Vectors:
    """One vector for each of some tensors: their names in code, the lines that make them, their numbers in a row."""

    names: tuple[str, ...]
    code: str
    numbers: tuple[float, ...]

    @property
    def arguments(self) -> str:
        """``v`` or ``(v_x, v_w)``."""
        return self.names[0] if len(self.names) == 1 else f"({', '.join(self.names)})"


def tangents(subject: Subject, given: Sequence[float] | None) -> Vectors:
    """Return a vector for each chosen input; one in every element where none were given. Raises ``NoAnswer``."""
    wanted = ("v",) if len(subject.chosen) == 1 else tuple(f"v_{name}" for name in subject.chosen)
    names = tuple(fresh(name, subject) for name in wanted)
    sizes = [one.numel() for one in subject.point]
    row = _row(given, sum(sizes), "the inputs")
    lines, start = [], 0
    for name, of, one, size in zip(names, subject.chosen, subject.point, sizes, strict=True):
        lines.append(f"{name} = {_made(given, row[start : start + size], of, one)}")
        start += size
    return Vectors(names, "\n".join(lines), row)


def cotangent(subject: Subject, given: Sequence[float] | None) -> Vectors:
    """Return a vector for the output. Raises ``NoAnswer``."""
    row = _row(given, subject.output.numel(), "the output")
    call = f"{subject.name}({', '.join(subject.parameters)})"
    name = fresh("v", subject)
    return Vectors((name,), f"{name} = {_made(given, row, call, subject.output)}", row)


def fresh(name: str, subject: Subject) -> str:
    """Return the name, or one like it, that the program does not use: its function may look at a global name."""
    while name in subject.names:
        name += "_"
    return name


def _row(given: Sequence[float] | None, size: int, what: str) -> tuple[float, ...]:
    if given is None:
        return (1.0,) * size
    if len(given) != size:
        raise NoAnswer(f"The vector needs {size:,} numbers, one for each element of {what}; {len(given):,} were given.")
    return tuple(given)


def _made(given: Sequence[float] | None, row: Sequence[float], like: str, tensor: torch.Tensor) -> str:
    if given is None:
        return f"torch.ones_like({like})"
    kind = "" if tensor.dtype == torch.get_default_dtype() else f", dtype={tensor.dtype}"
    shape = tuple(tensor.shape)
    if math.prod(shape) == 1 and not shape:
        return f"torch.tensor({row[0]!r}{kind})"
    end = f".reshape({', '.join(map(str, shape))})" if len(shape) != 1 else ""
    return f"torch.tensor({list(row)!r}{kind}){end}"
