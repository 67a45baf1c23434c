"""Draws the Python calls that allocated what was alive: outer calls above inner ones, each as wide as its bytes.

Apart from the other pictures of memory because those go on after a click, and this one goes into the call itself.
"""

from __future__ import annotations

import plotly.graph_objects as go

from ...facts.memory.stacks import PROGRAM, StackPart, Stacks
from ...facts.text import bytes_text, plural
from .memory import COLOURS
from .style import SIZE, charted, escaped

_ROW = 26
_FEWEST_ROWS = 4
_ROOT = "all"
# The program's own calls stand out from PyTorch's; a block has the colour of its category.
_OWN, _OTHERS = "#c9d7f2", "#e4e7ec"
_INK = "#10151f"
_TOLD = "%{customdata}<extra></extra>"


def stacks_figure(info: Stacks) -> go.Figure:
    """Draw the tree. A click on a call makes it as wide as the picture, a click above it goes back."""
    levels = _levels(info)
    drawn = {
        "type": "icicle",
        "ids": [_ROOT, *(str(place) for place in range(len(info.parts)))],
        "parents": ["", *(_ROOT if part.outer is None else str(part.outer) for part in info.parts)],
        "labels": [f"{bytes_text(info.bytes)} alive", *(_label(part) for part in info.parts)],
        "values": [info.bytes, *(part.bytes for part in info.parts)],
        "customdata": [f"<b>{bytes_text(info.bytes)}</b> in all", *(_words(part) for part in info.parts)],
        "branchvalues": "total",
        "sort": False,
        "tiling": {"orientation": "v", "pad": 1},
        "marker": {"colors": [_OTHERS, *(_colour(part) for part in info.parts)], "line": {"width": 0}},
        "textfont": {"color": [_INK, *("#ffffff" if part.category == "other" else _INK for part in info.parts)]},
        "textposition": "middle left",
        "leaf": {"opacity": 1},
        "hovertemplate": _TOLD,
        "pathbar": {"visible": False},
    }
    return charted(
        [drawn],
        _ROW * max(levels + 1, _FEWEST_ROWS),
        uniformtext={"mode": "hide", "minsize": SIZE - 1},
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
    )


def _levels(info: Stacks) -> int:
    depths: list[int] = []
    for part in info.parts:
        depths.append(1 if part.outer is None else depths[part.outer] + 1)
    return max(depths, default=0)


def _label(part: StackPart) -> str:
    if part.category:
        return f"{escaped(part.name, 40)} · {bytes_text(part.bytes)}"
    if part.file != PROGRAM:
        return f"{escaped(part.name, 40)} · {escaped(part.file.rpartition('/')[2], 40)}"
    told = [] if part.name == "the program" and part.line is not None else [escaped(part.name, 40)]
    return " · ".join([*told, *([f"line {part.line}"] if part.line is not None else [])])


def _words(part: StackPart) -> str:
    held = f"<b>{bytes_text(part.bytes)}</b> in {plural(part.blocks, 'block')}"
    if part.category:
        return f"{escaped(part.name, 60)}<br>{held}, {part.category}"
    where = escaped(part.file, 80) if part.file != PROGRAM else "the program"
    where += f", line {part.line}" if part.line is not None else ""
    code = f"<br><i>{escaped(part.code, 80)}</i>" if part.code else ""
    return f"{escaped(part.name, 60)}<br>{where}{code}<br>{held}"


def _colour(part: StackPart) -> str:
    if part.category:
        return COLOURS[part.category]
    return _OWN if part.file == PROGRAM else _OTHERS
