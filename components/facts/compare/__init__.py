"""The comparison of two programs in one line, and everything that a page shows of them, worked out once.

The numbers of two runs (nodes, engine runs, bytes, time) each say where they were measured; what was printed is
compared line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...trace import Failure, Trace
from ..index import TraceIndex
from ..saved_bytes import saved_bytes, whole_memory
from ..text import bytes_text, number_text, plural
from .drift import Drifts, drifts
from .graphs import GraphComparison, compare_graphs
from .matching import SearchBudget, by_occurrence, longest_common
from .results import Compared, Results, compare_results

Unit = Literal["count", "bytes", "ms"]
_MOST_NAMES = 3
_LONGEST = 100
_MOST_LINES = 400
# The first call of an operation can take longer than everything that a short program does.
_TOO_SHORT_MS = 50
# No machine has as many bytes, and no run as many nanoseconds; a trace from a file can say so.
_MOST = 2**62


@dataclass(frozen=True)
class Comparison:
    """Two programs side by side; ``verdict`` says it in one line."""

    verdict: str
    quantities: tuple[RunQuantity, ...]
    graphs: GraphComparison
    results: Results
    printed: Printed
    drift: Drifts | None = None
    """How far the numbers are apart, where the sides computed on other devices or in other dtypes."""


def compare(left: TraceIndex, right: TraceIndex) -> Comparison:
    """Compare two traces; about linear in them where they are alike."""
    quantities = compare_quantities(left.trace, right.trace)
    results = compare_results(left, right)
    printed = compare_printed(left.trace.stdout, right.trace.stdout)
    drift = drifts(left, right)
    ended = _ended(left.trace, right.trace)
    said = [ended or (drift.text if drift is not None else "")]
    if not said[0] or (ended and drift is None):
        said.append(_results_told(results, printed, ended=bool(ended)))
    if not ended:
        said.append(_bytes_apart(quantities))
    verdict = f"{'; '.join(filter(None, said))}."
    return Comparison(verdict, quantities, compare_graphs(left, right), results, printed, drift)


def _results_told(results: Results, printed: Printed, *, ended: bool) -> str:
    # Gradients, which the page is about, before tensors; of a program that stopped the other values say little.
    apart = _gradients_apart(results) + ([] if ended else _apart(results.tensors))
    return _listed(apart) or ("" if ended else _same(results, printed))


def _ended(left: Trace, right: Trace) -> str:
    """Say which side stopped; empty where both ran to their ends."""
    stopped = [
        f"{side} {_how(trace.failure)}" + (f" in line {trace.failure.line}" if trace.failure.line is not None else "")
        for side, trace in (("left", left), ("right", right))
        if trace.failure is not None
    ]
    if len(stopped) == 1:
        stopped.append(f"{'right' if left.failure is not None else 'left'} ran to its end")
    text = ", ".join(stopped)
    return text[:1].upper() + text[1:]


def _how(failure: Failure) -> str:
    """``stopped with RuntimeError``, ``was stopped``, ``ran longer than 10 seconds and was stopped``."""
    if failure.kind != "timeout":
        return f"stopped with {failure.error_type or failure.kind.replace('_', ' ')}"
    # A person's Stop and the limits on a run's time are one kind of failure; only their messages tell them apart.
    limit = failure.message.removeprefix("The program ").removesuffix(".")
    return limit if limit.startswith(("ran longer", "used more")) and len(limit) < _LONGEST else "was stopped"


def _gradients_apart(results: Results) -> list[str]:
    """Say of each gradient that differs what it is on the left, and on the right; one of both leaves may have none."""
    both = {row.name for row in results.tensors if not row.state.startswith("only")}
    alone = [
        f"{row.name}: {row.left or 'none'} against {row.right or 'none'}"
        for row in results.gradients
        if row.state.startswith("only")
        and row.name.removesuffix(".grad") in both
        and {row.left, row.right} != {"", "None"}
    ]
    return [*_apart(results.gradients), *alone]


def _apart(rows: tuple[Compared, ...]) -> list[str]:
    return [f"{row.name}{_against(row)}" for row in rows if row.state == "different"]


def _against(row: Compared) -> str:
    if row.left != row.right:
        return f": {row.left} against {row.right}"
    if row.largest:
        return f" differs by up to {row.largest_text}"
    return f" differs: {row.note}" if row.note else " differs"


def _listed(apart: list[str]) -> str:
    more = len(apart) - _MOST_NAMES
    return "; ".join(apart[:_MOST_NAMES]) + (f"; {more:,} more differ" if more > 0 else "")


def _same(results: Results, printed: Printed) -> str:
    rows = (*results.tensors, *results.gradients)
    compared = [row for row in rows if not row.state.startswith("only")]
    if not compared:
        if printed.left or printed.right:
            return "Same output" if printed.same else "Different output"
        return "No result in common"
    states = {row.state for row in compared}
    output = "" if printed.same else ", different output"
    if states == {"unknown"}:
        return f"No result could be compared{output}"
    rounding = " up to rounding" if "rounding" in states else ""
    partly = " as far as they were compared" if states & {"alike", "unknown"} else ""
    return f"Same results{rounding}{partly}{output}"


def _bytes_apart(quantities: tuple[RunQuantity, ...]) -> str:
    """Say what the right side needs more or less: bytes kept for backward, at the peak, at the end."""
    apart = {one.name: one.difference for one in quantities}
    kept = _more(apart["saved for backward"], "more", "less")
    said = [f"right keeps {kept} for backward"] if kept else []
    if apart["saved for backward"] == 0:
        said.append("as much kept for backward")
    if apart.get("peak memory") is not None:
        peak, end = _more(apart["peak memory"], "higher", "lower"), _more(apart["memory at the end"], "more", "less")
        said.append(f"peak {peak}" if peak else "the same peak")
        if end and not kept and not peak:
            said.append(f"but right ends with {end}")
    return ", ".join(said)


def _more(difference: float | None, above: str, below: str) -> str:
    """``24 B less``, empty where there is no difference."""
    return f"{bytes_text(int(abs(difference)))} {above if difference > 0 else below}" if difference else ""


# --- numbers


@dataclass(frozen=True)
class RunQuantity:
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


def compare_quantities(left: Trace, right: Trace) -> tuple[RunQuantity, ...]:
    """Return the numbers of two runs. What both have measured in the better way is compared in that way."""
    one, other = whole_memory(left), whole_memory(right)
    rows = [
        RunQuantity("nodes", len(left.nodes), len(right.nodes), "count", "autograd nodes that the program built"),
        RunQuantity("backward passes", _passes(left), _passes(right), "count", "runs of the engine by the program"),
    ]
    if one is None or other is None:
        kept = [sum(node.saved_bytes for node in trace.nodes) for trace in (left, right)]
        how = "sum over the nodes; what two nodes keep is counted twice"
        return (
            *rows,
            _bytes("saved for backward", kept[0], kept[1], how),
            _time(left.duration_ns, right.duration_ns, "one run each; times vary"),
        )
    where = one.source if one.source == other.source else f"{one.source}; {other.source}"
    return (
        *rows,
        _bytes("saved for backward", saved_bytes(left).size, saved_bytes(right).size, "each block once"),
        _bytes("peak memory", one.peak_bytes, other.peak_bytes, where),
        _bytes("memory at the end", one.final_bytes, other.final_bytes, where),
        _time(one.duration_ns, other.duration_ns, "one run each, under the profiler; times vary"),
    )


def _bytes(name: str, left: int, right: int, how: str) -> RunQuantity:
    one, other = (value if abs(value) < _MOST else None for value in (left, right))
    return RunQuantity(name, one, other, "bytes", how)


def _time(left: int, right: int, how: str) -> RunQuantity:
    one, other = (nanoseconds / 1e6 if abs(nanoseconds) < _MOST else None for nanoseconds in (left, right))
    return RunQuantity("time", one, other, "ms", how)


def _passes(trace: Trace) -> int:
    return sum(not run.internal for run in trace.backwards)


# --- what was printed


@dataclass(frozen=True)
class PrintedLine:
    """A line that was printed; ``same`` is whether the other side printed it too, at that place."""

    text: str
    same: bool


@dataclass(frozen=True)
class Printed:
    """The lines of both sides, the first of them; ``same`` is about everything that was printed."""

    left: tuple[PrintedLine, ...]
    right: tuple[PrintedLine, ...]
    same: bool
    differing: int
    cut: bool = False

    @property
    def text(self) -> str:
        """``the same``, ``2 lines differ``."""
        if self.same:
            return "the same on both sides" if self.left else "nothing on either side"
        if not self.differing:
            return "the end of a line differs"
        return f"{plural(self.differing, 'line')} differ{'s' if self.differing == 1 else ''}"


def compare_printed(left: str, right: str, budget: SearchBudget | None = None) -> Printed:
    """Compare two texts by their lines. A line counts as differing once, though it is there on both sides."""
    one, other = left.split("\n"), right.split("\n")
    # As in the graphs: which of the longest common subsequences is found must not depend on the sides.
    turned = (len(one), one) > (len(other), other)
    first, second = (other, one) if turned else (one, other)
    pairs = longest_common(first, second, budget or SearchBudget(200_000))
    if pairs is None:
        pairs = by_occurrence(first, second)
    shared = [{pair[turned] for pair in pairs}, {pair[not turned] for pair in pairs}]
    lines = [
        tuple(PrintedLine(text, place in shared[side]) for place, text in enumerate(texts))
        for side, texts in enumerate((one, other))
    ]
    # A text that ends with its line has nothing behind it.
    lines = [side[:-1] if side and not side[-1].text else side for side in lines]
    differing = max(sum(not line.same for line in side) for side in lines)
    cut = max(map(len, lines)) > _MOST_LINES
    return Printed(lines[0][:_MOST_LINES], lines[1][:_MOST_LINES], left == right, differing, cut)
