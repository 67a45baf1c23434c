"""The lines that the program executes, one by one, and what each of them changed.

``sys.settrace`` reports every line of the program's own code; PyTorch's and Python's own files are passed over. A step
is complete when the next line of the same function begins, or the function ends. Comprehensions belong to the line that
holds them.

Known limitations: a change inside a list, a dictionary or an object shows as its new length at most. Past the cap
tracing is switched off altogether, and later nodes have no line.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

import torch

from ..trace import Caps
from .drafts import StepDraft, TensorDraft, Truncations
from .failures import Asides
from .names import class_name, is_program_name
from .own_code import Own
from .quiet import quiet, shape_of
from .tensors import TensorLog
from .torch_nodes import Marks

_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_TOP_LEVEL = "<module>"
_NOTEBOOKS = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_LOST = "Later lines are missing: Python stopped following them, as it does at the limit of recursion."
_LONGEST_TEXT = 60
_MOST_ELEMENTS = 8
_SCALARS = (int, float, bool, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size)
_CONTAINERS = (list, tuple, set, frozenset, dict)


@dataclass(slots=True)
class _Open:
    """A function being executed: the step it is in, and its variables as they were last seen."""

    frame: FrameType
    step: StepDraft | None
    seen: dict[str, TensorDraft | str]


class StepObserver:
    """Follows the program while it is active.

    ``after_step(step, line)`` is called as each step is complete, ``on_line(line)`` before a line of the top level
    begins. ``weak_names`` are those that stand for one thing after another, as a loop's variable does.
    """

    def __init__(
        self,
        caps: Caps,
        truncations: Truncations,
        tensors: TensorLog,
        asides: Asides,
        weak_names: frozenset[str],
        on_leaf: Callable[[torch.Tensor, TensorDraft], None],
        after_step: Callable[[int, int], None],
        on_line: Callable[[int], None],
    ) -> None:
        self._allowance = truncations.allowance("steps", caps.steps, "later lines, and the lines of later nodes")
        self._variables_per_step = caps.variables_per_step
        self._tensors = tensors
        self._asides = asides
        self._weak_names = weak_names
        self._on_leaf = on_leaf
        self._after_step = after_step
        self._on_line = on_line
        self._kinds = _Kinds()
        self._open: list[_Open] = []
        self._printed = 0
        self.makers: Marks[StepDraft | None] = Marks(None)
        self.drafts: list[StepDraft] = []
        self.truncated = False

    @property
    def current(self) -> int | None:
        """The index of the step that is being executed."""
        step = self._open[-1].step if self._open else None
        return step.index if step is not None else None

    @property
    def begun(self) -> int | None:
        """The index of the step that began last."""
        return len(self.drafts) - 1 if self.drafts and not self.truncated else None

    def printed(self, start: int, end: int) -> None:
        """Give printed characters to the line that is being executed."""
        self._printed = end
        step = self._open[-1].step if self._open else None
        if step is not None:
            step.stdout = (start if step.stdout[0] == step.stdout[1] else step.stdout[0], end)

    def __enter__(self) -> StepObserver:
        sys.settrace(self._on_call)
        return self

    def __exit__(self, *error: object) -> None:
        if sys.gettrace() != self._on_call and not self.truncated:
            # Python lets go of a trace function that it cannot call, as at the limit of recursion.
            self.truncated = True
            self._asides.note("steps", _LOST, None)
        sys.settrace(None)

    def join(self, frames: Sequence[tuple[FrameType, int]]) -> None:
        """Follow functions that run, outermost first; a first step of each, at its line, has what they hold."""
        for frame, line in frames:
            if frame.f_code.co_name in _COMPREHENSIONS or self.truncated:
                continue
            self._open.append(_Open(frame, None, {}))
            self._begin_step(frame, line)
            self._finish_step()
            held = self.drafts[-1].variables
            self.drafts[-1].variables = {
                name: held[name] for name in held if name[:1] != "_" and name not in _NOTEBOOKS
            }
            frame.f_trace = self._on_event
        self.makers.switch(None)

    def leave(self) -> None:
        """Stop following, in the middle of the lines that run."""
        while self._open:
            self._finish_step()
            self._open.pop().frame.f_trace = None

    def _on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        # A call from here would meet the limit of recursion before the program does, and change what Python says of it.
        if code.co_filename != Own.file or code.co_name in _COMPREHENSIONS:
            return None
        self._open.append(_Open(frame, None, {}))
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, argument: Any) -> Any:
        try:
            if event == "line":
                self._finish_step()
                self._begin_step(frame, frame.f_lineno)
            elif event == "return":
                self._finish_step()
                if self._open:
                    self._open.pop()
                self.makers.switch(self._open[-1].step if self._open else None)
        except Exception as error:
            self._asides.failed("steps", "what some lines changed", error)
        return None if self.truncated else self._on_event

    def _begin_step(self, frame: FrameType, line: int) -> None:
        if not self._allowance.take():
            self._step_aside()
            return
        name = frame.f_code.co_name
        if name == _TOP_LEVEL:
            self._on_line(line)
        step = StepDraft(
            index=len(self.drafts),
            line=line,
            function=None if name == _TOP_LEVEL else name,
            stdout=(self._printed, self._printed),
            autocast=torch._C._is_any_autocast_enabled(),
        )
        self.drafts.append(step)
        self._open[-1].step = step
        self.makers.switch(step)

    def _step_aside(self) -> None:
        self.truncated = True
        self._open.clear()
        self.makers.switch(None)
        sys.settrace(None)

    def _finish_step(self) -> None:
        innermost = self._open[-1] if self._open else None
        if innermost is None or innermost.step is None:
            return
        step, innermost.step = innermost.step, None
        step.last = len(self.drafts) - 1
        with quiet():
            step.variables = self._changed(innermost)
            self._after_step(step.index, step.line)

    def _changed(self, innermost: _Open) -> dict[str, TensorDraft | str]:
        changed: dict[str, TensorDraft | str] = {}
        known, kinds = innermost.seen, self._kinds
        top = innermost.frame.f_code.co_name == _TOP_LEVEL
        for name, value in list(innermost.frame.f_locals.items()):
            kind = kinds[type(value)]
            if kind is _NO_NEWS or (name[:1] == "_" and not is_program_name(name)):
                continue
            try:
                if kind is not _TENSOR:
                    seen: TensorDraft | str = short_text(kind, value)
                elif self._tensors.is_still(value, known.get(name)):
                    continue
                else:
                    seen = self._look_at(name, value, top=top)
            except Exception as error:
                self._asides.failed("tensors", f"the variable `{name}`", error)
                seen = class_name(type(value))
            if known.get(name) != seen:
                known[name] = seen
                if len(changed) < self._variables_per_step:
                    changed[name] = seen
        return changed

    def _look_at(self, name: str, value: Any, *, top: bool) -> TensorDraft | str:
        of_a_loop = name in self._weak_names and value.is_leaf
        weak = name == "self" or of_a_loop or (not top and isinstance(value, torch.nn.Parameter))
        draft = self._tensors.observe(value, name, weak=weak)
        if draft is None:
            return f"tensor of shape {tuple(shape_of(value))}"
        if value.requires_grad and value.is_leaf:
            self._on_leaf(value, draft)
        return draft


_NO_NEWS, _TENSOR, _SCALAR, _CONTAINER, _OTHER = range(5)


class _Kinds(dict[type, int]):
    """What to look for in objects of a type. Only the type is asked: an object could answer anything."""

    def __missing__(self, kind: type) -> int:
        if issubclass(kind, torch.Tensor):
            found = _TENSOR
        elif issubclass(kind, ModuleType | FunctionType | BuiltinFunctionType | type):
            found = _NO_NEWS
        elif kind in _SCALARS:
            found = _SCALAR
        else:
            found = _CONTAINER if kind in _CONTAINERS else _OTHER
        self[kind] = found
        return found


def short_text(kind: int, value: object) -> str:
    """Return a text for a value that is no tensor.

    Only exact built-in types are spelled out: looking at a variable must never run code of the program (its
    ``__repr__``, its ``__len__``), nor take long (the decimal digits of a huge number).
    """
    if kind == _SCALAR:
        return _scalar(value)
    return _container(value) if kind == _CONTAINER else class_name(type(value))


def _scalar(value: object) -> str:
    if type(value) is int and value.bit_length() > 200:
        return f"integer of about {math.ceil(value.bit_length() * math.log10(2))} digits"
    if type(value) in (str, bytes):
        assert isinstance(value, str | bytes)
        return _cut(repr(value[:_LONGEST_TEXT])) if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 20]!r}…"
    return _cut(repr(value))


def _container(value: object) -> str:
    assert isinstance(value, list | tuple | set | frozenset | dict)
    kind = type(value).__name__
    tensors = sum(issubclass(type(entry), torch.Tensor) for entry in list(value)[:_MOST_ELEMENTS])
    if isinstance(value, list | tuple) and len(value) <= _MOST_ELEMENTS and _all_scalars(value):
        inner = ", ".join(_scalar(entry) for entry in value)
        text = f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
        if len(text) <= _LONGEST_TEXT:
            return text
    what = "tensors" if tensors and tensors == min(len(value), _MOST_ELEMENTS) else "elements"
    return f"{kind} of {len(value)} {what}"


def _all_scalars(values: list[object] | tuple[object, ...]) -> bool:
    return all(type(entry) in _SCALARS for entry in values)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
