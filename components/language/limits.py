"""How large a program's text may be."""

from __future__ import annotations

import msgspec

PROGRAM_FILENAME = "<program>"


class SourceLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds on source text: characters, lines, and levels of nesting in its syntax tree."""

    max_chars: int = 50_000
    max_lines: int = 3_000
    max_nesting: int = 200
