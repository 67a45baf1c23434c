"""Lines over the calls, one for each leaf: what each call added beside what ``.grad`` came to.

Only changes are drawn, so that hundreds of calls and dozens of leaves stay light: a level line carries ``.grad``
forward to the next change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from .. import chart_style
from . import style
from .records import Amount, Call, Change, LeafHistory
from .scale import Row, Scale, scale_of
from .words import escaped, exact, kind_of_parameter, size_text, where

Measure = Callable[[Amount | None], float | Row | None]
_MANY_POINTS = 2_000
_MANY_LEAVES = 10
_MOST_LEAVES = 100
_MANY_CALLS = 60
_FADED = 0.14
_BROKEN = ("NaN", "inf")
_MOST_NAMES = 3


def lines_figure(
    calls: Sequence[Call],
    leaves: Sequence[LeafHistory],
    measure: Measure,
    titles: tuple[str, str],
    *,
    highlight: str | None = None,
    log: bool | None = None,
) -> go.Figure:
    """Draw the leaves, or the first of very many; ``highlight`` is the origin of one that stands out."""
    shown = [leaf for place, leaf in enumerate(leaves) if place < _MOST_LEAVES or _stands_for(leaf, highlight)]
    values = [
        measure(amount)
        for leaf in shown
        for change in leaf.changes
        for amount in ((change.after,) if change.added is None else (change.added, change.after))
    ]
    scale = scale_of(values, log)
    data = _traces(calls, shown, measure, scale, highlight, brief=len(values) > _MANY_POINTS)
    (left, right), cut = style.halves(), len(shown) < len(leaves)
    many = len(shown) > _MANY_LEAVES
    above = f"{len(shown)} of {len(leaves):,} leaves" if cut else style.only_name(leaves)
    return style.figure(
        data,
        style.layout(
            500 if many else 380,
            **style.titled(titles, above),
            xaxis=style.call_axis(calls, domain=left),
            xaxis2=style.call_axis(calls, domain=right, matches="x", anchor="y"),
            yaxis=scale.axis(),
            showlegend=len(shown) > 1,
            legend=style.legend(below=many),
            hoverdistance=24,
        ),
    )


def _stands_for(leaf: LeafHistory, origin: str | None) -> bool:
    return origin is not None and (leaf.origin == origin or any(change.tensor == origin for change in leaf.changes))


def _traces(
    calls: Sequence[Call],
    leaves: Sequence[LeafHistory],
    measure: Measure,
    scale: Scale,
    highlight: str | None,
    brief: bool,
) -> list[dict[str, Any]]:
    told = [_briefly(call) if brief else style.call_words(call) for call in calls]
    stairs = len(leaves) <= _MANY_LEAVES and len(calls) <= _MANY_CALLS
    data: list[dict[str, Any]] = []
    for number, leaf in enumerate(leaves):
        look = _look(number, leaf, len(leaves), len(calls), highlight)
        texts = [[exact_text(amount, brief) for amount in (change.added, change.after)] for change in leaf.changes]
        data.append(look | _added(leaf, measure, scale, told, texts) | {"xaxis": "x", "showlegend": False})
        data.append(look | _after(leaf, measure, scale, told, texts, stairs) | {"xaxis": "x2"})
        # Where a line goes on without a change there is no mark.
        marked = data[-1].pop("marked")
        data[-1]["marker"] = look["marker"] | {"size": [look["marker"]["size"] * one for one in marked]}
    if scale.place("None") is not None:
        data.append(_gone(leaves, scale, told))
    # What is drawn last is on top.
    data.sort(key=lambda trace: trace.get("legendrank", 1_000) == 1)
    return data


def _look(number: int, leaf: LeafHistory, count: int, calls: int, highlight: str | None) -> dict[str, Any]:
    chosen = _stands_for(leaf, highlight)
    many = count > _MANY_LEAVES or calls > _MANY_CALLS
    bias = count > len(chart_style.COLOURS) and kind_of_parameter(leaf.name) == "bias"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": escaped(leaf.label, 28),
        "legendgroup": str(number),
        "legendrank": 1 if chosen else 1_000,
        "line": {
            "color": style.colour(number, count),
            "width": 3 if chosen else 1.3 if many else 2,
            "dash": "dot" if bias else "solid",
        },
        "marker": {
            "size": 9 if chosen else 4 if many else 7,
            "symbol": "diamond" if bias else "circle",
            "opacity": 1,
            "line": {"width": 0},
        },
        "opacity": _FADED if highlight is not None and not chosen else 1,
        "connectgaps": False,
        "cliponaxis": False,
    }


def _briefly(call: Call) -> str:
    """What a hover says of a call where it would be said thousands of times."""
    return f"<b>{call.label}</b> · {where(call.line)}"


def exact_text(amount: Amount | None, brief: bool = False) -> str:
    """Return the exact number of a gradient with one element, else the exact norm and what else is known of sizes."""
    if amount is None:
        return "None"
    value = amount.values
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is not None and not isinstance(value, list):
        return exact(value)
    norm = f"norm {exact(amount.norm)}" if amount.norm is not None else "norm not recorded"
    return norm if brief and not (amount.nan or amount.inf) else f"{norm}<br>{size_text(amount)}"


def _added(
    leaf: LeafHistory, measure: Measure, scale: Scale, told: list[str], texts: list[list[str]]
) -> dict[str, Any]:
    x: list[int] = []
    y: list[float | None] = []
    custom: list[list[object]] = []
    for change, (text, _) in zip(leaf.changes, texts, strict=True):
        if change.cause != "backward" or change.added is None:
            continue
        value = measure(change.added)
        alone = value in _BROKEN
        row: list[object] = [change.call, text, told[change.call - 1]]
        places = [None, scale.place(value), None] if alone else [scale.place(value)]
        x += [change.call] * len(places)
        y += places
        custom += [row] * len(places)
    said = f"{escaped(leaf.label)}: added"
    return {"x": x, "y": y, "customdata": custom, "hovertemplate": _hover(said)}


def _after(
    leaf: LeafHistory,
    measure: Measure,
    scale: Scale,
    told: list[str],
    texts: list[list[str]],
    stairs: bool,
) -> dict[str, Any]:
    points: list[tuple[int, float | None, bool, list[object]]] = []
    for place, (change, until) in enumerate(_spans(leaf.changes, len(told))):
        row: list[object] = [change.call, texts[place][1], told[change.call - 1]]
        measured = measure(change.after)
        if points and (measured in _BROKEN or leaf.is_new(place) or not stairs):
            points.append((change.call, None, False, row))
        if change.after is not None:
            value = scale.place(measured)
            points.append((change.call, value, True, row))
            # What it came to lasts until the next change.
            if until > change.call:
                points.append((until, value, False, row))
        if change.after is None or measured in _BROKEN:
            points.append((until, None, False, row))
    x, y, marked, custom = ([point[part] for point in points] for part in range(4))
    said = f"{escaped(leaf.label)}.grad ="
    return {"x": x, "y": y, "customdata": custom, "hovertemplate": _hover(said), "marked": marked}


def _gone(leaves: Sequence[LeafHistory], scale: Scale, told: list[str]) -> dict[str, Any]:
    """The calls after which a ``.grad`` is ``None``: one mark each, for however many leaves."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    for leaf in leaves:
        for change in leaf.changes:
            if change.after is None:
                names[change.call].append(leaf.label)
    place = scale.place("None")
    custom = []
    for call in sorted(names):
        more = f" and {len(names[call]) - _MOST_NAMES} more" if len(names[call]) > _MOST_NAMES else ""
        said = ", ".join(f"{escaped(name)}.grad" for name in names[call][:_MOST_NAMES])
        custom.append([call, f"{said}{more}", told[call - 1]])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": sorted(names),
        "y": [place] * len(names),
        "xaxis": "x2",
        "marker": {"symbol": "x", "size": 5, "color": chart_style.GREY},
        "customdata": custom,
        "hovertemplate": "%{customdata[2]}<br>%{customdata[1]} = None<extra></extra>",
        "showlegend": False,
        "cliponaxis": False,
    }


def _hover(said: str) -> str:
    return f"%{{customdata[2]}}<br>{said} %{{customdata[1]}}<extra></extra>"


def _spans(changes: Sequence[Change], last: int) -> Iterator[tuple[Change, int]]:
    """Yield each change with the call up to which what it left lasts."""
    for place, change in enumerate(changes):
        yield change, changes[place + 1].call if place + 1 < len(changes) else last
