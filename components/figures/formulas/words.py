"""A formula as text: in symbols, and with numbers in the symbols' places."""

from __future__ import annotations

import math
import re

from ...facts.text import values_text
from .given import Array, Given, Lacking, summed_dims
from .rules import Rule

LONGEST = 110
_LONGEST_VALUE = 44
_TOKEN = re.compile(r"\{([\w\[\]]+)\}")
_EXPLAINED = " with "
# After these a number below zero stands in brackets, as it does before a power.
_OPERATORS = ("·", "/", "−", "+", "@", "⊗", "^", "√")
_FUNCTIONS = ("ln", "exp", "sign", "sin", "cos", "sinh", "cosh", "tanh", "Σ", "mean")
_RAISED = ("²", "³", "^", "ᵀ", "⁻")


def symbols(given: Given, rule: Rule) -> str:
    """Return the formula with the variables' names."""
    template = _whole(given, rule)
    return _TOKEN.sub(lambda match: _placed(template, match, _symbol(given, rule, match[1])), template)


def numbers(given: Given, rule: Rule, result: Array) -> str | None:
    """Return the formula with numbers, and what it comes to; ``None`` where that is too long to read."""
    try:
        template = _whole(given, rule).partition(_EXPLAINED)[0]
        text = _TOKEN.sub(lambda match: _placed(template, match, _value(given, rule, match[1])), template)
        text = f"{text} = {array_text(result)}"
    except Lacking:
        return None
    return text if len(text) <= LONGEST else None


def array_text(array: Array) -> str:
    """Return a few numbers as text; ``Lacking`` where they are too many to read."""
    text = values_text(array.tolist(), _LONGEST_VALUE) if array.size <= _LONGEST_VALUE else None
    if text is None:
        raise Lacking
    return text.replace("-", "−")


def _whole(given: Given, rule: Rule) -> str:
    """The template; where the input was broadcast, with the sum that undoes it."""
    template = rule.symbols_of(given)
    try:
        wide, shape = given.came_shape, given.shape
        dims = summed_dims(wide, shape) if rule.reduce and template != "0" else ()
    except Lacking:
        return template
    if not dims:
        return template
    word, explained, more = template.partition(_EXPLAINED)
    over = "all elements" if math.prod(shape) == 1 else f"dim{'s' * (len(dims) > 1)} {', '.join(map(str, dims))}"
    return f"{word}{'' if word == '{grad}' else ','} summed over {over}{explained}{more}"


def _symbol(given: Given, rule: Rule, token: str) -> str:
    return token if token == "grad" or token in rule.facts else given.written(token) or given.name(token)


def _value(given: Given, rule: Rule, token: str) -> str:
    if token == "grad":
        return array_text(given.grad)
    if token in rule.facts:
        return array_text(rule.fact(token, given))
    return given.written(token) or array_text(given(token))


def _placed(template: str, match: re.Match[str], text: str) -> str:
    before, after = template[: match.start()].rstrip(), template[match.end() :]
    operand = before.endswith(_OPERATORS) or before.rpartition(" ")[2].lstrip("(|−") in _FUNCTIONS
    raised = after.startswith(_RAISED)
    if (text.startswith("−") and (operand or raised)) or ("e" in text and raised and text[0].isdigit()):
        return f"({text})"
    return text
