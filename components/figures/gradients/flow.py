"""How a gradient flows through a model: at one call, how large it is in each leaf, from the first layer to the last."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from ...facts.gradient_health import EXPLODING, VANISHING, Illness
from .. import chart_style
from . import style
from .amounts import finite
from .history import in_order_of_use
from .records import Amount, Call, History
from .scale import Row, Scale, scale_of
from .words import escaped, exact, kind_of_parameter, size_text

Parameter = Literal["weight", "bias", "other"]
_LOOKS: dict[Parameter, tuple[str, str, str]] = {
    "weight": ("weights", chart_style.COLOURS[0], "circle"),
    "bias": ("biases", chart_style.COLOURS[1], "diamond"),
    "other": ("other leaves", chart_style.COLOURS[2], "square"),
}
_LONGEST = 34
_MOST_ROWS = 400


@dataclass(frozen=True)
class FlowRow:
    """One leaf; ``amount`` is ``None`` where the call gave it nothing. ``illness`` is by the root mean square."""

    label: str
    parameter: Parameter
    amount: Amount | None
    illness: Illness | None = None


@dataclass(frozen=True)
class Flow:
    """The leaves as the program first computes with them; ``of`` says what was measured: what ``call`` added, or
    ``.grad`` after it, where the call is none of ``backward()``."""

    call: Call
    of: Literal["added", "after"]
    rows: tuple[FlowRow, ...]


def flow_info(history: History, call: int) -> Flow | None:
    """Return the flow at the call of that number, ``None`` if there is no such call.

    Leaves that never had a gradient by then are left out; one that this call passed by has no amount.
    """
    if not 1 <= call <= len(history.calls):
        return None
    at = history.call(call)
    of: Literal["added", "after"] = "added" if at.cause == "backward" else "after"
    rows = []
    for leaf in in_order_of_use(history.leaves):
        state = leaf.at(call)
        if not leaf.changes or leaf.changes[0].call > call:
            continue
        amount = state.after if of == "after" else state.change.added if state.change is not None else None
        rows.append(FlowRow(leaf.label, kind_of_parameter(leaf.name), amount, illness_of(amount)))
    return Flow(at, of, tuple(rows))


def illness_of(amount: Amount | None) -> Illness | None:
    """Return what is wrong with a gradient, by the conventions of ``gradient_health``."""
    if amount is None:
        return None
    if amount.nan or amount.inf:
        return "nan" if amount.nan else "inf"
    count = finite(math.prod(amount.shape)) or 0.0
    if not amount.norm or count <= 0:
        return None
    root = amount.norm / math.sqrt(count)
    return "exploding" if root >= EXPLODING else "vanishing" if root <= VANISHING else None


def flow_figure(flow: Flow | None) -> go.Figure:
    """Draw one row a leaf: from the smallest to the largest magnitude, with a mark at the mean."""
    if flow is None or not flow.rows:
        return style.empty("No call has changed a .grad yet.")
    rows = flow.rows[:_MOST_ROWS]
    scale = scale_of([value for row in rows for value in _values(row)], log=True)
    data = [trace for kind in _LOOKS for trace in _traces(flow, rows, kind, scale)]
    what = "added by this call" if flow.of == "added" else "in .grad after this call"
    more = f" · the first {_MOST_ROWS} of {len(flow.rows)} leaves" if len(flow.rows) > _MOST_ROWS else ""
    labels = [escaped(row.label, _LONGEST) for row in rows]
    return style.figure(
        data,
        style.layout(
            max(len(rows) * 22, 60) + 130,
            style.HEADED,
            xaxis=scale.axis(side="bottom", title=style.axis_title("smallest – mean – largest |g|")),
            yaxis=style.axis(range=[len(rows) - 0.5, -0.5], tickvals=list(range(len(rows))), ticktext=labels),
            annotations=[style.heading(f"<b>{flow.call.label}</b> · |g| {what}{more}"), *_limits(scale, words=True)],
            shapes=_limits(scale, words=False),
            showlegend=True,
            legend=style.legend() | {"y": 1, "yanchor": "bottom", "x": 0},
        ),
    )


def _values(row: FlowRow) -> list[float | Row | None]:
    amount = row.amount
    if amount is None:
        return []
    known: list[float | Row | None] = ["NaN"] if amount.nan else []
    known += ["inf"] if amount.inf else []
    return known + [size for size in (amount.smallest, amount.mean, amount.largest) if size is not None]


def _traces(flow: Flow, rows: tuple[FlowRow, ...], kind: Parameter, scale: Scale) -> list[dict[str, Any]]:
    """A line from the smallest to the largest, a mark at the mean, marks for what is not finite."""
    name, colour, symbol = _LOOKS[kind]
    mine = [(place, row, row.amount) for place, row in enumerate(rows) if row.parameter == kind]
    own = [(place, row, amount) for place, row, amount in mine if amount is not None]
    if not own:
        return []
    told = style.call_words(flow.call)
    lines: list[tuple[float | None, int, list[object]]] = []
    marks: list[tuple[float | None, int, list[object]]] = []
    for place, row, amount in own:
        custom: list[object] = [flow.call.number, f"<b>{escaped(row.label)}</b><br>{_said(row, amount)}"]
        ends = amount.smallest if amount.smallest is not None else amount.mean, amount.largest
        if None not in ends:
            lines += [*((scale.place(end), place, custom) for end in ends), (None, place, custom)]
        middle = amount.mean if amount.mean is not None else amount.largest
        marks += [(scale.place(middle), place, custom)] if middle is not None else []
        marks += [(scale.place(value), place, custom) for value in _values(row) if isinstance(value, str)]
    common = {"type": "scatter", "legendgroup": kind, "cliponaxis": False}
    # Plotly selects no lines on a click: a line that is hovered would stand before the mark that can be.
    look = {"color": colour, "width": 6}
    line = {"mode": "lines", "line": look, "opacity": 0.55, "showlegend": False, "hoverinfo": "skip"}
    mark = {"mode": "markers", "name": name, "marker": {"color": colour, "symbol": symbol, "size": 10}}
    mark["hovertemplate"] = _hover(told)
    return [common | line | _points(lines), common | mark | _points(marks)]


def _points(points: list[tuple[float | None, int, list[object]]]) -> dict[str, Any]:
    x, y, custom = ([point[part] for point in points] for part in range(3))
    return {"x": x, "y": y, "customdata": custom}


def _hover(told: str) -> str:
    return f"%{{customdata[1]}}<br>{told}<extra></extra>"


def _said(row: FlowRow, amount: Amount) -> str:
    known = (("smallest", amount.smallest), ("mean", amount.mean), ("largest", amount.largest), ("norm", amount.norm))
    said = "<br>".join(f"{name} {exact(size)}" for name, size in known if size is not None) or size_text(amount)
    ill = [f"{count:,} {word}" for count, word in ((amount.nan, "NaN"), (amount.inf, "infinite")) if count]
    if row.illness in ("exploding", "vanishing"):
        limit = f"above {EXPLODING:g}" if row.illness == "exploding" else f"below {VANISHING:g}"
        ill.append(f"{row.illness}: root mean square {limit}")
    return "<br>".join([said, *ill])


def _limits(scale: Scale, words: bool) -> list[dict[str, Any]]:
    """Where gradients are said to vanish or explode: a faint line, and its word, if the axis comes so far."""
    found = []
    for word, limit in (("vanishing", VANISHING), ("exploding", EXPLODING)):
        place = math.log10(limit)
        if not scale.low <= place <= scale.high:
            continue
        if words:
            # On the side of the line that has room.
            right = place < (scale.low + scale.high) / 2
            side = {"xanchor": "left" if right else "right", "xshift": 4 if right else -4}
            text = {"text": word, "opacity": 0.7, "showarrow": False, "yanchor": "bottom"}
            found.append(text | side | {"x": place, "y": 0, "xref": "x", "yref": "paper"})
        else:
            line = {"color": chart_style.GREY, "width": 1.5, "dash": "dot"}
            ends = {"x0": limit, "x1": limit, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
            found.append({"type": "line", "line": line, "layer": "below"} | ends)
    return found
