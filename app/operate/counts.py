"""Counts and timings of the server, as OpenMetrics: what ran and how it ended, who is here, what is held.

Nothing in them is of a program or of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from app.operate.ended import Ended

CONTENT_TYPE = CONTENT_TYPE_LATEST
_PREFIX = "autograd_lab_"
# A lesson takes some 50 ms, the limit of a program is 10 s; who waits longer than a second wonders.
_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True)
class Gauge:
    """Something that is looked at when somebody asks; ``None`` where it cannot be known yet."""

    meaning: str
    look: Callable[[], float | None]


class Counts:
    """What was counted since the start. Safe to use from many threads.

    ``gauges`` are looked at each time that somebody reads the counts, by their names without the prefix.
    """

    def __init__(self, gauges: Mapping[str, Gauge]) -> None:
        self._registry = CollectorRegistry()
        self._runs = Counter(
            f"{_PREFIX}runs",
            "Runs that are over: of a program, of a question about one, or to measure its memory; and how they ended.",
            ["kind", "outcome"],
            registry=self._registry,
        )
        self._waited = Histogram(
            f"{_PREFIX}queue_wait_seconds",
            "How long runs waited for a place.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._took = Histogram(
            f"{_PREFIX}run_seconds",
            "How long runs took from their beginning to their result.",
            ["kind"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(_Looked(gauges))
        ProcessCollector(registry=self._registry)

    def add(self, ended: Ended) -> None:
        """Count a run that is over."""
        self._runs.labels(ended.kind, ended.outcome).inc()
        self._waited.observe(ended.waited)
        if ended.seconds is not None:
            self._took.labels(ended.kind).observe(ended.seconds)

    def text(self) -> bytes:
        """Return all as OpenMetrics' text format."""
        return bytes(generate_latest(self._registry))


class _Looked(Collector):
    """Reads the gauges when the registry is read."""

    def __init__(self, gauges: Mapping[str, Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for name, gauge in self._gauges.items():
            value = gauge.look()
            if value is not None:
                yield GaugeMetricFamily(f"{_PREFIX}{name}", gauge.meaning, value=value)
