"""What a saved file shows where it is opened: a trace, or one step of a recorded training, which a person chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app import session, training
from app.uploads import OpenError, opened_recording, opened_trace, recorded_step
from components.facts.text import plural
from components.facts.training import Training
from components.facts.training import training as training_of
from components.reading import KeptTrace
from components.trace.recording import RecordedStep, RecordingFile
from components.widgets.panels import note_panel

ENDINGS = ["json", "trace"]
"""Of the files that can be opened."""


@dataclass
class Recorded:
    """The recording that was opened last in a place, and what stands for the trace of the step that is shown."""

    file: RecordingFile | None = None
    name: str = ""
    kept: KeptTrace | None = None
    step: int = 0
    training: Training | None = None
    """What its numbers say of all its steps, once somebody looks."""
    opened: int = 0
    """How many recordings were opened so far."""
    problem: str = ""


def opened(place: str, name: str, data: bytes) -> KeptTrace:
    """Return what stands for the trace in a file; of a recording, for that of its last step. Raises ``OpenError``."""
    recorded = session.remembered(Recorded, place)
    if not name.endswith(".trace"):
        trace = opened_trace(name, data)
        recorded.file = recorded.kept = None
        return session.keep(trace)
    file = opened_recording(name, data)
    kept = session.keep(recorded_step(name, file, file.steps[-1]))
    recorded.file, recorded.name, recorded.kept, recorded.step = file, name, kept, file.steps[-1]
    recorded.opened += 1
    recorded.problem, recorded.training = "", None
    return kept


def choose_step(place: str, shown: KeptTrace | None, show: Callable[[KeptTrace], None]) -> None:
    """Show which step of a recording is shown, and let a person choose another, which ``show`` gets.

    Nothing is shown once another program has run in this place.
    """
    recorded = session.remembered(Recorded, place)
    file = _shown(recorded, shown)
    if file is None:
        return
    if recorded.problem:
        note_panel(recorded.problem)
    if len(file.steps) > 1:
        key = f"{place}:step:{recorded.opened}"
        session.widgets()[key] = recorded.step
        st.select_slider(
            "Step of the training",
            file.steps,
            key=key,
            on_change=lambda: _go(recorded, session.widgets()[key], show),
        )
    st.caption(_about(file, recorded.step))
    for note in file.head.notes:
        note_panel(note.message)


def is_open(place: str, shown: KeptTrace | None) -> bool:
    """Return whether this trace is a step of the recording that was opened here."""
    return _shown(session.remembered(Recorded, place), shown) is not None


def show_training(place: str, shown: KeptTrace | None, show: Callable[[KeptTrace], None]) -> None:
    """Show the charts of a recorded training, if a step of one is shown; a press on a step gives ``show`` its trace."""
    recorded = session.remembered(Recorded, place)
    file = _shown(recorded, shown)
    if file is None or len(file.head.steps) < 2:
        return
    recorded.training = recorded.training or training_of(file.head)
    go = partial(_go, recorded, show=show)
    with st.container(key=f"{place}-training"):
        training.show(place, file.head, recorded.training, recorded.step, go, recorded.opened)


def _shown(recorded: Recorded, shown: KeptTrace | None) -> RecordingFile | None:
    """Return the recording of which a step is shown."""
    kept = recorded.kept
    return recorded.file if kept is not None and shown is not None and shown.number == kept.number else None


def _go(recorded: Recorded, step: int, show: Callable[[KeptTrace], None]) -> None:
    file = recorded.file
    if file is None:
        return
    try:
        kept = session.keep(recorded_step(recorded.name, file, step))
    except OpenError as problem:
        recorded.step, recorded.problem = step, str(problem)
        return
    recorded.step, recorded.kept, recorded.problem = step, kept, ""
    show(kept)


def _about(file: RecordingFile, step: int) -> str:
    """What is known of a step, in words."""
    head = file.head
    numbers = next(each for each in head.steps if each.step == step)
    parts = [f"Step {step:,} of {plural(head.seen, 'step')}", f"recorded every {head.every:,}", *_losses(numbers)]
    return " · ".join(parts)


def _losses(step: RecordedStep) -> list[str]:
    shown = ", ".join(loss if isinstance(loss, str) else f"{loss:.5g}" for loss in step.losses[:4])
    more = f" and {len(step.losses) - 4} more" if len(step.losses) > 4 else ""
    return [f"backward() on {shown}{more}"] if shown else []
