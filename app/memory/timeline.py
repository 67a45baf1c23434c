"""The timeline: bytes by category over the run, on an axis of steps or of time. A click leads the player there."""

from __future__ import annotations

import html
import json
import pickle
import re

import plotly.graph_objects as go
import streamlit as st

from app import session
from app.charts import chart
from app.memory.state import PAGE, Shown, click
from components.figures.memory import (
    COLOURS,
    MEANING,
    MOST_COLUMNS,
    Axis,
    Timeline,
    blocks_csv,
    events_csv,
    timeline_figure,
    timeline_info,
)
from components.figures.text import bytes_text
from components.trace import Trace

_AXES: dict[Axis, str] = {"step": "lines", "time": "time"}


def choose_axis() -> Axis:
    """Let the person choose the axis."""
    found = st.segmented_control(
        "Axis",
        list(_AXES),
        default="step",
        key=f"{PAGE}:axis",
        required=True,
        format_func=lambda one: _AXES[one],
        label_visibility="collapsed",
    )
    return found or "step"


def colours() -> None:
    """Show what the categories mean, for somebody who meets them for the first time."""
    with st.popover("Colours", icon=":material/palette:"):
        rows = (_meaning(name, meaning) for name, meaning in MEANING.items() if name != "before")
        st.html(f'<div class="al-colours">{"".join(rows)}</div>')
        st.caption(
            "A block that is several of these counts as the first that fits. Sizes are those of PyTorch's allocator; "
            "1 KiB is 1,024 bytes, and a float32 number takes 4."
        )


def _meaning(name: str, meaning: str) -> str:
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(meaning))
    return f'<p><i style="background: {COLOURS[name]}"></i><span><b>{name}</b>: {words}</span></p>'


def show(shown: Shown, axis: Axis) -> None:
    """Show the timeline and the line that says what was measured."""
    window = _window(shown)
    known: tuple[Timeline, go.Figure] | None = shown.worked_out.get((axis, window))
    if known is None:
        info = timeline_info(shown.tables, shown.moments, axis, window)
        known = shown.worked_out[axis, window] = info, timeline_figure(info)
    info, figure = known
    with st.container(key=f"memory-timeline-{axis}"):  # look.css knows it
        chart(figure, f"{PAGE}:{shown.index.signature}:timeline:{axis}", click)
    st.html(f'<p class="al-note">{_measured(shown.index.trace, info)}</p>')


def _window(shown: Shown) -> tuple[int, int] | None:
    """Of more events than can be drawn, let the person choose a part to look at closely."""
    count = len(shown.tables.events)
    if count <= MOST_COLUMNS:
        return None
    key = f"{PAGE}:{shown.index.signature}:window"
    first, last = st.slider(
        f"Part of the run, of {count:,} events", 0, 100, (0, 100), key=key, format="%d %%", help=_CLOSER
    )
    if (first, last) == (0, 100):
        return None
    begin = min(first * count // 100, count - 2)
    return begin, max(last * count // 100 - 1, begin + 1)


_CLOSER = (
    f"The picture has at most {MOST_COLUMNS:,} columns: of each group of events the highest and the lowest. "
    "Choose a part to see all of its events."
)


def _measured(trace: Trace, info: Timeline) -> str:
    memory = trace.memory
    assert memory is not None
    line = f" in line {memory.peak_line}" if memory.peak_line is not None else ""
    said = [
        f"Peak <b>{bytes_text(memory.peak_bytes)}</b>{line}, {bytes_text(memory.final_bytes)} left at the end",
        f"measured by {html.escape(memory.source)}",
    ]
    if len(info.columns) < info.events:
        said.append(f"{len(info.columns):,} of {info.events:,} events drawn, all peaks among them")
    said += [f"cut after {cut.cap:,} events" for cut in trace.truncations if cut.observer == "memory"]
    if memory.device == "cpu" and not session.has_gpu():
        said.append("this server runs on the CPU; a trace recorded on a GPU can be opened above")
    elif memory.device == "cuda":
        said.append(f"recorded on {html.escape(trace.environment.device_name)}")
    return " · ".join(said)


def downloads(shown: Shown) -> None:
    """Show the buttons."""
    tables = shown.tables
    for word, name, make in (("events", "memory-events", events_csv), ("blocks", "memory-blocks", blocks_csv)):
        st.download_button(
            f"All {word} as CSV",
            lambda make=make: make(tables),  # type: ignore[misc]
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"{PAGE}:csv:{word}",
        )
    memory = shown.index.trace.memory
    if memory is not None and memory.cuda_snapshot is not None:
        snapshot = memory.cuda_snapshot
        st.download_button(
            "Allocator snapshot",
            lambda: pickle.dumps(json.loads(snapshot)),
            "memory_snapshot.pickle",
            "application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key=f"{PAGE}:snapshot",
            help="What `torch.cuda.memory._snapshot()` returned: drop it on PyTorch's page pytorch.org/memory_viz.",
        )
