"""What the parts of a formula are called: by the program's own words, or by a letter that is explained."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import NamedTuple

from ...source import SourceTooLarge
from ...source.edits import needs_parentheses
from ...source.parsing import parse_expression
from ..index import TraceIndex
from ..saved_words import RESULTS, slot_of
from ..text import printable
from ..words import Words
from .rules import Given

# Longer words make a formula hard to read: it has a letter instead, and says what that is.
_LONGEST_IN_PLACE = 24
_LONGEST_RESULT = 12
_LONGEST = 60
_LETTERS = "abcdefgh"
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
# Names of PyTorch's that say what they mean.
_PLAIN = frozenset({"end", "exponent", "input", "key", "max", "min", "query", "target", "value", "weight"})


class Named(NamedTuple):
    """A part's name, whether it holds together as it stands, and what it is where the name does not say so."""

    text: str
    whole: bool = True
    explained: str = ""


def name_of(given: Given, saved: str) -> Named:
    """Return what a saved tensor is called in the formulas of a node."""
    words = given.index.once(Words)
    record = given.record(saved)
    if saved in RESULTS:
        made = given.index.produced(given.node.id) if saved != "result0" else None
        expression = words.expression(given.node.id) if made is None else None
        told = made.name if made is not None else expression.text if expression is not None else None
        return _shortened(told, free_letter(given, "y"), "the result", _LONGEST_RESULT)
    slot = slot_of(given.node, saved)
    if slot is None:
        tensor = given.index.tensors.get((record.tensor if record is not None else None) or "")
        same = tensor is not None and record is not None and tensor.shape == record.shape
        return _shortened(tensor.name if tensor is not None and same else None, saved, "")
    told = words.argument(given.node.id, slot)
    alone = len(given.index.targets(given.node.id)) <= 1 and slot == 0
    if told is None and saved in _PLAIN:
        return Named(saved)
    explained = "what goes in" if alone else f"the {_PLACES[slot]} that goes in"
    return _shortened(told, free_letter(given, _LETTERS[slot]), explained)


def free_letter(given: Given, letter: str) -> str:
    """Return a letter that the program has no variable of, with a prime where it has."""
    return f"{letter}′" if letter in given.index.once(_identifiers) else letter


def _identifiers(index: TraceIndex) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d]\w*", index.trace.program.source))


def _shortened(told: str | None, letter: str, explained: str, longest: int = _LONGEST_IN_PLACE) -> Named:
    if told is None:
        return Named(letter, explained=explained)
    if len(told) <= longest:
        return Named(printable(told, _LONGEST), is_whole(told))
    return Named(letter, explained=printable(told, _LONGEST))


@lru_cache(maxsize=2000)
def is_whole(text: str) -> bool:
    """Whether an expression of a program can stand in a formula without brackets around it."""
    try:
        expression = parse_expression(text)
        return isinstance(expression, ast.Constant) or not needs_parentheses(expression)
    except (SyntaxError, SourceTooLarge, ValueError):
        return all(part.isalnum() for part in text.replace("_", "").split("."))
