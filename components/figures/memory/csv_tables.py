"""The events and the blocks as tables for spreadsheets and notebooks: bytes as whole numbers, times in nanoseconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from ..gradients.csv_rows import harmless
from .tables import MemoryTables

EVENT_COLUMNS = (
    "event",
    "t_ns",
    "step",
    "line",
    "backward",
    "node",
    "delta_bytes",
    "category",
    "total_bytes",
    "block",
    "operation",
    "name",
)
BLOCK_COLUMNS = (
    "block",
    "bytes",
    "category",
    "name",
    "operation",
    "line",
    "code",
    "node",
    "saved_by",
    "allocated",
    "released",
)


def events_csv(tables: MemoryTables) -> str:
    """Return one row for each event; ``block`` is a row of ``blocks_csv``."""
    return _written(EVENT_COLUMNS, _events(tables))


def blocks_csv(tables: MemoryTables) -> str:
    """Return one row for each block; ``allocated`` and ``released`` are events, ``saved_by`` nodes with their ids."""
    return _written(BLOCK_COLUMNS, _blocks(tables))


def _events(tables: MemoryTables) -> Iterator[Sequence[object]]:
    for place, event in enumerate(tables.events):
        block = tables.blocks[event.allocation]
        yield (
            place,
            event.t_ns,
            event.step,
            event.line,
            event.backward,
            _node(tables, event.node),
            event.delta_bytes,
            event.category,
            event.total_bytes,
            event.allocation,
            block.operation,
            block.name,
        )


def _blocks(tables: MemoryTables) -> Iterator[Sequence[object]]:
    for place, block in enumerate(tables.blocks):
        birth = tables.birth(place)
        yield (
            place,
            block.bytes,
            block.category,
            block.name,
            block.operation,
            birth.line,
            tables.index.code(birth.line),
            _node(tables, birth.node),
            " ".join(filter(None, (_node(tables, node) for node in block.saved_by))),
            block.allocated,
            block.released,
        )


def _node(tables: MemoryTables, node: str | None) -> str | None:
    known = tables.index.nodes.get(node or "")
    return None if known is None else f"{known.name}({known.id})"


def _written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()
