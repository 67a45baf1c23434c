"""A stand-in until the real formulas are here: whoever writes them replaces this file."""

from __future__ import annotations

from dataclasses import dataclass

from components.figures.trace_index import TraceIndex
from components.trace import BackwardStep, Node


@dataclass(frozen=True)
class Formula:
    slot: int
    symbols: str
    numbers: str | None


def node_formulas(index: TraceIndex, node: Node, step: BackwardStep | None) -> tuple[Formula, ...]:
    return ()
