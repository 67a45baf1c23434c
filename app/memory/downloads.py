"""The timeline as files: its events and blocks as CSV, and what a GPU's allocator wrote down for PyTorch's viewer."""

from __future__ import annotations

import json
import pickle

import streamlit as st

from app.memory.state import PAGE, Shown
from components.figures.charts.spreadsheets import blocks_csv, events_csv


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
