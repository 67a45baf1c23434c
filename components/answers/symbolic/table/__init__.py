"""The symbolic form of each ATen operation, by its name without an overload."""

from __future__ import annotations

from ..call import TableEntry
from .decomposed import DECOMPOSED
from .elementwise import ELEMENTWISE
from .matrices import MATRICES
from .moves import FREE_OF_VALUES, MOVES
from .networks import NETWORKS, SILENT_WRITES
from .reductions import REDUCTIONS

TABLE: dict[str, TableEntry] = {**DECOMPOSED, **ELEMENTWISE, **REDUCTIONS, **MATRICES, **NETWORKS, **MOVES}

__all__ = ["FREE_OF_VALUES", "SILENT_WRITES", "TABLE"]
