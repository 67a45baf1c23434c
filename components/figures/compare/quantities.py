"""The numbers of two runs side by side: nodes, passes, bytes, time, each with its difference and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.figures.text import bytes_text, number_text
from components.trace import Memory, Trace

Unit = Literal["count", "bytes", "ms"]


@dataclass(frozen=True)
class Quantity:
    """One number of each side, ``None`` where it is not known. ``measured`` says where it comes from."""

    name: str
    left: float | None
    right: float | None
    unit: Unit
    measured: str

    @property
    def difference(self) -> float | None:
        """Right minus left."""
        return None if self.left is None or self.right is None else self.right - self.left

    @property
    def percent(self) -> float | None:
        """The difference in percent of the left one, ``None`` where that is zero or one of them is not known."""
        return None if self.difference is None or not self.left else 100 * self.difference / self.left

    def text(self, value: float | None) -> str:
        """``1.5 KiB``, ``12``, ``3.2 ms``; a dash where it is not known."""
        if value is None:
            return "–"
        if self.unit == "bytes":
            return bytes_text(int(value))
        return f"{number_text(value)} ms" if self.unit == "ms" else f"{value:,.0f}"

    @property
    def difference_text(self) -> str:
        """``−24 B (−50 %)``, ``the same``; a dash where it is not known."""
        if self.difference is None:
            return "–"
        if not self.difference:
            return "the same"
        sign = "+" if self.difference > 0 else "−"
        part = self.percent
        percent = "" if part is None else f" ({sign}{number_text(abs(part), 3)} %)"
        return f"{sign}{self.text(abs(self.difference))}{percent}"


def compare_quantities(left: Trace, right: Trace) -> tuple[Quantity, ...]:
    """Return the numbers of two runs. What both have measured in the better way is compared in that way."""
    memories = _memories(left, right)
    rows = [
        Quantity("nodes", len(left.nodes), len(right.nodes), "count", "autograd nodes that the program built"),
        Quantity("backward passes", _passes(left), _passes(right), "count", "runs of the engine by the program"),
    ]
    if memories is None:
        one_kept, other_kept = (sum(node.saved_bytes for node in trace.nodes) for trace in (left, right))
        how = "sum over the nodes; what two nodes keep is counted twice"
        return (
            *rows,
            Quantity("saved for backward", one_kept, other_kept, "bytes", how),
            Quantity("time", left.duration_ns / 1e6, right.duration_ns / 1e6, "ms", "one observed run; times vary"),
        )
    one, other = memories
    where = one.source if one.source == other.source else f"{one.source}; {other.source}"
    return (
        *rows,
        Quantity("saved for backward", _saved(one), _saved(other), "bytes", f"each block once; {where}"),
        Quantity("peak memory", one.peak_bytes, other.peak_bytes, "bytes", where),
        Quantity("memory at the end", one.final_bytes, other.final_bytes, "bytes", where),
        Quantity(
            "time", one.duration_ns / 1e6, other.duration_ns / 1e6, "ms", "one run under the profiler; times vary"
        ),
    )


def _memories(left: Trace, right: Trace) -> tuple[Memory, Memory] | None:
    return (left.memory, right.memory) if left.memory is not None and right.memory is not None else None


def _passes(trace: Trace) -> int:
    return sum(not run.internal for run in trace.backwards)


def _saved(memory: Memory) -> int:
    return sum(block.bytes for block in memory.allocations if block.saved_by)
