"""Draws how gradients flow: the size of each leaf's at one call, and those of named results in an engine run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from ...facts.gradients.amounts import Amount, size_text
from ...facts.gradients.flow import FlowRow, GradientFlow, Intermediate, Intermediates, Parameter
from ...facts.numbers import exact
from . import style
from .gradient_calls import Measure, call_words, exact_text
from .scale import Row, Scale, norm_or_row, scale_of, value_or_row
from .style import escaped

_LOOKS: dict[Parameter, tuple[str, str, str]] = {
    "weight": ("weights", style.COLOURS[0], "circle"),
    "bias": ("biases", style.COLOURS[1], "diamond"),
    "other": ("other leaves", style.COLOURS[2], "square"),
}
_LONGEST = 34
_MOST_ROWS = 400


def flow_figure(flow: GradientFlow | None) -> go.Figure:
    """Draw one row a leaf: from the smallest to the largest magnitude, with a mark at the mean."""
    if flow is None or not flow.rows:
        return style.empty("No call has changed a .grad yet.")
    rows = flow.rows[:_MOST_ROWS]
    scale = scale_of([value for row in rows for value in _values(row)], log=True)
    data = [trace for kind in _LOOKS for trace in _traces(flow, rows, kind, scale)]
    what = "added by this call" if flow.of == "added" else "in .grad after this call"
    more = f" · the first {_MOST_ROWS} of {len(flow.rows)} leaves" if len(flow.rows) > _MOST_ROWS else ""
    labels = [escaped(row.label, _LONGEST) for row in rows]
    return style.panels(
        data,
        max(len(rows) * 22, 60) + 130,
        style.HEADED,
        xaxis=scale.axis(side="bottom", title=style.axis_title("smallest – mean – largest |g|")),
        yaxis=style.axis(range=[len(rows) - 0.5, -0.5], tickvals=list(range(len(rows))), ticktext=labels),
        annotations=[style.heading(f"<b>{flow.call.label}</b> · |g| {what}{more}")],
        showlegend=True,
        legend=style.legend() | {"y": 1, "yanchor": "bottom", "x": 0},
    )


def _values(row: FlowRow) -> list[float | Row | None]:
    amount = row.amount
    if amount is None:
        return []
    known: list[float | Row | None] = ["NaN"] if amount.nan else []
    known += ["inf"] if amount.inf else []
    return known + [size for size in (amount.smallest, amount.mean, amount.largest) if size is not None]


def _traces(flow: GradientFlow, rows: tuple[FlowRow, ...], kind: Parameter, scale: Scale) -> list[dict[str, Any]]:
    """A line from the smallest to the largest, a mark at the mean, marks for what is not finite."""
    name, colour, symbol = _LOOKS[kind]
    mine = [(place, row, row.amount) for place, row in enumerate(rows) if row.parameter == kind]
    own = [(place, row, amount) for place, row, amount in mine if amount is not None]
    if not own:
        return []
    told = call_words(flow.call)
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
        ill.append(f"{row.illness}, beside the layers at the loss")
    return "<br>".join([said, *ill])


# --- inside the graph


_MOST_BARS = 60


def intermediate_figure(runs: Sequence[Intermediates]) -> go.Figure:
    """Draw one bar a tensor and engine run: the gradient where all have one element, else its norm.

    The first two entries of ``customdata`` are the engine run's id and the moment of the player's story.
    """
    known = [(run, [row for row in run.rows if row.amount is not None]) for run in runs]
    labels = _merged([row.label for row in rows] for _, rows in known)
    if not labels:
        return style.empty("No named tensor between the leaves and the output had a gradient that is known.")
    shown = {label: place for place, label in enumerate(labels[:_MOST_BARS])}
    single = all(math.prod(row.shape) == 1 for _, rows in known for row in rows)
    measure: Measure = value_or_row if single else norm_or_row
    scale = scale_of([measure(row.amount) for _, rows in known for row in rows], log=False if single else None)
    data = [
        _bars(run, [row for row in rows if row.label in shown], shown, number, len(runs), measure, scale)
        for number, (run, rows) in enumerate(known)
    ]
    style.drop_crowded_numbers(data, len(shown) * len(known))
    cut = f" · {_MOST_BARS} of {len(labels)}" if len(labels) > _MOST_BARS else ""
    title = ("gradient" if single else "‖ gradient ‖") + " of each named tensor, as the engine came to it" + cut
    words = [escaped(label, 24) for label in shown]
    return style.panels(
        data,
        360,
        style.HEADED,
        barmode="group",
        bargap=style.bar_gap(len(words) * len(known)),
        xaxis=style.axis(tickvals=list(range(len(words))), ticktext=words, autotickangles=[0, -60]),
        yaxis=scale.axis(0.12, zeroline=True),
        annotations=[style.heading(title)],
        showlegend=len(known) > 1,
        legend=style.legend() | {"y": 1},
    )


def _merged(runs: Iterable[Sequence[str]]) -> list[str]:
    """Return every label once, each run's in its order: what is new stands before what comes next in its run."""
    merged: list[str] = []
    for labels in runs:
        known, place = set(merged), len(merged)
        for label in reversed(labels):
            if label in known:
                place = merged.index(label)
            else:
                merged.insert(place, label)
    return merged


def _bars(
    run: Intermediates,
    rows: Sequence[Intermediate],
    places: dict[str, int],
    number: int,
    count: int,
    measure: Measure,
    scale: Scale,
) -> dict[str, Any]:
    values = [measure(row.amount) for row in rows]
    custom = [[run.run, row.moment, escaped(row.label), exact_text(row.amount), escaped(row.note, 120)] for row in rows]
    return {
        "type": "bar",
        "name": escaped(run.label),
        "x": [places[row.label] for row in rows],
        "y": [scale.place(value) for value in values],
        "text": [style.bar_text(value) for value in values],
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
        "marker": {"color": style.colour(number, count), "cornerradius": 3},
        "customdata": custom,
        "hovertemplate": (
            f"<b>%{{customdata[2]}}</b> in {escaped(run.label)}<br>%{{customdata[3]}}"
            f"<br>{escaped(run.text, 120)}<br><i>%{{customdata[4]}}</i><extra></extra>"
        ),
    }
