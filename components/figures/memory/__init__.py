"""The Memory page: bytes over the run by category, what was alive when and why, what a change to the program saves.

``memory_tables`` reads the memory of a trace once; the ``..._info`` functions do the arithmetic, the figures only draw.
Each point that is drawn carries ``customdata`` that begins with an event (or -1) and a moment of the player's story
(or -1), so that a click can be followed to both.
"""

from components.figures.memory.alive import alive_figure, alive_info
from components.figures.memory.csv_tables import blocks_csv, events_csv
from components.figures.memory.engine_memory import engine_memory
from components.figures.memory.leaks import leaks
from components.figures.memory.moments import MemoryMoments
from components.figures.memory.outcomes import outcome
from components.figures.memory.records import Alive, Axis, EngineMemory, Holder, Leak, Outcome, Saved, Saver, Timeline
from components.figures.memory.saved import saved_figure, saved_info
from components.figures.memory.style import COLOURS
from components.figures.memory.tables import CATEGORIES, MemoryTables, memory_tables
from components.figures.memory.timeline import MOST_COLUMNS, timeline_info
from components.figures.memory.timeline_figure import timeline_figure
from components.figures.memory.words import MEANING, exact_bytes, signed

__all__ = [
    "CATEGORIES",
    "COLOURS",
    "MEANING",
    "MOST_COLUMNS",
    "Alive",
    "Axis",
    "EngineMemory",
    "Holder",
    "Leak",
    "MemoryMoments",
    "MemoryTables",
    "Outcome",
    "Saved",
    "Saver",
    "Timeline",
    "alive_figure",
    "alive_info",
    "blocks_csv",
    "engine_memory",
    "events_csv",
    "exact_bytes",
    "leaks",
    "memory_tables",
    "outcome",
    "saved_figure",
    "saved_info",
    "signed",
    "timeline_figure",
    "timeline_info",
]
