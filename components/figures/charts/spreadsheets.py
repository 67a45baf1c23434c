"""Tables for spreadsheets and notebooks: exact numbers, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from ...facts.gradients import History, LeafChange
from ...facts.gradients.amounts import Amount
from ...facts.memory import MemoryIndex
from ...facts.memory.stacks import stack_text
from ...facts.modules import ModuleTable
from ...facts.numbers import elements, exact
from .style import one_line

_GRADIENTS = "call,line,cause,backward,variable,index,added,grad_after"
_EVENTS = "event,t_ns,step,line,backward,node,delta_bytes,category,total_bytes,block,operation,name"
_BLOCKS = "block,bytes,category,name,operation,line,code,node,saved_by,allocated,released,calls"
_MODULES = (
    "module,class,calls,parameters,frozen,parameter_bytes,activation_bytes,saved_bytes,gradient_norm,update_to_weight,"
    "forward_ns,backward_ns,line"
)
# What a spreadsheet would take for a formula, also behind what it strips.
_FORMULA = ("=", "+", "-", "@", "|", "%")


def gradients_csv(history: History) -> str:
    """Return one row for each element of each change.

    A call has rows for the leaves that it changed; of the others ``.grad`` stays as it was. ``index`` is like
    ``[0, 2]``, empty for the one number of a tensor without dimensions. Where numbers were not recorded, what is known
    of them is in rows whose index is ``norm``, ``min |g|``, ``mean |g|`` or ``max |g|``. A ``.grad`` that is ``None``
    is ``None`` in one row.
    """
    return _written(_GRADIENTS, _changes(history))


def events_csv(memory: MemoryIndex) -> str:
    """Return one row for each event of memory; ``block`` is a row of ``blocks_csv``. Times are in nanoseconds."""
    return _written(_EVENTS, map(_harmless_row, _events(memory)))


def blocks_csv(memory: MemoryIndex) -> str:
    """Return one row for each block; ``allocated`` and ``released`` are events, ``saved_by`` nodes with their ids.

    ``calls`` are the Python calls that allocated it, where they were recorded.
    """
    return _written(_BLOCKS, map(_harmless_row, _blocks(memory)))


def modules_csv(table: ModuleTable) -> str:
    """Return one row for each module, with all that is inside of it; empty is what is not known."""
    rows = (
        (
            row.path,
            row.kind,
            row.calls,
            row.parameters,
            row.frozen,
            row.parameter_bytes,
            row.activations,
            row.saved,
            row.gradient_norm,
            row.update_ratio,
            row.forward,
            row.backward,
            row.line,
        )
        for row in table.rows
    )
    return _written(_MODULES, map(_harmless_row, rows))


def harmless(text: str) -> str:
    """Return a stranger's text as a spreadsheet shows it; with an apostrophe before what it would compute."""
    text = one_line(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _harmless_row(row: Sequence[object]) -> list[object]:
    return [harmless(cell) if isinstance(cell, str) else cell for cell in row]


def _written(columns: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    text.write(f"{columns}\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _changes(history: History) -> Iterator[Sequence[object]]:
    changes = [(change, leaf.label) for leaf in history.leaves for change in leaf.changes]
    for change, name in sorted(changes, key=lambda pair: pair[0].call):
        call = history.call(change.call)
        run = call.backward or "" if change.cause == "backward" else ""
        for index, added, after in _elements(change):
            yield call.number, call.line, change.cause, harmless(run), harmless(name), index, added, after


def _elements(change: LeafChange) -> Iterator[tuple[str, str, str]]:
    # Of a ``.grad`` that is None nothing is left of which there could be a number each.
    added, after, missing = _cells(change.added), _cells(change.after), "None" if change.after is None else ""
    for index in dict.fromkeys((*added, *after)) or [""]:
        yield index, added.get(index, ""), after.get(index, missing)


def _cells(amount: Amount | None) -> dict[str, str]:
    if amount is None:
        return {}
    if amount.values is not None:
        return {index: exact(value) for index, value in elements(amount.values)}
    sizes = {"norm": amount.norm, "min |g|": amount.smallest, "mean |g|": amount.mean, "max |g|": amount.largest}
    return {name: exact(size) for name, size in sizes.items() if size is not None} or {"not recorded": ""}


def _events(memory: MemoryIndex) -> Iterator[Sequence[object]]:
    for place, event in enumerate(memory.events):
        block = memory.blocks[event.allocation]
        yield (
            place,
            event.t_ns,
            event.step,
            event.line,
            event.backward,
            _node(memory, event.node),
            event.delta_bytes,
            event.category,
            event.total_bytes,
            event.allocation,
            block.operation,
            block.name,
        )


def _blocks(memory: MemoryIndex) -> Iterator[Sequence[object]]:
    for place, block in enumerate(memory.blocks):
        birth = memory.birth(place)
        yield (
            place,
            block.bytes,
            block.category,
            block.name,
            block.operation,
            birth.line,
            memory.index.code(birth.line),
            _node(memory, birth.node),
            " ".join(filter(None, (_node(memory, node) for node in block.saved_by))),
            block.allocated,
            block.released,
            stack_text(memory, place),
        )


def _node(memory: MemoryIndex, node: str | None) -> str | None:
    known = memory.index.nodes.get(node or "")
    return None if known is None else f"{known.name}({known.id})"
