"""How the Memory page looks: one colour for each category everywhere, and an axis of bytes.

The hues keep torchviz's meanings (a leaf is light blue, a saved tensor orange) in Okabe and Ito's palette, which people
with any common kind of colour blindness can tell apart.
"""

from __future__ import annotations

import math
from typing import Any

from ...facts.text import bytes_text
from ..charts.style import FAINT, GREY, SIZE, quiet_axis
from .words import BASE

COLOURS = {
    "leaf": "#56b4e9",
    "saved": "#e69f00",
    "gradient": "#009e73",
    "optimizer": "#cc79a7",
    "temporary": "#d8c94a",
    "other": "#3a6ea5",
    BASE: GREY,
}
NAMES = {BASE: "before the first line"}


def byte_ticks(top: int) -> tuple[list[int], list[str]]:
    """Return the values and texts of three to six ticks from 0 to ``top`` bytes, a power of two apart."""
    step = 1 << max(math.floor(math.log2(max(top, 1) / 3)), 0) if top >= 3 else 1
    values = list(range(0, top + 1, step))
    return values, ["0"] + [bytes_text(value) for value in values[1:]]


def byte_axis(top: int, **more: Any) -> dict[str, Any]:
    """Return an axis of bytes up to ``top``, with a little room above."""
    values, texts = byte_ticks(top)
    room = {"range": [0, max(top, 1) * 1.16], "tickvals": values, "ticktext": texts}
    return quiet_axis(showgrid=True, gridcolor=FAINT, tickfont={"size": SIZE}, **room) | more
