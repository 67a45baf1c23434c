"""The timeline on tapes written by hand: every peak survives, layers add up, steps are equally wide."""

from __future__ import annotations

import time

import msgspec
import pytest

from components.facts.memory.timeline import (
    MOST_COLUMNS,
    BlockEvent,
    Column,
    CudaPoint,
    Mark,
    Span,
    Timeline,
    slots_of,
    thinned,
    timeline_info,
)
from components.figures.charts.memory import timeline_figure
from components.figures.charts.style import byte_ticks
from components.trace import CudaSample
from tests.facts.memory.made import Tape, nodes, steps, tables_of
from tests.figures import traces as t

SOURCE = "x = leaf()\ny = f(x)\ny.backward()\n"


def test_a_small_run_by_hand() -> None:
    tape = Tape(base=100)
    tape.new(40, "leaf", "x", line=1, step=0)
    scratch = tape.new(8, "temporary", line=2, step=1)
    tape.free(scratch, line=2, step=1)
    tables = tables_of(tape, SOURCE, steps=steps(1, 2))
    info = timeline_info(tables, "step")
    leaf = BlockEvent(40, "leaf", ("x", "aten::mul"), 1, "", "x = leaf()")
    came, went = (BlockEvent(size, "temporary", ("aten::mul",), 2, "", "y = f(x)") for size in (8, -8))
    assert info == Timeline(
        "step",
        "step",
        ("before", "leaf", "temporary"),
        (
            # Step 0 has one event, in its middle; step 1 has two, at a quarter and at three quarters of it.
            Column(0, 0.5, 140, (100, 40, 0), 1, leaf, 1),
            Column(1, 1.25, 148, (100, 40, 8), 1, came, 2),
            Column(2, 1.75, 140, (100, 40, 0), 1, went, 2),
        ),
        100,
        0.0,
        2.0,
        1,
        (Mark(0.0, 1), Mark(1.0, 2)),
        (),
        (),
        3,
    )
    said = "<b>8 B {}</b> · temporary<br>aten::mul<br>line 2<br><i>y = f(x)</i><br>in all {} B"
    assert [row[2] for row in timeline_figure(info).data[-1].customdata] == [
        "<b>40 B allocated</b> · leaf<br>x · aten::mul<br>line 1<br><i>x = leaf()</i><br>in all 140 B",
        said.format("allocated", 148),
        said.format("released", 140),
    ]


def test_time_is_in_a_unit_that_suits_the_run() -> None:
    tape = Tape()
    for _ in range(3):
        tape.new(4, step=0)
    info = timeline_info(tables_of(tape, steps=steps(1)), "time")
    # Events at 1,000, 2,000, 3,000 ns of 4,000: microseconds
    assert (info.unit, [column.x for column in info.columns], info.end) == ("µs", [1.0, 2.0, 3.0], 4.0)


def test_steps_without_events_keep_their_place_and_a_caller_gets_another_one_behind_its_function() -> None:
    tape = Tape()
    for step in (0, 2, 3, 2, 4):  # step 1 allocates nothing; step 2 calls a function whose line is step 3
        tape.new(4, step=step)
    assert slots_of(tables_of(tape)).tolist() == [0, 2, 3, 4, 5]


def test_each_node_that_the_engine_visits_is_as_wide_as_a_line() -> None:
    tape = Tape()
    tape.new(4, step=0)
    tape.new(4, step=1)  # backward's line, before the engine runs
    for node in ("n1", "n1", None, "n0"):  # what belongs to no node stands with the node before it
        tape.new(4, step=1, node=node, backward="b0")
    tape.new(4, step=1)
    tape.new(4, step=2)
    assert slots_of(tables_of(tape)).tolist() == [0, 1, 2, 2, 2, 3, 4, 5]


def test_calls_of_the_engine_are_spans_and_the_line_has_one_mark() -> None:
    tape = Tape()
    tape.new(4, line=2, step=1, node="n1")
    tape.new(4, line=3, step=2, node="n1", backward="b0")
    tape.new(4, line=3, step=2, node="n0", backward="b0")
    tape.new(4, line=3, step=2)
    runs = [t.backward("b0", ["n1"], [t.passed("n1", 1), t.passed("n0", 1)], line=3)]
    tables = tables_of(tape, SOURCE, nodes=nodes("n0", "n1"), backwards=runs, steps=steps(1, 2, 3))
    info = timeline_info(tables, "step")
    # Places 1, 2, 3, 4, one event in each: the engine runs from 2.5 until the next event, at 4.5.
    assert info.spans == (Span(2.5, 4.5, "backward() 1", 3),)
    assert info.lines == (Mark(1.0, 2), Mark(2.0, 3))


def test_a_peak_that_was_cut_from_the_record_is_not_drawn_where_it_was_not() -> None:
    tape = Tape()
    tape.new(4, step=0)
    memory = msgspec.structs.replace(tape.memory(), peak_event=None, peak_bytes=1_000)
    tables = tables_of(tape, memory=memory, steps=steps(1))
    info = timeline_info(tables, "step")
    assert info.peak is None
    assert not timeline_figure(info).layout.annotations
    assert tables.peak == 0  # of what was recorded


def test_so_many_calls_that_they_would_be_a_grey_wall_have_no_bands() -> None:
    def bands(count: int) -> int:
        tape = Tape()
        for number in range(count):
            tape.new(4, step=number, node="n0", backward=f"b{number}")
        runs = [t.backward(f"b{number}", ["n0"], [t.passed("n0", 1)]) for number in range(count)]
        tables = tables_of(tape, nodes=nodes("n0"), backwards=runs, steps=steps(*[1] * count))
        figure = timeline_figure(timeline_info(tables, "step"))
        return sum(shape.type == "rect" for shape in figure.layout.shapes)

    assert (bands(100), bands(200)) == (100, 0)


def test_cuda_samples_stand_at_the_end_of_their_step() -> None:
    tape = Tape()
    tape.new(4, step=0)
    tape.new(4, step=0)
    tape.new(4, step=2)
    samples = [
        CudaSample(step=step, allocated_bytes=size, reserved_bytes=100, peak_bytes=size + 1)
        for step, size in ((0, 8), (1, 8), (2, 12))
    ]
    tables = tables_of(tape, memory=tape.memory(samples, "cuda"), steps=steps(1, 1, 1))
    info = timeline_info(tables, "step")
    # The last event of step 0 is at 0.75; step 1 has none and stands there too; that of step 2 is at 2.5.
    assert info.cuda == (CudaPoint(0.75, 8, 100, 9), CudaPoint(0.75, 8, 100, 9), CudaPoint(2.5, 12, 100, 13))
    figure = timeline_figure(info)
    lines = {line.name: list(line.y) for line in figure.data if str(line.name).startswith("CUDA")}
    assert lines == {"CUDA allocated": [8, 8, 12], "CUDA reserved": [100] * 3, "CUDA peak": [9, 9, 13]}
    assert figure.layout.yaxis.range[1] > 100  # reserved is the highest line, and it is in the picture


def _large(count: int) -> tuple[Tape, int, int]:
    """Blocks that come and go, 100 steps; one spike of 7,777 bytes that lasts one event, one dip to 16 bytes."""
    tape = Tape()
    kept = [tape.new(1_000, "saved", step=0) for _ in range(5)]
    spike = dip = 0
    while len(tape.events) < count:
        step = len(tape.events) * 100 // count
        scratch = tape.new(64 + len(tape.events) % 7, "temporary", step=step)
        tape.free(scratch, step=step)
        if not spike and len(tape.events) > count * 0.637:
            spike = len(tape.events)
            tape.free(tape.new(7_777, "gradient", step=step), step=step)
        if not dip and len(tape.events) > count * 0.8:
            for block in kept:
                tape.free(block, step=step)
            dip = len(tape.events) - 1
            kept = [tape.new(1_000, "saved", step=step) for _ in range(5)]
    return tape, spike, dip


@pytest.mark.parametrize("axis", ["step", "time"])
def test_a_hundred_thousand_events_keep_their_peak_and_every_column_adds_up(axis: str) -> None:
    tape, spike, dip = _large(100_000)
    tables = tables_of(tape, steps=steps(*[1] * 100))
    began = time.perf_counter()
    info = timeline_info(tables, "step" if axis == "step" else "time")
    timeline_figure(info)
    took = time.perf_counter() - began
    assert len(info.columns) <= MOST_COLUMNS
    assert info.peak is not None
    peak = info.columns[info.peak]
    # 5 blocks of 1,000 saved and the spike of 7,777: at that very event nothing else is held.
    assert (peak.event, peak.total) == (spike, 12_777)
    assert dict(zip(info.layers, peak.parts, strict=True)) == {"gradient": 7_777, "saved": 5_000, "temporary": 0}
    assert all(sum(column.parts) == column.total for column in info.columns)
    assert (dip, 0) in [(column.event, column.total) for column in info.columns]
    assert sum(column.count for column in info.columns) == len(tape.events)
    places = [column.x for column in info.columns]
    assert places == sorted(places)
    assert took < 5


def test_twice_the_events_do_not_take_four_times_as_long() -> None:
    def seconds(count: int) -> float:
        tables = tables_of(_large(count)[0], steps=steps(*[1] * 100))
        began = time.process_time()
        timeline_info(tables, "step")
        return time.process_time() - began

    seconds(1_000)
    assert seconds(200_000) < 4 * seconds(100_000) + 0.2


def test_a_part_of_a_large_run_is_shown_event_by_event() -> None:
    tape, spike, _ = _large(20_000)
    tables = tables_of(tape, steps=steps(*[1] * 100))
    window = (spike - 300, spike + 300)
    info = timeline_info(tables, "step", window)
    assert [column.event for column in info.columns] == list(range(window[0], window[1] + 1))
    assert info.base == tape.events[window[0] - 1].total_bytes
    assert info.start <= info.columns[0].x
    assert info.columns[-1].x == info.end


def test_both_ends_are_drawn() -> None:
    tape, *_ = _large(20_000)
    tables = tables_of(tape)
    found = thinned(tables.totals, 0, len(tape.events) - 1, MOST_COLUMNS)
    assert (found[0], found[-1]) == (0, len(tape.events) - 1)


def test_no_events_is_an_empty_picture() -> None:
    tables = tables_of(Tape(base=12))
    info = timeline_info(tables, "step")
    assert (info.columns, info.base, info.peak) == ((), 12, None)
    timeline_figure(info)


def test_the_areas_are_steps_that_stack_and_only_the_points_hear_clicks() -> None:
    tape = Tape()
    tape.new(40, "leaf", "<b>%{x}</b>", step=0)
    tape.new(8, "saved", step=1)
    tables = tables_of(tape, SOURCE, steps=steps(1, 2))
    figure = timeline_figure(timeline_info(tables, "step"))
    *areas, points = figure.data
    assert [(area.name, area.stackgroup, area.line.shape, area.hoverinfo) for area in areas] == [
        ("leaf", "bytes", "hv", "skip"),
        ("saved", "bytes", "hv", "skip"),
    ]
    # Each lasts until the end of the axis.
    assert [list(area.y) for area in areas] == [[40, 40, 40], [0, 8, 8]]
    assert [row[0] for row in points.customdata] == [0, 1]
    assert "&lt;b&gt;&#37;{x}&lt;/b&gt;" in points.customdata[0][2]
    assert "%{x}" not in points.customdata[0][2]


@pytest.mark.parametrize(
    ("top", "texts"),
    [
        (3, ["0", "1 B", "2 B", "3 B"]),
        # log2(2359296 / 3) = 19.58: steps of 2**19 B = 512 KiB
        (2_359_296, ["0", "512 KiB", "1 MiB", "1.5 MiB", "2 MiB"]),
        (1, ["0", "1 B"]),
        (0, ["0"]),
    ],
)
def test_bytes_have_ticks_at_powers_of_two(top: int, texts: list[str]) -> None:
    assert byte_ticks(top)[1] == texts
