"""What the Gradients, Compare and Derivatives pages ask of a trace, each in one answer."""

from __future__ import annotations

from ..facts import TraceIndex
from ..facts.compare import Comparison, compare
from ..facts.findings import Finding, findings
from ..facts.gradients import History, gradient_history
from ..facts.gradients.flow import intermediate_gradients
from ..facts.layer_health import Trend, trends
from ..facts.memory.timeline import PairAxis, Timelines, timelines_info
from ..facts.variables import Variables, differentiable_variables
from ..trace.codec import collector_paused


def history_of(index: TraceIndex) -> History:
    """Return the history of a trace's gradients."""
    return index.once(gradient_history)


def to_look_at(index: TraceIndex) -> list[Finding]:
    """Return the first bad number, gradients that explode or vanish, and dead units."""
    return [one for one in index.once(findings) if one.first or one.illness not in ("nan", "inf")]


def layer_trends(index: TraceIndex) -> tuple[Trend, ...]:
    """Return where gradients grow or fade over the layers."""
    return index.once(trends)


def engine_runs(index: TraceIndex) -> dict[str, str]:
    """Return the ids of the runs of the engine, each with what it is called."""
    return index.once(_engine_runs)


def _engine_runs(index: TraceIndex) -> dict[str, str]:
    return {run.id: intermediate_gradients(index, run.id).text for run in index.trace.backwards if run.steps}


def variables_of(index: TraceIndex) -> Variables:
    """Return what of a program can be differentiated, and by what."""
    return differentiable_variables(index.trace)


def comparison(left: TraceIndex, right: TraceIndex) -> Comparison:
    """Return what is different in two traces."""
    with collector_paused():
        return compare(left, right)


def both_timelines(left: TraceIndex, right: TraceIndex, by: PairAxis) -> Timelines:
    """Return the memory of both over time, or over lines."""
    return timelines_info(left.trace, right.trace, by)
