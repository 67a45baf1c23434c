"""Leaves over the calls: bars for a few of one element, else lines; what each call added beside what ``.grad`` came to.

Of lines only changes are drawn, so that hundreds of calls and dozens of leaves stay light: a level line carries
``.grad`` forward to the next change. Each point that is drawn carries ``customdata`` whose first entry is the number of
its call, so that a click can be followed to the moment of the player's story.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.gradients import GradientCall, History, LeafChange, LeafHistory, LeafState, in_order_of_use, variables
from ...facts.gradients.amounts import Amount, size_text
from ...facts.gradients.flow import kind_of_parameter
from ...facts.numbers import exact
from ...facts.text import line_text, some_of
from . import style
from .scale import Row, Scale, norm_or_row, scale_of, value_or_row
from .style import escaped

Measure = Callable[[Amount | None], float | Row | None]
_MANY_POINTS = 2_000
_MANY_LEAVES = 10
_MOST_LABELS = 8
_MOST_LEAVES = 100
_MANY_CALLS = 60
_FADED = 0.14
_BROKEN = ("NaN", "inf")
_MOST_NAMES = 3
# Bars of one panel, past which leaves are drawn as lines, and past which words on bars stand upright.
_MOST_BARS = 90
_UPRIGHT = 16
_CARRIED, _UNSELECTED = 0.45, 0.25
_TITLES = ("added by each call", ".grad after it")


def scalar_figure(history: History, highlight: str | None = None) -> go.Figure:
    """Draw every leaf of one element; ``highlight`` is the origin of one that stands out among lines."""
    leaves = [leaf for leaf in variables(history) if leaf.kind == "scalar"]
    if not leaves or not history.calls:
        return style.empty("No call has changed a .grad yet." if leaves else "No leaf has one element.")
    bars = len(leaves) * len(history.calls)
    if bars > _MOST_BARS:
        changed = [leaf for leaf in leaves if leaf.changes]
        return lines_figure(history.calls, changed, value_or_row, _TITLES, highlight=highlight, log=False)
    return _bars_figure(history.calls, leaves)


def norm_figure(history: History, highlight: str | None = None) -> go.Figure:
    """Draw the norms, on a logarithm if they span much; ``highlight`` is the origin of a leaf that stands out.

    A click on a name in the legend shows that leaf alone.
    """
    leaves = in_order_of_use([leaf for leaf in variables(history) if leaf.changes])
    if not leaves:
        return style.empty("No call has changed a .grad yet.")
    titles = ("‖ added by each call ‖", "‖ .grad after it ‖")
    return lines_figure(history.calls, leaves, norm_or_row, titles, highlight=highlight)


def call_axis(calls: Sequence[GradientCall], **more: Any) -> style.Layout:
    """Return the x axis of the calls: each with its label where they are few, else a number here and there."""
    ends = {"range": [0.5, len(calls) + 0.5], "autotickangles": [0, -60]} | more
    if len(calls) <= _MOST_LABELS:
        words = [call.label.replace(" ", "<br>") for call in calls]
        return style.axis(tickvals=[call.number for call in calls], ticktext=words, **ends)
    every = style.nice_step(len(calls) / 6)
    ticks = [1, *range(every, len(calls) + 1, every)] if every > 1 else [call.number for call in calls]
    return style.axis(tickvals=ticks, ticktext=[str(tick) for tick in ticks], title=style.axis_title("call"), **ends)


def call_words(call: GradientCall) -> str:
    """Return what a hover says of a call, safe to draw: its label, its text, its line of code."""
    code = f"<br><i>{escaped(call.code, 90)}</i>" if call.code else ""
    return f"<b>{call.label}</b> · {escaped(call.text, 120) or line_text(call.line)}{code}"


def brief_words(call: GradientCall) -> str:
    """What a hover says of a call where it would be said thousands of times."""
    return f"<b>{call.label}</b> · {line_text(call.line)}"


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


def _only_name(leaves: Sequence[LeafHistory]) -> str:
    """Return the heading of a figure without a legend: the one leaf's name; of several leaves, nothing."""
    return f"<b>{escaped(leaves[0].label, 48)}</b>" if len(leaves) == 1 else ""


def _two_panels(
    data: Sequence[dict[str, Any]], height: int, calls: Sequence[GradientCall], titles: style.Layout, **more: Any
) -> go.Figure:
    """Return two panels over the calls, which move together."""
    left, right = style.HALVES
    across: style.Layout = {
        "xaxis": call_axis(calls, domain=left),
        "xaxis2": call_axis(calls, domain=right, matches="x", anchor="y"),
    }
    return style.panels(data, height, **titles, **across, **more)


# --- bars


def _bars_figure(calls: Sequence[GradientCall], leaves: Sequence[LeafHistory]) -> go.Figure:
    told = [call_words(call) for call in calls]
    bars = len(calls) * len(leaves)
    data: list[dict[str, Any]] = []
    for number, leaf in enumerate(leaves):
        states = list(leaf.states())
        look = {
            "type": "bar",
            "name": escaped(leaf.label, 28),
            "legendgroup": str(number),
            "textposition": "outside",
            "cliponaxis": False,
            "constraintext": "none",
            "textangle": -90 if bars > _UPRIGHT else 0,
            "textfont": {"size": style.SIZE},
            # Where opacities are a list, Plotly stumbles over a click that selects, unless it is told these.
            "selected": {"marker": {"opacity": 1}},
            "unselected": {"marker": {"opacity": _UNSELECTED}},
        }
        for panel, after in (("x", False), ("x2", True)):
            trace = _bars(leaf, states, after, told)
            marker = {"color": style.colour(number, len(leaves)), "opacity": trace.pop("opacity"), "cornerradius": 3}
            data.append(look | trace | {"xaxis": panel, "showlegend": after, "marker": marker})
    style.drop_crowded_numbers(data, bars)
    return _two_panels(
        data,
        340,
        calls,
        style.titled(_TITLES, _only_name(leaves)),
        barmode="group",
        bargap=style.bar_gap(bars),
        bargroupgap=0.08,
        yaxis=scale_of((height for trace in data for height in trace["y"]), log=False).axis(0.14, zeroline=True),
        showlegend=len(leaves) > 1,
        legend=style.legend(),
    )


def _bars(leaf: LeafHistory, states: Sequence[LeafState], after: bool, told: Sequence[str]) -> dict[str, Any]:
    """One bar a call; a bar of no height carries the word for what has none."""
    rows: list[tuple[int, float, str, list[object], float]] = []
    for state in states:
        change = state.change
        amount = state.after if after else change.added if change is not None else None
        if not after and amount is None:
            continue
        value = value_or_row(amount)
        custom: list[object] = [state.call, exact_text(amount), told[state.call - 1]]
        text = style.bar_text(value)
        height = value if isinstance(value, int | float) else 0.0
        rows.append((state.call, height, text, custom, 1.0 if change is not None or not after else _CARRIED))
    x, y, texts, customs, opacities = ([row[part] for row in rows] for part in range(5))
    name = escaped(leaf.label)
    said = f"{name}.grad = " if after else f"{name}: added "
    return {
        "x": x,
        "y": y,
        "text": texts,
        "customdata": customs,
        "opacity": opacities,
        "hovertemplate": f"%{{customdata[2]}}<br>{said}%{{customdata[1]}}<extra></extra>",
    }


# --- lines


def lines_figure(
    calls: Sequence[GradientCall],
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
    many = len(shown) > _MANY_LEAVES
    above = f"{len(shown)} of {len(leaves):,} leaves" if len(shown) < len(leaves) else _only_name(leaves)
    return _two_panels(
        data,
        500 if many else 380,
        calls,
        style.titled(titles, above),
        yaxis=scale.axis(),
        showlegend=len(shown) > 1,
        legend=style.legend(below=many),
        hoverdistance=24,
    )


def _stands_for(leaf: LeafHistory, origin: str | None) -> bool:
    return origin is not None and (leaf.origin == origin or any(change.tensor == origin for change in leaf.changes))


def _traces(
    calls: Sequence[GradientCall],
    leaves: Sequence[LeafHistory],
    measure: Measure,
    scale: Scale,
    highlight: str | None,
    brief: bool,
) -> list[dict[str, Any]]:
    told = [brief_words(call) if brief else call_words(call) for call in calls]
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
    bias = count > len(style.COLOURS) and kind_of_parameter(leaf.name) == "bias"
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
        row: list[object] = [change.call, text, told[change.call - 1]]
        places = [None, scale.place(value), None] if value in _BROKEN else [scale.place(value)]
        x += [change.call] * len(places)
        y += places
        custom += [row] * len(places)
    return {"x": x, "y": y, "customdata": custom, "hovertemplate": _hover(f"{escaped(leaf.label)}: added")}


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
        said = some_of([f"{escaped(name)}.grad" for name in names[call]], _MOST_NAMES)
        custom.append([call, said, told[call - 1]])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": sorted(names),
        "y": [place] * len(names),
        "xaxis": "x2",
        "marker": {"symbol": "x", "size": 5, "color": style.GREY},
        "customdata": custom,
        "hovertemplate": "%{customdata[2]}<br>%{customdata[1]} = None<extra></extra>",
        "showlegend": False,
        "cliponaxis": False,
    }


def _hover(said: str) -> str:
    return f"%{{customdata[2]}}<br>{said} %{{customdata[1]}}<extra></extra>"


def _spans(changes: Sequence[LeafChange], last: int) -> Iterator[tuple[LeafChange, int]]:
    """Yield each change with the call up to which what it left lasts."""
    for place, change in enumerate(changes):
        yield change, changes[place + 1].call if place + 1 < len(changes) else last
