"""What a rule is made of: a formula that is both shown and evaluated, and the record that it is given.

In a template ``{grad}`` and ``{name of what was saved}`` stand for a variable's name, or for its numbers; so does the
name of a fact. A rule is for one slot of the node's ``grad_inputs``. All numbers are float64 arrays made from the
trace's lists.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...trace import BackwardStep, Node, SavedTensor
from ..index import TraceIndex
from ..text import number_text
from .language import Array, read

_BELOW_ZERO = 2**63
_LONGEST_LITERAL = 200
_LONGEST_WORD = 40
# More elements than this are not computed: their values are not in the trace to be shown or compared with.
_MOST_ELEMENTS = 10_000


class Lacking(Exception):
    """The trace does not say what the formula needs, or says it oddly."""


class Given:
    """Reads one node and one visit of the engine, for the gradient in one slot.

    Raises ``Lacking`` wherever it is asked for what the record does not have.
    """

    def __init__(self, index: TraceIndex, node: Node, step: BackwardStep | None, slot: int) -> None:
        self.index, self._step = index, step
        self._saved = {saved.name: saved for saved in node.saved}
        self.node, self.slot = node, slot

    # --- numbers

    @property
    def grad(self) -> Array:
        """The gradient that came in, for the forward's first output."""
        return self.incoming(0)

    def incoming(self, output: int) -> Array:
        """Return the gradient that came in for an output of the forward operation."""
        if self._step is None or output >= len(self._step.grad_outputs):
            raise Lacking
        gradient = self._step.grad_outputs[output]
        if gradient is None:
            raise Lacking
        return _array(gradient.values, gradient.shape)

    def has_incoming(self, output: int) -> bool:
        """Whether a gradient came in for an output, with numbers or without."""
        return self._step is not None and self._step.grad_outputs[output] is not None

    @property
    def incoming_shape(self) -> tuple[int, ...]:
        """The shape of the gradient that came in, which is that of the forward's output."""
        gradient = self._step.grad_outputs[0] if self._step is not None and self._step.grad_outputs else None
        if gradient is None:
            raise Lacking
        return tuple(gradient.shape)

    @property
    def outputs(self) -> int:
        """The number of outputs that the forward operation had."""
        return len(self._step.grad_outputs) if self._step is not None else 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the gradient that goes out, which is that of the forward's input."""
        shape = self.shape_of(self.slot)
        if math.prod(shape) > _MOST_ELEMENTS or min(shape, default=0) < 0:
            raise Lacking
        return shape

    def shape_of(self, slot: int) -> tuple[int, ...]:
        """Return the shape of the gradient that goes out in another slot."""
        if self._step is None or slot >= len(self._step.grad_inputs):
            raise Lacking
        gradient = self._step.grad_inputs[slot]
        if gradient is None:
            raise Lacking
        return tuple(gradient.shape)

    def __call__(self, saved: str) -> Array:
        """Return a saved tensor."""
        record = self._record(saved)
        if record.shape is None:
            return np.asarray(self.number(saved))
        return _array(self.index.saved_values(record), record.shape)

    def indices(self, saved: str) -> NDArray[np.int64]:
        """Return a saved tensor of indices."""
        return self(saved).astype(np.int64)

    def index_or_mask(self, saved: str) -> NDArray[np.int64] | NDArray[np.bool_]:
        """Return a saved index: places, or a mask."""
        return self(saved) != 0 if self._record(saved).dtype in ("bool", "uint8") else self.indices(saved)

    def record(self, saved: str) -> SavedTensor | None:
        """Return the record of what was saved under a name."""
        return self._saved.get(saved)

    def has(self, saved: str) -> bool:
        """Whether the node saved something under this name."""
        return saved in self._saved

    def number(self, saved: str, default: float | None = None) -> float:
        """Return a saved number; a tensor of one element counts as one."""
        if default is not None and saved not in self._saved:
            return default
        record = self._record(saved)
        value = self(saved).item() if record.shape == [] else _literal(record.value)
        if not isinstance(value, int | float):
            raise Lacking
        return float(value)

    def written(self, saved: str) -> str | None:
        """Return a saved number, or the only one of a list, as a text; ``None`` for what is a tensor or lacks."""
        record = self._saved.get(saved)
        if record is None or record.shape is not None or record.value is None:
            return None
        try:
            value = _literal(record.value)
        except Lacking:
            return record.value[:_LONGEST_WORD]
        if isinstance(value, tuple | list):
            texts = [_number_text(one) for one in value]
            return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
        return _number_text(value)

    def integer(self, saved: str, default: int | None = None) -> int:
        """Return a saved integer; PyTorch shows those below zero as what they are without a sign."""
        value = _literal(self._record(saved).value) if saved in self._saved or default is None else default
        if not isinstance(value, int):
            raise Lacking
        return _signed(value)

    def integers(self, saved: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a saved list of integers."""
        value = _literal(self._record(saved).value) if saved in self._saved or default is None else default
        if isinstance(value, int):
            value = (value,)
        if not isinstance(value, tuple | list) or not all(isinstance(one, int) for one in value):
            raise Lacking
        return tuple(_signed(one) for one in value)

    def flag(self, saved: str) -> bool:
        """Return a saved truth value, ``False`` where there is none."""
        return saved in self._saved and self._saved[saved].value == "True"

    def text(self, saved: str) -> str:
        """Return the text of a saved value."""
        return self._record(saved).value or ""

    def _record(self, saved: str) -> SavedTensor:
        if saved not in self._saved:
            raise Lacking
        return self._saved[saved]


def _signed(value: int) -> int:
    return value - 2**64 if value >= _BELOW_ZERO else value


def _number_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = _signed(value)
    text = number_text(value) if isinstance(value, int | float) and math.isfinite(value) else str(value)
    return text.replace("-", "−")


def _literal(text: str | None) -> object:
    if text in ("inf", "-inf", "nan"):
        return float(text)
    if text is None or len(text) > _LONGEST_LITERAL or not re.fullmatch(r"[\w\s.,+()\[\]-]*", text):
        raise Lacking
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Lacking from None
    return value


def _array(values: object, shape: list[int]) -> Array:
    if values is None:
        raise Lacking
    array = np.array(values, dtype=np.float64)  # the names of non-finite numbers are understood
    if list(array.shape) != list(shape) and array.size != 0:
        raise Lacking
    return array.reshape(shape)


def summed_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Undo a broadcast: sum over the dimensions that were added or stretched."""
    dims = summed_dims(array.shape, shape)
    return np.asarray(array.sum(axis=dims)).reshape(shape) if dims else array


def summed_dims(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the dimensions of ``wide`` over which a broadcast from ``shape`` is undone."""
    added = len(wide) - len(shape)
    if added < 0:
        raise Lacking
    return tuple(dim for dim, size in enumerate(wide) if dim < added or (shape[dim - added] == 1 and size != 1))


# --- rules

Compute = Callable[[Given], Array]
Template = str | Callable[[Given], str]


@dataclass(frozen=True)
class Letter:
    """A number that a rule works out itself, and what its letter stands for."""

    compute: Callable[[Given], Array | float]
    meaning: Template


# A number whose name says what it is, one that is explained, or a formula for a part with a letter of its own.
Fact = Callable[[Given], Array | float] | Letter | str
Axes = Callable[[Given], tuple[int, ...]]


@dataclass(frozen=True)
class Phrase:
    """What is said behind a formula in words, and what it does to the formula's result."""

    words: Template
    apply: Callable[[Given, Array], Array]


@dataclass(frozen=True)
class Rule:
    """``template`` is a formula in the language of ``language.py``, and is what is shown and what is evaluated.

    Moves have no signs: with ``compute`` the template is a sentence, which names that one operation. ``over`` are the
    dimensions of ``Σ`` and ``mean``, ``reduce`` undoes a broadcast, ``then`` says what becomes of the result,
    ``shaped`` gives what is put in the shape in which it fits the others.
    ``repeats`` is true for the last rule of a node with any number of inputs.
    """

    template: Template
    compute: Compute | None = None
    reduce: bool = False
    facts: Mapping[str, Fact] = field(default_factory=dict)
    repeats: bool = False
    over: Axes | None = None
    then: Phrase | None = None
    shaped: Callable[[Given, Array], Array] | None = None

    def text(self, given: Given) -> str:
        """Return the template for this node."""
        return template_for(self.template, given)

    def evaluated(self, given: Given) -> Array:
        """Return what the template comes to."""
        if self.compute is not None:
            return np.asarray(self.compute(given), dtype=np.float64)
        formula = read(self.text(given))
        result = np.asarray(formula.evaluate(_Values(given, self)), dtype=np.float64)
        if not formula.places:
            result = np.broadcast_to(result, given.shape)
        result = self.then.apply(given, result) if self.then is not None else result
        fits = self.over is not None and result.size == math.prod(given.shape)
        return result.reshape(given.shape) if fits else result

    def part(self, name: str, given: Given) -> Array:
        """Return what stands in braces."""
        return np.asarray(_Values(given, self).value(name), dtype=np.float64)


@dataclass(frozen=True)
class _Values:
    given: Given
    rule: Rule

    def value(self, name: str) -> Array:
        fact = self.rule.facts.get(name)
        if isinstance(fact, str):
            return read(fact).evaluate(self)
        if fact is not None:
            compute = fact.compute if isinstance(fact, Letter) else fact
            found = np.asarray(compute(self.given), dtype=np.float64)
        else:
            found = self.given.grad if name == "grad" else self.given(name)
        return found if self.rule.shaped is None else self.rule.shaped(self.given, found)

    def over(self, word: str, array: Array) -> Array:
        axes = self.rule.over(self.given) if self.rule.over is not None else tuple(range(array.ndim))
        if any(not -array.ndim <= axis < array.ndim for axis in axes):
            raise Lacking
        return np.asarray((np.sum if word == "Σ" else np.mean)(array, axis=axes, keepdims=True))

    def crossed(self, first: Array, second: Array) -> Array:
        return np.asarray(np.cross(first, second, axis=self.given.integer("dim")))


def template_for(template: Template, given: Given) -> str:
    """Return a template for a node."""
    return template if isinstance(template, str) else template(given)


Rules = dict[str, tuple[Rule, ...]]


def each(template: Template, **facts: Fact) -> Rule:
    """Return a rule for an elementwise operation, whose inputs may have been broadcast."""
    return Rule(template, reduce=True, facts=facts)


def unknown(given: Given) -> Array:
    """What the record does not tell: for formulas that are shown in symbols only."""
    raise Lacking


def holds(given: Given, test: Callable[[], object]) -> bool:
    """Whether something is true anywhere in the numbers; ``False`` where they are not known."""
    try:
        with np.errstate(all="ignore"):
            return bool(np.any(np.asarray(test())))
    except (Lacking, ValueError, IndexError, TypeError):
        return False


PASSES = each("{grad}")
NOTHING = each("0")
