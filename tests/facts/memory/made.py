"""Short ways to write down the memory of a run by hand: blocks are allocated and released on a tape."""

from __future__ import annotations

from typing import Any

import msgspec

from components.facts import TraceIndex
from components.facts.memory import MemoryIndex
from components.trace import Allocation, Category, CudaSample, Memory, MemoryEvent, Node, Step
from tests.figures import traces as t


class Tape:
    """Writes events and blocks; every event is 1,000 ns after the one before, the first at 1,000 ns."""

    def __init__(self, base: int = 0) -> None:
        self.base = self.total = base
        self.events: list[MemoryEvent] = []
        self.blocks: list[Allocation] = []

    def new(
        self,
        size: int,
        category: Category = "other",
        name: str | None = None,
        saved_by: tuple[str, ...] = (),
        operation: str | None = "aten::mul",
        **where: Any,
    ) -> int:
        """Allocate a block and return its number; ``where`` are fields of the event."""
        self.blocks.append(
            Allocation(
                bytes=size,
                category=category,
                operation=operation,
                name=name,
                saved_by=list(saved_by),
                allocated=len(self.events),
                released=None,
            )
        )
        self._event(len(self.blocks) - 1, size, where)
        return len(self.blocks) - 1

    def free(self, number: int, **where: Any) -> None:
        """Release a block."""
        fields = {name: getattr(self.blocks[number], name) for name in Allocation.__struct_fields__}
        self.blocks[number] = Allocation(**(fields | {"released": len(self.events)}))
        self._event(number, -self.blocks[number].bytes, where)

    def _event(self, number: int, delta: int, where: dict[str, Any]) -> None:
        self.total += delta
        known: dict[str, Any] = {"line": 1, "node": None, "step": 0}
        self.events.append(
            MemoryEvent(
                t_ns=1_000 * (len(self.events) + 1),
                delta_bytes=delta,
                category=self.blocks[number].category,
                total_bytes=self.total,
                allocation=number,
                **(known | where),
            )
        )

    def memory(self, cuda: list[CudaSample] | None = None, device: str = "cpu") -> Memory:
        """Return what is on the tape."""
        totals = [event.total_bytes for event in self.events]
        peak = totals.index(max(totals)) if totals else None
        return Memory(
            source="written by hand",
            device=device,
            baseline_bytes=self.base,
            peak_bytes=max(totals, default=self.base),
            peak_line=self.events[peak].line if peak is not None else None,
            peak_event=peak,
            final_bytes=self.total,
            duration_ns=1_000 * (len(self.events) + 1),
            events=self.events,
            allocations=self.blocks,
            cuda=cuda,
        )


def tables_of(tape: Tape, source: str = "x = 1\n", memory: Memory | None = None, **parts: Any) -> MemoryIndex:
    """Return the tables of a trace with the memory of a tape and other parts."""
    written = memory or tape.memory()
    trace = msgspec.structs.replace(t.make_trace(source, **parts), memory=written)
    return MemoryIndex(TraceIndex(trace), written)


def steps(*lines: int) -> list[Step]:
    """Return a step for each line, in order."""
    return [Step(index=index, line=line, variables={}, stdout=(0, 0)) for index, line in enumerate(lines)]


def nodes(*idents: str, line: int = 1) -> list[Node]:
    return [t.node(ident, "MulBackward0", line, step=0) for ident in idents]
