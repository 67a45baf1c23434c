"""The Memory page: bytes over the run by category, what was alive when and why, what a change to the program saves.

``memory_tables`` reads the memory of a trace once; the ``..._info`` functions do the arithmetic, the figures only draw.
Each point that is drawn carries ``customdata`` that begins with an event (or -1) and a moment of the player's story
(or -1), so that a click can be followed to both.
"""

from .alive import alive_figure, alive_info
from .engine_memory import engine_memory
from .leaks import leaks
from .outcomes import outcome
from .records import Alive, Axis, EngineMemory, Holder, Leak, Outcome, Saved, Saver, Timeline
from .saved import saved_figure, saved_info
from .style import COLOURS
from .tables import CATEGORIES, MemoryTables, memory_tables
from .timeline import MOST_COLUMNS, timeline_info
from .timeline_figure import timeline_figure
from .words import MEANING, exact_bytes, signed

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
    "MemoryTables",
    "Outcome",
    "Saved",
    "Saver",
    "Timeline",
    "alive_figure",
    "alive_info",
    "engine_memory",
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
