"""Failures that teach: beside PyTorch's own message, what it means in this program and the line that mends it.

Each error has one small rule in the module of its theme. A rule speaks of what the trace shows, by the program's own
names and lines, and falls back to general words where the trace does not know. Nothing here imports torch, runs the
program or raises: a failure that no rule knows keeps its message and gets no explanation.
"""

from __future__ import annotations

from msgspec.structs import replace

from ..trace import Trace
from . import (
    backward,
    checkpoints,
    copies,
    dtypes,
    files,
    functions,
    gradients,
    history,
    indexing,
    inplace,
    limits,
    losses,
    machine,
    modules,
    python,
    shapes,
    syntax,
    unknown_names,
    versions,
)
from .hints import apply_hint
from .situation import Rule, Situation
from .surprises import Remark, remarks

__all__ = ["RULES", "Remark", "apply_hint", "explain", "remarks"]

# In this order the first rule that has something to say wins: the particular before the general.
_THEMES = (
    backward,
    history,
    gradients,
    versions,
    inplace,
    copies,
    checkpoints,
    functions,
    losses,
    shapes,
    dtypes,
    indexing,
    modules,
    machine,
    files,
    unknown_names,
    python,
    syntax,
    limits,
)
RULES: tuple[Rule, ...] = tuple(rule for theme in _THEMES for rule in theme.rules)


def explain(trace: Trace) -> Trace:
    """Return the trace with ``failure.explanation`` and ``failure.hint`` filled in, where there is a failure.

    ``hint`` is an edit that ``apply_hint`` can make (``Line 5: y.backward(retain_graph=True)``), or ``None``. What is
    already explained is left as it is.
    """
    failure = trace.failure
    if failure is None or failure.explanation is not None:
        return trace
    situation = Situation(trace, failure)
    head = f"{failure.error_type}: {failure.message}"
    for rule in RULES:
        match = rule.pattern.search(head) if rule.kind == failure.kind else None
        advice = rule.explain(situation, match) if match is not None else None
        if advice is not None:
            return replace(trace, failure=replace(failure, explanation=advice.explanation, hint=advice.hint))
    return trace
