"""The numbers of two runs side by side: nodes, passes, bytes, time, each with its difference and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...facts.saved_bytes import saved_bytes, whole_memory
from ...facts.text import bytes_text, number_text
from ...trace import Memory, Trace

Unit = Literal["count", "bytes", "ms"]
# The first call of an operation can take longer than everything that a short program does.
_TOO_SHORT_MS = 50
# No machine has as many bytes, and no run as many nanoseconds; a trace from a file can say so.
_MOST = 2**62


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
        """``−24 B (−50 %)``, ``the same``; a dash where it is not known; of short times no difference."""
        if self.difference is None:
            return "–"
        if self.unit == "ms" and min(self.left or 0, self.right or 0) < _TOO_SHORT_MS:
            return "too short to compare"
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
        kept = [sum(node.saved_bytes for node in trace.nodes) for trace in (left, right)]
        how = "sum over the nodes; what two nodes keep is counted twice"
        return (
            *rows,
            _bytes("saved for backward", kept[0], kept[1], how),
            _time(left.duration_ns, right.duration_ns, "one run each; times vary"),
        )
    one, other = memories
    where = one.source if one.source == other.source else f"{one.source}; {other.source}"
    return (
        *rows,
        _bytes("saved for backward", saved_bytes(left).size, saved_bytes(right).size, "each block once"),
        _bytes("peak memory", one.peak_bytes, other.peak_bytes, where),
        _bytes("memory at the end", one.final_bytes, other.final_bytes, where),
        _time(one.duration_ns, other.duration_ns, "one run each, under the profiler; times vary"),
    )


def _bytes(name: str, left: int, right: int, how: str) -> Quantity:
    one, other = (value if abs(value) < _MOST else None for value in (left, right))
    return Quantity(name, one, other, "bytes", how)


def _time(left: int, right: int, how: str) -> Quantity:
    one, other = (nanoseconds / 1e6 if abs(nanoseconds) < _MOST else None for nanoseconds in (left, right))
    return Quantity("time", one, other, "ms", how)


def _memories(left: Trace, right: Trace) -> tuple[Memory, Memory] | None:
    one, other = whole_memory(left), whole_memory(right)
    return (one, other) if one is not None and other is not None else None


def _passes(trace: Trace) -> int:
    return sum(not run.internal for run in trace.backwards)
