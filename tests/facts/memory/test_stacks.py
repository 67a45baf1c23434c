"""The calls that allocated what is alive, as a tree with bytes, on tapes written by hand."""

from __future__ import annotations

from msgspec.structs import replace

from components.facts.memory import MemoryIndex
from components.facts.memory.stacks import MOST_LEVELS, MOST_PARTS, StackPart, stack_text, stacks_info
from components.figures.charts.memory_stacks import stacks_figure
from components.trace import CallFrame, MeasuredRun, with_measured
from tests.facts.memory.made import Tape, steps, tables_of

SOURCE = "def f(x):\n    return layer(x)\ny = f(x)\n"
FRAMES = [
    CallFrame(file="<program>", line=3, function="<module>", outer=None),
    CallFrame(file="<program>", line=2, function="f", outer=0),
    CallFrame(file="torch/nn/modules/module.py", line=1778, function="_wrapped_call_impl", outer=1),
    CallFrame(file="torch/nn/modules/linear.py", line=134, function="forward", outer=2),
]


def tables(*blocks: tuple[int, str, int | None]) -> MemoryIndex:
    """Blocks by bytes, name and frame; none is released."""
    tape = Tape()
    for size, name, frame in blocks:
        number = tape.new(size, "other", name)
        if frame is not None:
            tape.blocks[number] = replace(tape.blocks[number], frame=frame)
    return tables_of(tape, SOURCE, replace(tape.memory(), frames=FRAMES), steps=steps(1, 2, 3))


def test_bytes_add_up_from_the_inside_out_and_plumbing_is_left_out() -> None:
    memory = tables((300, "w", 3), (100, "h", 3), (100, "h", 3), (50, "y", 1), (7, "z", None))
    info = stacks_info(memory, 4)
    assert (info.bytes, info.unknown, info.left_out) == (550, 7, 0)  # 300 + 2 * 100 + 50
    program, torch = "<program>", "torch/nn/modules/linear.py"
    assert info.parts == (
        StackPart(None, "the program", program, 3, "y = f(x)", "", 550, 4),
        StackPart(0, "f", program, 2, "return layer(x)", "", 550, 4),
        StackPart(1, "forward", torch, 134, "", "", 500, 3),
        StackPart(2, "w", "", None, "", "other", 300, 1),
        StackPart(2, "h", "", None, "", "other", 200, 2),
        StackPart(1, "y", "", None, "", "other", 50, 1),
    )
    # One event earlier z is not there yet.
    assert stacks_info(memory, 3).unknown == 0
    assert (
        stack_text(memory, 0) == "<module> (<program>:3) > f (<program>:2) > forward (torch/nn/modules/linear.py:134)"
    )
    assert stack_text(memory, 4) == ""


def test_the_figure_nests_them() -> None:
    (drawn,) = stacks_figure(stacks_info(tables((300, "<b>w</b>", 3)), 0)).data
    assert list(drawn.parents) == ["", "all", "0", "1", "2"]
    assert list(drawn.values) == [300] * 5
    assert list(drawn.labels) == [
        "300 B alive",
        "line 3",
        "f · line 2",
        "forward · linear.py",
        "&lt;b&gt;w&lt;/b&gt; · 300 B",
    ]


def test_deep_and_wide_trees_are_bounded() -> None:
    deep = [CallFrame(file="<program>", line=1, function="f", outer=n - 1 if n else None) for n in range(5_000)]
    tape = Tape()
    tape.new(8)
    tape.blocks[0] = replace(tape.blocks[0], frame=4_999)
    memory = tables_of(tape, SOURCE, replace(tape.memory(), frames=deep), steps=steps(1))
    info = stacks_info(memory, 0)
    assert (len(info.parts), info.left_out) == (MOST_LEVELS, 5_001 - MOST_LEVELS)
    assert stack_text(memory, 0) == "… > " + " > ".join(["f (<program>:1)"] * 12)
    wide = stacks_info(tables(*((9, f"x{n}", 0) for n in range(1_000))), 999)
    assert (len(wide.parts), wide.left_out, wide.bytes) == (MOST_PARTS, 1_001 - MOST_PARTS, 9_000)


def test_another_run_gives_its_calls_to_what_was_measured_as_far_as_both_did_the_same() -> None:
    before = tables((8, "a", None), (16, "b", None), (24, "c", None))
    again = tables((8, "a", 0), (16, "b", 1), (99, "c", 1)).record
    kept = with_measured(before.index.trace, MeasuredRun(memory=again, note="It was stopped.")).memory
    assert kept is not None
    assert kept.events == before.record.events
    assert [block.frame for block in kept.allocations[:2]] == [0, 1]
    assert kept.allocations[2] == before.record.allocations[2]
    failed = with_measured(before.index.trace, MeasuredRun(memory=None, note="It took too long."))
    assert (failed.memory, failed.memory_note) == (before.record, "It took too long.")
