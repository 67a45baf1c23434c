"""``str.format`` that reaches no attributes."""

from __future__ import annotations

import string
from typing import Any, Literal


def safe_format(template: str, *arguments: Any, **named: Any) -> str:
    """``str.format`` without ``{x.attribute}`` and ``{x[index]}``, which would pass by the policy."""
    pending: list[tuple[str, Literal[0, 1]]] = [(str(template), 0)]
    while pending:
        text, depth = pending.pop()
        for _, field, spec, _ in string.Formatter().parse(text):
            if field and ("." in field or "[" in field):
                raise ValueError("'{x.attr}' and '{x[i]}' inside str.format are not available here; use an f-string")
            if spec and depth == 0:
                pending.append((spec, 1))
    return str.format(str(template), *arguments, **named)
