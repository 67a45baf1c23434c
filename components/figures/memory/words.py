"""The texts of the Memory page: categories in plain words, what an event did, why a block is held."""

from __future__ import annotations

from ...facts.text import bytes_text, line_text
from ...trace import Allocation, Node
from ..charts.style import escaped
from .tables import MemoryTables

BASE = "before"
# What each category is, for somebody who meets it for the first time.
MEANING = {
    "leaf": "Tensors that you made with `requires_grad=True`, such as the weights of a model.",
    "saved": "Results that the graph keeps, because `backward()` needs them to compute gradients. "
    "Once the graph is freed, what a variable still holds is other.",
    "gradient": "What `backward()` wrote into a `.grad`.",
    "optimizer": "What an optimizer remembers between its steps, such as Adam's averages.",
    "temporary": "Scratch memory: allocated and released again within one line, or within one call of `backward()`.",
    "other": "Everything else that a variable holds: data, targets, results, buffers.",
    BASE: "Allocated before the first line of the program.",
}
_MOST_SAVERS = 2
_EXACT = 10_000


def signed(count: int) -> str:
    """Return ``+4 KiB`` or ``−4 KiB``."""
    return f"{'−' if count < 0 else '+'}{bytes_text(abs(count))}"


def exact_bytes(count: int) -> str:
    """Return ``4,000 B``: to the byte where that is short, so that it can be checked by counting numbers."""
    return f"{count:,} B" if abs(count) < _EXACT else bytes_text(count)


def short_operation(operation: str | None) -> str:
    """Return PyTorch's name of an operation without its namespace: ``sin`` for ``aten::sin``."""
    return (operation or "").rpartition("::")[2].partition("#")[0]


def label_of(block: Allocation) -> str:
    """Return what a block is called: its variable, else the operation that asked for it."""
    return block.name or short_operation(block.operation) or "not named"


def run_label(tables: MemoryTables, run: str | None) -> str:
    """Return ``backward() 2``: the engine run by the number that the trace's list gives it; empty for none."""
    known = tables.runs.get(run or "")
    return "" if known is None else f"{known.call}() {tables.run_number(known.id)}"


def event_words(tables: MemoryTables, event: int, count: int = 1) -> str:
    """Return what a hover says of an event, safe to draw; ``count`` is how many events the point stands for."""
    happened = tables.events[event]
    block = tables.blocks[happened.allocation]
    did = "allocated" if happened.delta_bytes >= 0 else "released"
    what = [f"<b>{exact_bytes(abs(happened.delta_bytes))} {did}</b> · {happened.category}"]
    names = [escaped(block.name, 40)] if block.name is not None else []
    names += [escaped(block.operation, 40)] if block.operation else []
    node = tables.index.nodes.get(happened.node or "")
    names += [escaped(node.name, 40)] if node is not None and node.name != block.operation else []
    if names:
        what.append(" · ".join(names))
    run = run_label(tables, happened.backward)
    what.append(line_text(happened.line) + (f", in {run}" if run else ""))
    code = tables.index.code(happened.line)
    if code:
        what.append(f"<i>{escaped(code, 70)}</i>")
    what.append(f"in all {exact_bytes(happened.total_bytes)}")
    if count > 1:
        what.append(f"one of {count:,} events here")
    return "<br>".join(what)


def savers_words(nodes: list[Node]) -> str:
    """Return ``MulBackward0 (line 5) and 2 more``."""
    shown = [f"{node.name} ({line_text(node.line)})" for node in nodes[:_MOST_SAVERS]]
    more = f" and {len(nodes) - _MOST_SAVERS} more" if len(nodes) > _MOST_SAVERS else ""
    return f"{', '.join(shown)}{more}"


def unseen_saver(tables: MemoryTables) -> str:
    """Say what holds the blocks of category ``saved`` that no node of the record has saved."""
    calls = "checkpoint" in tables.index.trace.program.source
    return "kept by checkpoint" if calls else "kept by a graph that no variable showed"


def why_held(tables: MemoryTables, block: int, event: int) -> str:
    """Return why a block was still held after an event, in one plain sentence without a full stop."""
    allocation = tables.blocks[block]
    name, category = allocation.name, allocation.category
    keepers = tables.keepers(block, event)
    saved = f"saved by {savers_words(keepers)}" if keepers else ""
    if category == "leaf":
        return f"leaf {name}" if name else "a leaf of the graph"
    if category == "gradient":
        return f"gradient {name}" if name else "a gradient"
    if category == "optimizer":
        return f"optimizer state {name}" if name else "optimizer state"
    if category == "temporary":
        node = tables.index.nodes.get(tables.birth(block).node or "")
        inside = tables.birth(block).backward is not None and node is not None
        return f"temporary of {node.name}" if inside and node is not None else "temporary of this line's operation"
    if name and not name.endswith("]"):
        name = f"variable {name}"
    if saved:
        return f"{saved}; also {name}" if name else saved
    if category == "saved" and not allocation.saved_by:
        return unseen_saver(tables) + (f"; also {name}" if name else "")
    if allocation.saved_by:
        return f"{name}; what had saved it is freed" if name else "its node is freed; it goes next"
    return name or "held by PyTorch itself, or by a graph that no variable showed"
