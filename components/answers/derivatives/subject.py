"""The function that a question is about: found among the program's names, at the point that they give it.

For checks everything that it uses is converted to double precision.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import math
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import nn

from ...source import PROGRAM_FILENAME
from ...trace import Function, Input, Question
from ..values import said, values_of

MOST_ENTRIES = 65_536


class NoAnswer(Exception):
    """The question cannot be answered; the message says why and what to do."""


@dataclass(frozen=True)
class Subject:
    """A function with a value for each of its parameters.

    ``chosen`` are the parameters by which it is differentiated; the others stay as they are. ``element`` picks one
    number of the output where one is needed.
    """

    names: dict[str, Any]
    name: str
    parameters: tuple[str, ...]
    chosen: tuple[str, ...]
    element: tuple[int, ...] | None

    @property
    def function(self) -> Callable[..., Any]:
        """The program's function."""
        found: Callable[..., Any] = self.names[self.name]
        return found

    @property
    def point(self) -> tuple[torch.Tensor, ...]:
        """The chosen inputs, without history, anew each time: the function may change them in place."""
        return tuple(self.names[name].detach().clone() for name in self.chosen)

    def __call__(self, *chosen: torch.Tensor) -> torch.Tensor:
        """Call the function with other values for the chosen inputs; raises ``NoAnswer`` if it gives no tensor."""
        given = dict(zip(self.chosen, chosen, strict=True))
        output = self.function(*(given.get(name, self.names[name]) for name in self.parameters))
        if not isinstance(output, torch.Tensor):
            kind = "nothing" if output is None else f"a {type(output).__name__}"
            raise NoAnswer(f"{self.name} returned {kind}. Let it return one tensor.")
        if not output.is_floating_point():
            dtype = str(output.dtype).removeprefix("torch.")
            raise NoAnswer(f"{self.name} returned {dtype} numbers. Derivatives are of floating-point numbers.")
        return output

    def number(self, *chosen: torch.Tensor) -> torch.Tensor:
        """Call the function for one number of its output, without dimensions."""
        output = self(*chosen)
        return output[self.element] if self.element else output

    @cached_property
    def output(self) -> torch.Tensor:
        """What the function gives at the point."""
        with torch.no_grad():
            return self(*self.point)

    def of_one_number(self) -> Subject:
        """The same for one number of the output: its only one, or the one that was picked. Raises ``NoAnswer``."""
        shape = tuple(self.output.shape)
        if self.element is None and self.output.numel() == 1:
            return replace(self, element=(0,) * len(shape))
        if self.element is None:
            raise NoAnswer(
                f"{self.name} returns {self.output.numel():,} numbers, of shape {shape}; this is about one. "
                "Choose an element of the output."
            )
        if self.element is not None and (
            len(self.element) != len(shape) or any(not 0 <= i < n for i, n in zip(self.element, shape, strict=True))
        ):
            raise NoAnswer(f"The output has the shape {shape}: it has no element {list(self.element)}.")
        return self

    def fits(self, rows: int, columns: int) -> None:
        """Raise ``NoAnswer`` if a matrix of so many rows and columns would be too large."""
        entries = rows * columns
        if entries > MOST_ENTRIES:
            raise NoAnswer(
                f"This matrix would have {rows:,} × {columns:,} = {entries:,} entries; {MOST_ENTRIES:,} are "
                "shown at most. Choose fewer inputs, or an element of the output."
            )

    @cached_property
    def columns(self) -> list[str]:
        """A label for each element of the chosen inputs, in order."""
        return [label for name, one in zip(self.chosen, self.point, strict=True) for label in labels(name, one.shape)]

    @cached_property
    def rows(self) -> list[str]:
        """A label for each element of the output, or for the one that was picked."""
        if self.element is not None and self.output.numel() > 1:
            return [f"{self.name}{list(self.element)}"]
        return [self.name] if self.element is not None else labels(self.name, self.output.shape)

    @property
    def arguments(self) -> str:
        """The chosen inputs as code: ``x`` or ``(x, w)``."""
        return self.chosen[0] if len(self.chosen) == 1 else f"({', '.join(self.chosen)})"

    @property
    def picked(self) -> str:
        """What picks the element, as code: ``[0]``, or nothing."""
        return f"[{', '.join(map(str, self.element))}]" if self.element else ""

    @property
    def code(self) -> str:
        """The function of the chosen inputs alone as code: ``f``, ``lambda x: f(x, w)[0]``."""
        if self.parameters == self.chosen and not self.picked:
            return self.name
        return f"lambda {', '.join(self.chosen)}: {self.name}({', '.join(self.parameters)}){self.picked}"

    def doubled(self) -> Subject:
        """The same in double precision, as far as our reach goes."""
        try:
            return replace(self, names=in_double(self.names))
        except Exception as error:
            raise NoAnswer(f"What {self.name} uses cannot be copied in double precision: {said(error)}") from None

    def record(self) -> Function:
        """Return what the answer says of the function."""
        return Function(
            name=self.name,
            inputs=[
                Input(
                    name=name,
                    shape=list(value.shape),
                    dtype=str(value.dtype).removeprefix("torch."),
                    values=values_of(value),
                    chosen=name in self.chosen,
                )
                for name in self.parameters
                if isinstance(value := self.names[name], torch.Tensor)
            ],
            output_shape=list(self.output.shape),
            output_dtype=str(self.output.dtype).removeprefix("torch."),
            output=values_of(self.output),
        )


def labels(name: str, shape: Sequence[int]) -> list[str]:
    """``x``; ``x[0]``, ``x[1]``; ``w[0, 0]``, ``w[0, 1]``, …"""
    if math.prod(shape) == 1:
        return [name]
    return [f"{name}{list(place)}" for place in itertools.product(*map(range, shape))]


def subject_of(question: Question, names: dict[str, Any]) -> Subject:
    """Find the function that a question asks about; raises ``NoAnswer``."""
    functions = own_functions(names)
    if question.function is not None:
        if question.function not in functions:
            raise NoAnswer(f"The program defines no function {question.function}.")
        name = question.function
    else:
        ready = [name for name, one in functions.items() if not _missing(one, names)]
        if not ready:
            raise NoAnswer(_no_function(functions, names))
        name = ready[-1]
    missing = _missing(functions[name], names)
    if missing:
        raise NoAnswer(_unbound(name, missing))
    needed = [one.name for one in inspect.signature(functions[name]).parameters.values() if _only_by_name(one)]
    if needed:
        raise NoAnswer(f"{name} takes {needed[0]} by keyword only. Let it take it like the others, without the *.")
    parameters = _parameters(functions[name], names)
    return Subject(names, name, parameters, _chosen(question, name, parameters, names), question.element)


def _parameters(function: Callable[..., Any], names: dict[str, Any]) -> tuple[str, ...]:
    """The parameters that are given: all that have to be, and those before the last that a name is bound for."""
    found = [one for one in inspect.signature(function).parameters.values() if one.kind is not one.KEYWORD_ONLY]
    positional = [one for one in found if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    last = max((i for i, one in enumerate(positional) if one.default is one.empty), default=-1)
    return tuple(one.name for i, one in enumerate(positional) if i <= last)


def _only_by_name(parameter: inspect.Parameter) -> bool:
    return parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty


def _missing(function: Callable[..., Any], names: dict[str, Any]) -> list[str]:
    return [name for name in _parameters(function, names) if name not in names]


def _no_function(functions: dict[str, Any], names: dict[str, Any]) -> str:
    if not functions:
        return (
            "The program defines no function. Write one: def f(x): return x ** 3, and below it x = torch.tensor(2.0)."
        )
    name = list(functions)[-1]
    return _unbound(name, _missing(functions[name], names))


def _unbound(name: str, missing: list[str]) -> str:
    return (
        f"{name} has no point yet: bind its parameter {missing[0]} to a tensor, as in {missing[0]} = torch.tensor(2.0)."
    )


def _chosen(question: Question, name: str, parameters: tuple[str, ...], names: dict[str, Any]) -> tuple[str, ...]:
    possible = tuple(one for one in parameters if _is_floating(names[one]))
    if question.inputs is None:
        chosen = possible
    else:
        chosen = tuple(one for one in parameters if one in question.inputs)
        wrong = [one for one in question.inputs if one not in possible]
        if wrong:
            raise NoAnswer(f"{wrong[0]} is no floating-point tensor that {name} is given.")
    if chosen:
        return chosen
    if not parameters:
        raise NoAnswer(f"{name} has no parameters. Let it take what you differentiate by: def {name}(x): ...")
    first = names[parameters[0]]
    kind = f"a {type(first).__name__}"
    if isinstance(first, torch.Tensor):
        kind = f"of {str(first.dtype).removeprefix('torch.')}"
    raise NoAnswer(
        f"No parameter of {name} holds a floating-point tensor: {parameters[0]} is {kind}. Write "
        f"{parameters[0]} = torch.tensor(2.0), with a point in the number."
    )


def _is_floating(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


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
