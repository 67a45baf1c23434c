"""Two small charts below the Playground's toggles: ``.grad`` per press, the bytes that graphs hold over the presses.

They are as small as a stamp and stay where they are: nothing moves when a press is added, and only as many numbers are
written as have room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.gradients.amounts import Amount
from ...facts.presses import Held, Press, Presses
from ...facts.text import bytes_text, number_text
from . import style
from .gradient_calls import exact_text
from .scale import norm_or_row, value_or_row

HEIGHT = 128
ADDED, AFTER = "#56b4e9", "#0072b2"
KEPT, BUILT = "#e69f00", "#cc79a7"
_SIZE = 11
_MOST_PRESSES = 24
# So many presses have room from the start, so that the first bars do not move when another comes.
_ROOM = 3
# Past so many presses, or characters, only the bars of what .grad came to carry numbers; past more, only the last one.
_ALL_NUMBERS, _SOME_NUMBERS, _CHARACTERS = 3, 6, 4
_WORDS = {"failed": "stopped with an error", "not reached": "not reached"}


def grad_figure(presses: Presses | None, leaf: str) -> go.Figure:
    """Draw two bars for each press: what it added to a leaf's ``.grad``, and what that came to; norms of vectors."""
    if presses is None or not presses.presses or leaf not in presses.shapes:
        return _says("Press Backward" if presses is None or presses.leaves else "No leaf requires a gradient")
    shown = presses.presses[-_MOST_PRESSES:]
    measure = value_or_row if presses.is_number(leaf) else norm_or_row
    data: list[dict[str, Any]] = []
    for color, after in ((ADDED, False), (AFTER, True)):
        amounts = [press.grads[leaf].after if after else press.grads[leaf].added for press in shown]
        values = [measure(amount) if amount is not None else None for amount in amounts]
        texts = [_word(*one, after) for one in zip(amounts, values, shown, strict=True)]
        short = max(map(len, texts)) <= _CHARACTERS
        few = len(shown) <= (_ALL_NUMBERS if not after else _SOME_NUMBERS if short else _ALL_NUMBERS)
        few = few and (after or short)
        data.append(
            {
                "type": "bar",
                "x": [press.number for press in shown],
                "y": [value if isinstance(value, float) else 0.0 for value in values],
                "text": [text if few or (after and place == len(shown)) else "" for place, text in enumerate(texts, 1)],
                "customdata": [[_told(press), _said(amount)] for press, amount in zip(shown, amounts, strict=True)],
                "hovertemplate": f"%{{customdata[0]}}<br>{'.grad after it' if after else 'added'}: %{{customdata[1]}}"
                "<extra></extra>",
                "marker": {"color": color, "cornerradius": 2},
            }
            | _NUMBERS
        )
    heights = [height for trace in data for height in trace["y"]]
    return _small(data, shown, _room(heights), barmode="group", bargap=0.12, bargroupgap=0.0)


def held_figure(presses: Presses | None) -> go.Figure:
    """Draw the bytes held before the first press and after each: kept, built by ``create_graph``, freed."""
    if presses is None or not any(held.now for held in (presses.before, *(press.held for press in presses.presses))):
        return _says("The graph holds nothing" if presses is not None else "")
    shown = presses.presses[-_MOST_PRESSES:]
    bars = [(press.number, press.held) for press in shown]
    told = [_told(press) for press in shown]
    if len(shown) == len(presses.presses):
        bars.insert(0, (0, presses.before))
        told.insert(0, "<b>before the first press</b>")
    few = len(bars) <= _SOME_NUMBERS
    custom = [[words, _bytes_said(held)] for words, (_, held) in zip(told, bars, strict=True)]
    shared = {"x": [number for number, _ in bars], "customdata": custom, "hovertemplate": _HELD} | _NUMBERS
    outline = {"color": style.GREY, "width": 1}
    data: list[dict[str, Any]] = [
        shared | {"y": [held.kept for _, held in bars], "marker": {"color": KEPT, "cornerradius": 2}},
        shared | {"y": [held.added for _, held in bars], "marker": {"color": BUILT, "cornerradius": 2}},
        shared
        | {
            "y": [held.freed for _, held in bars],
            "marker": {
                "color": style.CLEAR,
                "line": outline,
                "cornerradius": 2,
                "pattern": {"shape": "/", "fgcolor": style.GREY, "size": 5, "solidity": 0.16},
            },
            "text": [
                bytes_text(held.now) if few or place == len(bars) - 1 else "" for place, (_, held) in enumerate(bars)
            ],
        },
    ]
    heights = [float(held.now + held.freed) for _, held in bars]
    return _small(data, shown, _room(heights), barmode="stack", bargap=0.42, first=bars[0][0])


_HELD = "%{customdata[0]}<br>%{customdata[1]}<extra></extra>"
_NUMBERS: style.Layout = {
    "type": "bar",
    "textposition": "outside",
    "cliponaxis": False,
    "constraintext": "none",
    "textangle": 0,
    "textfont": {"size": _SIZE},
}


def _small(
    data: Sequence[dict[str, Any]],
    shown: Sequence[Press],
    room: tuple[float, float],
    *,
    first: int | None = None,
    **more: Any,
) -> go.Figure:
    start = shown[0].number if first is None else first
    end = shown[-1].number if shown else 0
    every = style.nice_step((end - start + 1) / 7)
    ticks = {press.number: "zero" if press.kind == "zero" else str(press.number) for press in shown}
    ticks |= {0: "before"} if start == 0 else {}
    places = [place for place in ticks if every == 1 or place % every == 0]
    words = [ticks[place] if every == 1 else str(place) for place in places]
    return style.panels(
        data,
        HEIGHT,
        top=4,
        margin={"l": 2, "r": 2, "t": 4, "b": 18, "pad": 0},
        font={"size": _SIZE},
        dragmode=False,
        xaxis=style.axis(
            tickvals=places,
            ticktext=words,
            range=[start - 0.55, max(end, _ROOM) + 0.55],
            fixedrange=True,
            automargin=False,
            tickfont={"size": _SIZE},
            tickangle=0,
        ),
        yaxis={
            "visible": True,
            "showticklabels": False,
            "ticks": "",
            "showgrid": False,
            "zeroline": True,
            "zerolinecolor": style.GREY,
            "zerolinewidth": 1,
            "range": room,
            "fixedrange": True,
        },
        **more,
    )


def _room(heights: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis with room for a number at the end of each bar."""
    low, high = min(0.0, *heights), max(0.0, *heights)
    space = ((high - low) or 1.0) * 0.26
    return low - (space if low < 0 else 0.0), high + (space if high > 0 or low == 0 else 0.0)


def _says(text: str) -> go.Figure:
    nothing = {"visible": False}
    margin = {"l": 2, "r": 2, "t": 4, "b": 18}
    said = style.note(text, 0.5, 0.5, font={"size": _SIZE})
    return style.panels([], HEIGHT, margin=margin, xaxis=nothing, yaxis=nothing, dragmode=False, annotations=[said])


def _word(amount: Amount | None, value: object, press: Press, after: bool) -> str:
    """Return what stands at the end of a bar; of a press that does not add, nothing stands for what was added."""
    if amount is None:
        return "None" if after else "" if press.kind == "zero" else "0"
    return (
        number_text(value, 3) if isinstance(value, float) else style.bar_text(value if isinstance(value, str) else None)
    )


def _told(press: Press) -> str:
    """Return what a hover says of a press."""
    if press.kind == "zero":
        return f"<b>press {press.number}</b> · Zero grad"
    toggles = [name for name in ("retain_graph", "create_graph") if getattr(press, name)]
    words = [f"<b>press {press.number}</b>", "Backward", *toggles]
    if press.state != "done":
        words.append(_WORDS[press.state])
    return " · ".join(words)


def _said(amount: Amount | None) -> str:
    return "nothing" if amount is None else exact_text(amount)


def _bytes_said(held: Held) -> str:
    parts = [f"holds {held.now:,} B"]
    parts += [f"{held.added:,} B of them built by create_graph"] if held.added else []
    parts += [f"{held.freed:,} B freed"] if held.freed else []
    return "<br>".join(parts)
