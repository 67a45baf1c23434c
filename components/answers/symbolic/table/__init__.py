"""The symbolic form of each ATen operation, by its name without an overload."""

from __future__ import annotations

from components.answers.symbolic.table.branches import BRANCHES
from components.answers.symbolic.table.choices import CHOICES
from components.answers.symbolic.table.elementwise import ELEMENTWISE
from components.answers.symbolic.table.entry import Entry
from components.answers.symbolic.table.layers import LAYERS, SILENT_WRITES
from components.answers.symbolic.table.losses import LOSSES
from components.answers.symbolic.table.matrices import MATRICES
from components.answers.symbolic.table.moves import FREE_OF_VALUES, MOVES
from components.answers.symbolic.table.products import PRODUCTS
from components.answers.symbolic.table.reductions import REDUCTIONS

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
