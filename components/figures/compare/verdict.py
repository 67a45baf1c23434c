"""The comparison in one line, and everything that a page shows of two programs, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

from ...facts import TraceIndex
from ...facts.text import bytes_text
from ...trace import Failure, Trace
from .graphs import GraphComparison, compare_graphs
from .printed import Printed, compare_printed
from .quantities import Quantity, compare_quantities
from .results import Results, compare_results

_MOST_NAMES = 3
_LONGEST = 100


@dataclass(frozen=True)
class Comparison:
    """Two programs side by side; ``verdict`` says it in one line."""

    verdict: str
    quantities: tuple[Quantity, ...]
    graphs: GraphComparison
    results: Results
    printed: Printed


def compare(left: TraceIndex, right: TraceIndex) -> Comparison:
    """Compare two traces; about linear in them where they are alike."""
    quantities = compare_quantities(left.trace, right.trace)
    results = compare_results(left, right)
    printed = compare_printed(left.trace.stdout, right.trace.stdout)
    verdict = _verdict(left.trace, right.trace, quantities, results, printed)
    return Comparison(verdict, quantities, compare_graphs(left, right), results, printed)


def _verdict(left: Trace, right: Trace, quantities: tuple[Quantity, ...], results: Results, printed: Printed) -> str:
    ended = _ended(left, right)
    said = [ended] if ended else [_same(results, printed), _bytes(quantities)]
    return f"{'; '.join(filter(None, said))}."


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


def _same(results: Results, printed: Printed) -> str:
    rows = (*results.tensors, *results.gradients)
    different = [row.name for row in rows if row.state == "different"]
    if different:
        more = f" and {len(different) - _MOST_NAMES} more" if len(different) > _MOST_NAMES else ""
        return f"Different results ({', '.join(different[:_MOST_NAMES])}{more})"
    compared = [row for row in rows if not row.state.startswith("only")]
    if not compared:
        return _output(printed) if printed.left or printed.right else "No result in common"
    states = {row.state for row in compared}
    output = "" if printed.same else ", different output"
    if states == {"unknown"}:
        return f"No result could be compared{output}"
    rounding = " up to rounding" if "rounding" in states else ""
    partly = " as far as they were compared" if states & {"alike", "unknown"} else ""
    return f"Same results{rounding}{partly}{output}"


def _output(printed: Printed) -> str:
    return "Same output" if printed.same else "Different output"


def _bytes(quantities: tuple[Quantity, ...]) -> str:
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
