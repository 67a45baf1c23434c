"""Numbers, shapes and bytes as short texts, the same in every view."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..trace import Gradient, Tensor, Values

_LONGEST = 34


def number_text(value: Any, digits: int = 4) -> str:
    """Four significant digits: ``0.1416``, ``12``, ``1.2e-05``, ``nan``; whole up to a million; ``-0.0`` is ``0``."""
    if isinstance(value, str | int):
        return str(value)
    if 10**digits <= abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value + 0.0:.{digits}g}"


def values_text(values: Values, longest: int = _LONGEST, digits: int = 4) -> str | None:
    """Nested lists as text, ``None`` when there are none or they would be longer than ``longest`` characters."""
    if values is None:
        return None
    text = _nested(values, longest + 2, digits)
    return text if len(text) <= longest else None


def _nested(values: Values, budget: int, digits: int) -> str:
    if not isinstance(values, list):
        return number_text(values, digits)
    parts: list[str] = []
    used = 2
    for value in values:
        part = _nested(value, budget - used, digits)
        used += len(part) + 2
        parts.append(part)
        if used > budget:
            return "[" + ", ".join(parts) + ", …" * 2
    return "[" + ", ".join(parts) + "]"


def shape_text(shape: list[int]) -> str:
    """``()``, ``(2)``, ``(3, 4)``."""
    return "(" + ", ".join(str(size) for size in shape) + ")"


def bytes_text(count: int) -> str:
    """``28 B``, ``1.5 KiB``, ``2 MiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        text = f"{size:.4g}"
        if float(text) < 1024 or unit == "GiB":  # as it is shown: 1,048,575 bytes are not 1024 KiB
            return f"{text} {unit}"
        size /= 1024
    raise AssertionError


def signed_bytes(count: int) -> str:
    """``+4 KiB``, ``−4 KiB``."""
    return f"{'−' if count < 0 else '+'}{bytes_text(abs(count))}"


def exact_bytes(count: int) -> str:
    """``4,000 B``: to the byte where that is short, so that it can be checked by counting numbers."""
    return f"{count:,} B" if abs(count) < 10_000 else bytes_text(count)


def tensor_text(tensor: Tensor, longest: int = _LONGEST) -> str:
    """A tensor's numbers if they are few, else its shape and type."""
    return values_text(tensor.values, longest) or f"{shape_text(tensor.shape)} {tensor.dtype}"


def gradient_text(gradient: Gradient | None, longest: int = _LONGEST) -> str:
    """A gradient's numbers if they are few, else its shape and mean."""
    if gradient is None:
        return "none"
    text = values_text(gradient.values, longest)
    if text is not None:
        return text
    shape = shape_text(gradient.shape)
    mean = gradient.summary.mean if gradient.summary is not None else None
    return shape if mean is None else f"{shape} mean {number_text(mean)}"


def plural(count: int, word: str) -> str:
    """``1 node``, ``2 nodes``, ``2 boxes``."""
    return f"{count:,} {word}{'' if count == 1 else 'es' if word.endswith(('s', 'x')) else 's'}"


def line_text(line: int | None) -> str:
    """``line 6``."""
    return f"line {line}" if line is not None else "a line that was not recorded"


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def order_text(order: int) -> str:
    """Which derivative a node of this order computes, that of order 2 the ``first derivative``."""
    known = 2 <= order <= len(_ORDINALS) + 1
    return f"{_ORDINALS[order - 2]} derivative" if known else f"derivative {order - 1}"


def some_of(words: Sequence[str], most: int) -> str:
    """The first words of many: ``a, b and 3 more``."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{', '.join(words[:most])}{more}"


def told_apart(words: Iterable[str]) -> list[str]:
    """The words with a number where one comes again: ``w``, ``w (2)``, ``w (3)``."""
    counts: Counter[str] = Counter()
    told = []
    for word in words:
        counts[word] += 1
        told.append(word if counts[word] == 1 else f"{word} ({counts[word]})")
    return told


_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""A text of a program without what turns the order of a line's letters around unseen: each as its escape.

    >>> visible("a\u202eb")
    'a\\u202eb'
    """
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def printable(text: str, longest: int) -> str:
    """One line that every kind of file can carry: cut where it is too long, without control characters."""
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    if short.isprintable():
        return short
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def plain_in_markdown(text: str) -> str:
    """A text whose ``*``, ``_``, ``$``, ``[`` and the like stand for themselves where Markdown is drawn."""
    return re.sub(r"([\\`*_\[\]$<>|~#])", r"\\\1", visible(text))
