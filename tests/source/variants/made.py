"""What the tests of the variants share: the lines that a switch's variants differ in."""

from __future__ import annotations

import difflib

from components.source.variants import Switch, variants

HEAD = "import torch\nx = torch.ones(2, requires_grad=True)\n"


def texts(source: str, switch: Switch) -> list[str]:
    """Return the whole texts of a switch's variants."""
    return [one.source for one in variants(source) if one.switch == switch]


def changes(source: str, switch: Switch) -> list[tuple[int, str, str]]:
    """Return the line, what it said, and what it says now, of each of a switch's variants.

    >>> changes(HEAD + "y = x * 2", "detach")
    [(3, 'y = x * 2', 'y = (x * 2).detach()')]
    """
    found = [one for one in variants(source) if one.switch == switch]
    return [(one.line, *_difference(source, one.source)) for one in found]


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines that only the one text has, and those that only the other has."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    old, new = ("".join(line[2:] for line in lines if line[0] == sign).rstrip("\r\n") for sign in "-+")
    return old, new
