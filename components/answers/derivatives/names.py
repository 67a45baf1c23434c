"""The program's global names, as snippets of code see them: in the program's own precision, or in double.

What is shown to a person as "the code that computes this" is what runs: a snippet is compiled like a program and runs
on a copy of the program's names. For checks, everything that the function uses is converted to double precision first.
"""

from __future__ import annotations

import copy
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...source import PROGRAM_FILENAME
from ...source.compiler import compile_program

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


def own_functions(names: dict[str, Any]) -> dict[str, types.FunctionType]:
    """Return the functions that the program itself defined, in the order in which their names were first bound."""
    return {name: value for name, value in names.items() if is_own_function(value) and not name.startswith("_")}


def is_own_function(value: object) -> bool:
    """Whether a function was written in the program."""
    return isinstance(value, types.FunctionType) and value.__code__.co_filename == PROGRAM_FILENAME


def in_double(names: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the names with tensors, modules and what the functions see of them in double precision.

    Known limitation: methods of the program's own classes go on seeing the names as they were.
    """
    doubled: dict[str, Any] = {}
    made: dict[int, Any] = {}
    for name, value in names.items():
        doubled[name] = _converted(value, doubled, made)
    return doubled


def _converted(value: Any, names: dict[str, Any], made: dict[int, Any]) -> Any:
    """Convert one value; the same object becomes the same object."""
    if id(value) in made:
        return made[id(value)]
    new = value
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        new = value.detach().double().requires_grad_(value.requires_grad)
    elif isinstance(value, nn.Module):
        new = copy.deepcopy(value).double()
    elif type(value) in (list, tuple):
        new = type(value)(_converted(one, names, made) for one in value)
    elif type(value) is dict:
        new = {key: _converted(one, names, made) for key, one in value.items()}
    elif is_own_function(value):
        new = types.FunctionType(value.__code__, names, value.__name__, value.__defaults__, value.__closure__)
        new.__kwdefaults__ = value.__kwdefaults__
    made[id(value)] = new
    return new


@contextmanager
def double_by_default() -> Iterator[None]:
    """Make ``torch.tensor(0.5)`` double inside the block."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
