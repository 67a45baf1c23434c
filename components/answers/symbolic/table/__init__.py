"""The symbolic form of each ATen operation, by its name without an overload."""

from __future__ import annotations

from .branches import BRANCHES
from .choices import CHOICES
from .elementwise import ELEMENTWISE
from .entry import Entry
from .layers import LAYERS, SILENT_WRITES
from .losses import LOSSES
from .matrices import MATRICES
from .moves import FREE_OF_VALUES, MOVES
from .products import PRODUCTS
from .reductions import REDUCTIONS

TABLE: dict[str, Entry] = {
    **ELEMENTWISE,
    **BRANCHES,
    **REDUCTIONS,
    **CHOICES,
    **PRODUCTS,
    **MATRICES,
    **LOSSES,
    **LAYERS,
    **MOVES,
}

__all__ = ["FREE_OF_VALUES", "SILENT_WRITES", "TABLE"]
