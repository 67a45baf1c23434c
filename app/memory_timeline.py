"""The timeline of the Memory page, bytes by category over the run, and what the page remembers of it.

A click on the timeline leads the player there.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import graph, session
from app.controls import chart, download, kept_one_of
from components.facts.memory.timeline import MOST_COLUMNS, Axis, Timeline
from components.facts.text import bytes_text
from components.figures.charts.memory import COLOURS, MEANING, timeline_figure
from components.reading import KeptTrace
from components.reading.memory_sections import (
    MemoryAbout,
    MemoryTold,
    all_blocks,
    all_events,
    memory_told,
    snapshot,
    timeline,
)
from components.widgets.panels import Markup, joined, with_code

PAGE = "memory"
# The key of the control that says at which moment to look.
AT = f"{PAGE}:at"


@dataclass
class MemoryState:
    """What the page remembers."""

    shown: KeptTrace | None = None
    clicked: int | None = None
    """The event of memory that was clicked last."""
    at: str = "peak"
    """What the control ``AT`` said last: Streamlit forgets it in a run that does not show the control."""


def memory_state() -> MemoryState:
    """Return what this session's Memory page remembers."""
    return session.remembered(MemoryState, PAGE)


def told() -> MemoryTold:
    """Return what is known of the memory of the trace that the page shows; another one forgets what was clicked."""
    state, shown = memory_state(), session.shown(PAGE)
    if state.shown is not shown:
        state.shown, state.clicked, state.at = shown, None, "peak"
        session.widgets().pop(AT, None)
        graph.stop_leading(PAGE)
    return session.look(PAGE, memory_told)


def own(name: str) -> str:
    """A widget's key for the program that is shown alone: its choices mean nothing in another."""
    shown = session.shown(PAGE)
    return f"{PAGE}:{shown.head.signature if shown is not None else ''}:{name}"


def click(custom: list[Any]) -> None:
    """Follow a click on a point of a figure, whose custom data begin with an event and a moment, or -1."""
    event, moment = custom[0], custom[1]
    if isinstance(event, int) and event >= 0:
        memory_state().clicked = event
        session.widgets()[AT] = "clicked"
    if isinstance(moment, int) and moment >= 0:
        graph.lead(PAGE, moment)


_AXES: dict[str, str] = {"step": "lines", "time": "time"}


def choose_axis() -> Axis:
    """Let the person choose the axis."""
    return "time" if kept_one_of("Axis", _AXES, f"{PAGE}:axis", _AXES.__getitem__) == "time" else "step"


def colours() -> None:
    """Show what the categories mean, for somebody who meets them for the first time."""
    with st.popover("Colours", icon=":material/palette:"):
        rows = joined(_meaning(name, meaning) for name, meaning in MEANING.items() if name != "before")
        st.html(Markup('<div class="al-colours">{}</div>').format(rows))
        st.caption(
            "A block that is several of these counts as the first that fits. Sizes are those of PyTorch's allocator; "
            "1 KiB is 1,024 bytes, and a float32 number takes 4."
        )


def _meaning(name: str, meaning: str) -> Markup:
    return Markup('<p><i style="background: {}"></i><span><b>{}</b>: {}</span></p>').format(
        COLOURS[name], name, with_code(meaning)
    )


def show(about: MemoryAbout, axis: Axis) -> None:
    """Show the timeline and the line that says what was measured."""
    info = session.look(PAGE, timeline, axis, _window(about))
    with st.container(key=f"memory-timeline-{axis}"):  # look.css knows it
        chart(timeline_figure(info), own(f"timeline:{axis}"), click)
    st.html(Markup('<p class="al-note">{}</p>').format(_measured(about, info)))


def _window(about: MemoryAbout) -> tuple[int, int] | None:
    """Of more events than can be drawn, let the person choose a part to look at closely."""
    count = about.events
    if count <= MOST_COLUMNS:
        return None
    key = own("window")
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


def _measured(about: MemoryAbout, info: Timeline) -> Markup:
    line = f" in line {about.peak_line}" if about.peak_line is not None else ""
    said = [
        Markup("Peak <b>{}</b>{}, {} left at the end").format(
            bytes_text(about.peak_bytes), line, bytes_text(about.final_bytes)
        ),
        f"measured by {about.source}",
    ]
    if len(info.columns) < info.events:
        said.append(f"{len(info.columns):,} of {info.events:,} events drawn, all peaks among them")
    said += [f"cut after {cap:,} events" for cap in about.cuts]
    if about.device == "cpu" and not session.has_gpu():
        said.append("this server runs on the CPU; a trace recorded on a GPU can be opened above")
    elif about.device == "cuda":
        said.append(f"recorded on {about.device_name}")
    return joined(said, " · ")


def downloads(about: MemoryAbout) -> None:
    """Show the buttons that save the timeline: as CSV, and what a GPU's allocator wrote down for PyTorch's viewer."""
    look = session.looking(PAGE)
    download("All events as CSV", lambda: look(all_events), "memory-events.csv", f"{PAGE}:csv:events")
    download("All blocks as CSV", lambda: look(all_blocks), "memory-blocks.csv", f"{PAGE}:csv:blocks")
    if about.has_snapshot:
        download(
            "Allocator snapshot",
            lambda: pickle.dumps(json.loads(look(snapshot))),
            "memory_snapshot.pickle",
            f"{PAGE}:snapshot",
            help="What `torch.cuda.memory._snapshot()` returned: drop it on PyTorch's page pytorch.org/memory_viz.",
        )
