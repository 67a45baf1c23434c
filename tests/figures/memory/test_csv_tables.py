"""The CSV files: every event, every block, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io

from components.figures.charts.spreadsheets import blocks_csv, events_csv
from tests.figures.memory.made import Tape, nodes, steps, tables_of


def test_events_and_blocks_hang_together() -> None:
    tape = Tape()
    block = tape.new(16, "saved", "=h()", saved_by=("n0",), line=1, step=0, node="n0")
    tape.free(block, line=1, step=0)
    tables = tables_of(tape, "h = x, 1\n", nodes=nodes("n0"), steps=steps(1))
    events = list(csv.DictReader(io.StringIO(events_csv(tables))))
    assert [(one["event"], one["t_ns"], one["delta_bytes"], one["total_bytes"], one["block"]) for one in events] == [
        ("0", "1000", "16", "16", "0"),
        ("1", "2000", "-16", "0", "0"),
    ]
    (row,) = csv.DictReader(io.StringIO(blocks_csv(tables)))
    assert row == {
        "block": "0",
        "bytes": "16",
        "category": "saved",
        "name": "'=h()",
        "operation": "aten::mul",
        "line": "1",
        "code": "h = x, 1",
        "node": "MulBackward0(n0)",
        "saved_by": "MulBackward0(n0)",
        "allocated": "0",
        "released": "1",
    }
