"""What an entry of the table is."""

from __future__ import annotations

from collections.abc import Callable

from ..arrays import Symbols
from ..call import Call

# One array, or one for each result of the operation, ``None`` where a result has no expressions.
Entry = Callable[[Call], Symbols | tuple[Symbols | None, ...]]
