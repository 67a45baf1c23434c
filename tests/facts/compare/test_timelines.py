"""The memory of two runs on one axis."""

from __future__ import annotations

import pytest

from components.facts.memory.timeline import PairAxis, SideTimeline, Timelines, timelines_info
from components.figures.charts.compare import AXES, timelines_figure
from components.trace import Trace
from tests.facts.compare.made import block, event, memory, with_memory
from tests.figures import traces as t


def run() -> Trace:
    """16 bytes in the first line; in the second 24 saved ones, and 8 that are given back at once."""
    events = [
        event(10, 16, 16, 0, step=0, line=1, category="leaf"),
        event(20, 24, 40, 1, step=1, line=2, category="saved"),
        event(30, 8, 48, 2, step=1, line=2, category="temporary"),
        event(40, -8, 40, 2, step=1, line=2, category="temporary"),
    ]
    kept = memory(events, [block(16, 0), block(24, 1), block(8, 2, 3)], duration_ns=80)
    return with_memory(t.make_trace("a\nb\n", steps=[t.step(1), t.step(2)]), kept)


TOTAL, SAVED, LINES = (0, 16, 40, 48, 40, 40), (0, 0, 24, 24, 24, 24), (None, 1, 2, 2, 2, None)


@pytest.mark.parametrize(
    ("by", "x"),
    [
        # one event in the first line stands in its middle; three in the second at 1 + 1/4, 1 + 2/4, 1 + 3/4
        ("line", (0, 0.5, 1.25, 1.5, 1.75, 2)),
        ("ms", (0, 1e-5, 2e-5, 3e-5, 4e-5, 8e-5)),
        # 10 of 80 ns are 12.5 %
        ("share", (0, 12.5, 25, 37.5, 50, 100)),
    ],
)
def test_bytes_over_each_axis(by: PairAxis, x: tuple[float, ...]) -> None:
    info = timelines_info(run(), run(), by)
    left, right = info.sides
    assert left.x == pytest.approx(x)
    assert left == SideTimeline("left", left.x, TOTAL, SAVED, LINES, 3)
    assert (right.side, right.total) == ("right", TOTAL)
    assert info.notes == ()


def test_a_side_without_memory_is_missing_and_it_is_said() -> None:
    missing = with_memory(t.make_trace(), None, memory_note="the profiler could not be started")
    info = timelines_info(missing, t.make_trace())
    assert info == Timelines(
        "line",
        (),
        ("On the left: the profiler could not be started", "On the right: no memory was recorded in this trace"),
    )
    assert timelines_figure(info) is not None


def test_many_events_are_thinned_and_the_peak_stays() -> None:
    """100,000 ups and downs between 8 and 0 bytes, and one peak of 80."""
    events = []
    for place in range(50_000):
        size = 80 if place == 31_234 else 8
        events += [event(2 * place, size, size, place), event(2 * place + 1, -size, 0, place)]
    trace = with_memory(t.make_trace(), memory(events, [], duration_ns=100_000))
    (one, _) = timelines_info(trace, trace, "ms").sides
    assert len(one.x) <= 4_002
    assert one.peak is not None
    assert one.total[one.peak] == 80
    assert one.x[one.peak] == pytest.approx(2 * 31_234 / 1e6)
    assert list(one.x) == sorted(one.x)


def test_the_figure_draws_both_marks_both_peaks_and_keeps_ticks_few() -> None:
    figure = timelines_figure(timelines_info(run(), run()))
    assert [trace.name for trace in figure.data if trace.name] == [
        "left: all memory",
        "left: saved for backward",
        "right: all memory",
        "right: saved for backward",
    ]
    peaks = [trace for trace in figure.data if trace.mode == "markers+text"]
    assert [(peak.x[0], peak.y[0], peak.text[0]) for peak in peaks] == [
        (1.5, 48, "left peak 48 B"),
        (1.5, 48, "right peak 48 B"),
    ]
    assert peaks[0].textposition != peaks[1].textposition
    # 48 / 16 = 3 steps: 0, 16, 32, 48
    assert list(figure.layout.yaxis.ticktext) == ["0 B", "16 B", "32 B", "48 B"]
    without = timelines_figure(timelines_info(run(), run()), saved=False)
    assert len(without.data) == len(figure.data) - 2


def test_a_run_that_allocates_nothing() -> None:
    nothing = with_memory(t.make_trace(), memory([], [], duration_ns=0))
    (one, _) = timelines_info(nothing, nothing, "share").sides
    assert (one.x, one.total, one.peak) == ((0, 0), (0, 0), None)
    assert timelines_figure(timelines_info(nothing, nothing)) is not None


def test_a_memory_that_no_machine_has_is_not_drawn() -> None:
    beyond = 10**400
    one = with_memory(t.make_trace(), memory([event(beyond, beyond, beyond, 0)], [block(8, 0)]))
    for axis in AXES:
        info = timelines_info(one, with_memory(t.make_trace(), memory([], [])), axis)
        assert [side.side for side in info.sides] == ["right"]
        assert info.notes == ("On the left: a number in this memory is beyond what can be drawn",)
