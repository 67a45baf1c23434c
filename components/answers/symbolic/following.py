"""Follows a running program: what each operation of PyTorch does to numbers, the table does to expressions.

Two modes of PyTorch see the program. The one for functions sees what people wrote (``x.item()``, ``torch.softmax``) and
guards the ways out of the world of tensors; the one for dispatch sees what that came down to (``aten.mul``), where a
few hundred operations stand for all of PyTorch and a change in place is told from a new tensor by the schema.

Known limitations: of a custom ``autograd.Function`` it sees the forward only. Text made of a tensor's numbers is let
through, since it is nearly always printed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .arrays import Symbols
from .atoms import tamed
from .budget import Budget, Refused
from .call import AtenCall, written_by
from .shadow import ExpressionMemory, Unknown, address, tensors_in
from .table import FREE_OF_VALUES, SILENT_WRITES, TABLE
from .titles import in_words

_NARROW = (torch.float32, torch.float16, torch.bfloat16)
_TRUTH = {"bool()", "torch.is_nonzero", "torch.equal", "torch.allclose"}
_WHOLE = {"int()"}
_NEW_MEMORY = {"set_", "resize_", "resize_as_", "_resize_output_"}


def number_taken(title: str) -> Refused:
    """Return the refusal of what makes Python's or NumPy's numbers of a tensor's."""
    return Refused(
        f"{title} takes numbers out of a tensor: what the program does with them cannot be followed, and PyTorch has "
        "no gradient through it."
    )


class GradientMode:
    """Whether the program wants gradients: PyTorch itself switches them off inside of a custom ``autograd.Function``.

    It tells the program's own switches, such as ``torch.no_grad()``, from the one around a custom forward.

    The former are calls that can be seen. The latter is noticed by its effect, a mode that nobody has set; what the
    program switches in there ends with it.
    """

    def __init__(self) -> None:
        self.wanted = True
        self._expected = True
        self._depth = 0

    @property
    def inside_function(self) -> bool:
        """Whether a custom ``autograd.Function`` is running."""
        return self._depth > 0

    def look(self) -> None:
        """Notice what has changed unseen. To be called before anything else happens."""
        actual = torch.is_grad_enabled()
        if actual != self._expected and not torch.is_inference_mode_enabled():
            self._depth += -1 if actual else 1
            self._expected = actual

    def switch(self, on: bool) -> None:
        """The program switches gradients on or off."""
        self._expected = on
        if not self.inside_function:
            self.wanted = on


class Follower:
    """What both modes share: the memory of expressions, the notes, the name of the function that is running."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.memory = ExpressionMemory(budget)
        self.notes: dict[str, None] = {}
        self.refusal: Refused | None = None
        self.title = ""
        self.gradients = GradientMode()
        self.busy = False
        self._in_parts = False

    def note(self, text: str) -> None:
        """Remember a sentence for the reader of the formula, once."""
        self.notes[text] = None

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Our own use of PyTorch is not followed."""
        self.busy, before = True, self.busy
        try:
            yield
        finally:
            self.busy = before

    def guarded(self, work: Any, *arguments: Any) -> Any:
        """Remember a refusal, whatever the program makes of it."""
        try:
            if self.refusal is not None:
                raise self.refusal
            self.budget.tick()
            return work(*arguments)
        except Refused as refusal:
            self.refusal = refusal
            raise

    def check_history(self, tensors: Iterable[torch.Tensor]) -> None:
        """Refuse what depends on an input and what PyTorch does not differentiate: the inputs require gradients.

        Inside of a custom function nothing has a history, and all gets one at its end.
        """
        if self.gradients.inside_function:
            return
        for tensor in tensors:
            if self.memory.follows(tensor) and (tensor.is_leaf or not tensor.requires_grad):
                raise Refused("A tensor has lost its history, as in torch.nn.Parameter(x), and cannot be followed.")

    # --- one operation

    def operation(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one ATen operation on the numbers and on the expressions."""
        args, kwargs = self._in_double(func, args, kwargs)
        title = self.title or in_words(func._schema.name.partition("::")[2].removesuffix("_"))
        operands = tensors_in(args, kwargs)
        depends = any(self.memory.knows(tensor) for tensor in operands)
        call = AtenCall(
            func,
            args,
            kwargs,
            memory=self.memory,
            budget=self.budget,
            note=self.note,
            title=title,
            followed=lambda work: self._parts_of(title, work),
            depends=depends,
        )
        if torch.Tag.nondeterministic_seeded in func.tags and call.given.get("dropout_p") != 0:
            self.note("Random numbers stay in the formula as they were drawn.")
        self._check_writes(call, depends)
        call.result = func(*args, **kwargs)
        if depends and call.name == "_local_scalar_dense":
            self._number_taken(title)
        elif depends and (call.written or call.name not in FREE_OF_VALUES):
            self._settle(call, operands)
        else:
            for tensor in tensors_in(call.result):
                self.memory.is_constant(tensor)
        return call.result

    def _in_double(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Floats of fewer bits beside doubles become doubles, as do those that the program asks for by name."""
        if kwargs.get("dtype") in _NARROW:
            kwargs = kwargs | {"dtype": torch.float64}
        kinds = {tensor.dtype for tensor in tensors_in(args, kwargs)}
        if torch.float64 not in kinds or kinds.isdisjoint(_NARROW):
            return args, kwargs
        written = written_by(func)
        names = [argument.name for argument in func._schema.arguments]
        new = {name: value if name in written else self._widened(value) for name, value in kwargs.items()}
        old = zip(names, args, strict=False)
        return tuple(value if name in written else self._widened(value) for name, value in old), new

    def _widened(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._widened(entry) for entry in value]
        if not isinstance(value, torch.Tensor) or value.dtype not in _NARROW:
            return value
        wide = value.detach().double()
        if self.memory.knows(value):  # a buffer from outside, into which the program wrote
            try:
                self.memory.write(wide, self.memory.read(value))
            except Unknown as unknown:
                self.memory.spoil(wide, unknown.reason)
        return wide

    def _check_writes(self, call: AtenCall, depends: bool) -> None:
        if any(self.memory.is_frozen(tensor) for tensor in call.written):
            raise Refused("A tensor that shares memory with a detached one is changed in place.")
        if depends and call.written and self.in_no_grad():
            raise Refused(f"{call.title} changes a tensor in place where gradients are off.")
        if depends and call.name in _NEW_MEMORY:
            raise Refused("A tensor is given other memory, which cannot be followed.")

    def in_no_grad(self) -> bool:
        """Whether the program has switched gradients off; PyTorch's own use of that inside a function is no matter."""
        return not self.gradients.wanted or torch.is_inference_mode_enabled()

    def _number_taken(self, title: str) -> None:
        if title in _TRUTH:
            self.note("The formula holds where the program takes the same branches as at this point.")
        elif title in _WHOLE:
            self.note("int() of a tensor is a constant here: the formula holds where it comes out the same.")
        else:
            raise number_taken(title)

    def _settle(self, call: AtenCall, operands: list[torch.Tensor]) -> None:
        """Find the expressions of all that the operation made or changed."""
        known = {address(tensor) for tensor in operands}
        made = tensors_in(call.result)
        fresh = [(place, tensor) for place, tensor in enumerate(made) if address(tensor) not in known]
        targets = list(enumerate(call.written)) or fresh
        if any(tensor.is_floating_point() or tensor.is_complex() for _, tensor in targets):
            symbols = self._symbols_of(call)
        elif made and not targets:
            return  # a view
        else:
            self._note_outcome(call.title)
            return
        for place, tensor in targets:
            self._place(tensor, symbols if isinstance(symbols, str) else _at(symbols, place), call.title)
        for name in SILENT_WRITES.get(call.name, ()):
            if call.has(name):
                self.memory.spoil(call.given[name], f"{call.title} changes {name} in a way that has no formula here.")

    def _note_outcome(self, title: str) -> None:
        """Tell of truth values and whole numbers that came out; those within an operation choose its side."""
        if self._in_parts:
            self.note(f"{title}: the formula follows the side of the kink on which this point lies.")
        else:
            self.note(f"{title} came out as it does at this point: the formula holds where it stays so.")

    def _place(self, tensor: torch.Tensor, found: Symbols | str | None, title: str) -> None:
        if not tensor.is_floating_point() and not tensor.is_complex():
            if found is not None:
                self._note_outcome(title)
        elif isinstance(found, str):
            self.memory.spoil(tensor, found)
        elif found is None or tensor.is_complex() or found.shape != tuple(tensor.shape):
            self.memory.spoil(tensor, f"{title} has no symbolic form here.")
        else:
            if not self._in_parts:  # what is between the parts is no formula of the program's
                self.budget.admit(found)
            self.memory.write(tensor, found)

    def _symbols_of(self, call: AtenCall) -> tuple[Symbols | None, ...] | str:
        """The expressions of each result, or why there are none."""
        entry = TABLE.get(call.name)
        if entry is None:
            return f"{call.title} has no symbolic form here."
        for tensor in tensors_in(call.result):
            self.budget.admit_count(tensor.numel())
        try:
            symbols = entry(call)
        except Unknown as unknown:
            return unknown.reason
        except NotImplementedError:
            return f"{call.title} has no symbolic form here, or not with these arguments."
        except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
            return f"{call.title} has no symbolic form here: SymPy stopped with {type(error).__name__}."
        arrays = symbols if isinstance(symbols, tuple) else (symbols,)
        return tuple(array if array is None else _all_tamed(array) for array in arrays)

    def _parts_of(self, title: str, work: Callable[[], Any]) -> Any:
        """Follow the operations of a function under one title."""
        before = self.title, self._in_parts
        self.title, self._in_parts = title, True
        try:
            with Operations(self, parts=True):
                return work()
        finally:
            self.title, self._in_parts = before


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Shows each ATen operation to the follower: those of the program, or the ``parts`` of one of them."""

    def __init__(self, follower: Follower, *, parts: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._follower = follower
        self._parts = parts

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation."""
        follower = self._follower
        if follower.busy and not self._parts:
            return func(*args, **(kwargs or {}))
        with follower.quiet():
            return follower.guarded(follower.operation, func, args, kwargs or {})


def _at(symbols: tuple[Symbols | None, ...], place: int) -> Symbols | None:
    return symbols[place] if place < len(symbols) else None


def _all_tamed(array: Symbols) -> Symbols:
    for place in np.ndindex(array.shape):
        array[place] = tamed(array[place])
    return array
