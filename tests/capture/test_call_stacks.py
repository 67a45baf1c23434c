"""The Python calls at each allocation, against where the program says it is and against the run without them."""

from __future__ import annotations

import torch
from msgspec import UNSET

from components.capture import measure_program
from components.source import SourceLimits
from components.trace import Caps, Memory, Trace, observed_run
from tests.capture.conftest import Capture
from tests.program_texts import PROGRAMS

Stack = list[tuple[str, int | None, str]]


def with_calls(trace: Trace, caps: Caps = Caps()) -> Memory:
    run = measure_program(trace.program, observed_run(trace, stacks=True), caps, SourceLimits())
    assert (run.note, run.memory is None) == (None, False)
    assert run.memory is not None
    return run.memory


def stacks(memory: Memory) -> list[Stack]:
    """The calls of each block, the outermost first."""
    found: list[Stack] = []
    frames = memory.frames or []
    for block in memory.allocations:
        assert block.frame is not UNSET
        stack: Stack = []
        index: int | None = block.frame
        while index is not None:
            frame = frames[index]
            stack.insert(0, (frame.file, frame.line, frame.function))
            index = frame.outer
        found.append(stack)
    return found


def test_functions_of_the_program_and_of_torch_are_told_with_their_lines(capture: Capture) -> None:
    trace = capture("""
        import torch
        def outer(x):
            return inner(x) + 1
        def inner(x):
            return torch.exp(x)
        y = outer(torch.ones(50))
    """)
    memory = with_calls(trace)
    told = {block.operation: stack for block, stack in zip(memory.allocations, stacks(memory), strict=True)}
    assert told["aten::empty"] == [("<program>", 6, "<module>")]
    assert told["aten::exp"] == [("<program>", 6, "<module>"), ("<program>", 3, "outer"), ("<program>", 5, "inner")]
    assert told["aten::add"] == [("<program>", 6, "<module>"), ("<program>", 3, "outer")]


def test_layers_and_backward_are_inside_of_torch_and_no_path_of_the_machine_is_told(capture: Capture) -> None:
    trace = capture("""
        import torch
        layer = torch.nn.Linear(8, 8)
        layer(torch.ones(2, 8)).sum().backward()
    """)
    memory = with_calls(trace)
    told = dict(zip((block.operation for block in memory.allocations), stacks(memory), strict=True))
    assert told["aten::addmm"][0] == ("<program>", 3, "<module>")
    file, line, function = told["aten::addmm"][-1]
    assert (file, function) == ("torch/nn/modules/linear.py", "forward")
    assert line is not None
    # Its text says so too: the line calls F.linear.
    text = torch.__path__[0] + "/nn/modules/linear.py"
    with open(text, encoding="utf-8") as source:
        assert "F.linear" in source.read().split("\n")[line - 1]
    backward = next(stack for stack in stacks(memory) if any(name == "backward" for _, _, name in stack))
    assert backward[1][0] == "torch/_tensor.py"
    assert all(not frame.file.startswith("/") and "components" not in frame.file for frame in memory.frames or [])


def test_the_bytes_are_those_of_the_run_without_calls(measure: Capture) -> None:
    for name in ("21_train_adam", "33_checkpoint", "09_custom_function", "42_generators_and_closures"):
        trace = measure(PROGRAMS[name])
        memory = with_calls(trace)
        assert trace.memory is not None
        assert [(e.delta_bytes, e.category, e.line, e.node) for e in memory.events] == [
            (e.delta_bytes, e.category, e.line, e.node) for e in trace.memory.events
        ], name
        for block, stack in zip(memory.allocations, stacks(memory), strict=True):
            assert memory.events[block.allocated].line in [line for file, line, _ in stack if file == "<program>"]


def test_what_is_more_than_the_cap_is_left_out(capture: Capture) -> None:
    trace = capture("""
        import torch
        a = torch.ones(1)
        b = torch.ones(1)
        c = torch.ones(1)
    """)
    memory = with_calls(trace, Caps(memory_frames=2))
    assert [block.frame for block in memory.allocations] == [0, 1, UNSET]
