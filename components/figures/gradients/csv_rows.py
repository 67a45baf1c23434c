"""The history as a table for spreadsheets and notebooks: exact numbers, one row for each element of each change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from .amounts import elements
from .records import Amount, Call, Change, History
from .words import exact, index_text, one_line

COLUMNS = ("call", "line", "cause", "backward", "variable", "index", "added", "grad_after")
# What a spreadsheet would take for a formula, also behind what it strips.
_FORMULA = ("=", "+", "-", "@", "|", "%")
Cells = dict[str, str]


def csv_rows(history: History) -> str:
    """Return the table as text.

    A call has rows for the leaves that it changed; of the others ``.grad`` stays as it was. ``index`` is like
    ``[0, 2]``, empty for the one number of a tensor without dimensions. Where numbers were not recorded, what is known
    of them is in rows whose index is ``norm``, ``min |g|``, ``mean |g|`` or ``max |g|``. A ``.grad`` that is ``None``
    is ``None`` in one row.
    """
    changes = [(change, leaf.label) for leaf in history.leaves for change in leaf.changes]
    changes.sort(key=lambda pair: pair[0].call)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for change, name in changes:
        call = history.call(change.call)
        line = "" if call.line is None else call.line
        for index, added, after in _elements(change):
            row = (call.number, line, change.cause, _backward(call, change), harmless(name), index, added, after)
            writer.writerow(row)
    return text.getvalue()


def _backward(call: Call, change: Change) -> str:
    return harmless(call.backward or "") if change.cause == "backward" else ""


def _elements(change: Change) -> Iterator[tuple[str, str, str]]:
    added, after = _cells(change.added), _cells(change.after)
    if change.after is None:
        # Nothing is left of which there could be a number each.
        after = {}
    for index in dict.fromkeys((*added, *after)) or [""]:
        missing = "None" if change.after is None else ""
        yield index, added.get(index, ""), after.get(index, missing)


def _cells(amount: Amount | None) -> Cells:
    if amount is None:
        return {}
    if amount.values is not None:
        return {index_text(index): exact(value) for index, value in elements(amount.values)}
    known = (
        ("norm", amount.norm),
        ("min |g|", amount.smallest),
        ("mean |g|", amount.mean),
        ("max |g|", amount.largest),
    )
    return {name: exact(size) for name, size in known if size is not None} or {"not recorded": ""}


def harmless(text: str) -> str:
    """Return a stranger's text as a spreadsheet shows it; with an apostrophe before what it would compute."""
    text = one_line(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
