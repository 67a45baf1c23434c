"""The comparison in one line, the numbers of two runs, and what they printed."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.compare import Printed, PrintedLine, RunQuantity, compare, compare_printed, compare_quantities
from components.facts.compare.matching import SearchBudget
from components.trace import Failure, Program, Trace
from tests.facts.compare import made
from tests.facts.compare.made import block, event, functions, memory, with_memory
from tests.facts.gradients.goldens import NAMES, golden_index
from tests.figures import traces as t

# Each program of the tests is compared with others of them.
golden = cache(golden_index)


def verdict(left: Trace, right: Trace) -> str:
    return compare(TraceIndex(left), TraceIndex(right)).verdict


def run(value: Any = 1.0, *, kept: int = 0, peak: int = 0, final: int = 0, stdout: str = "") -> Trace:
    """A run that has a tensor ``y``, keeps so many bytes for backward, and has a peak and an end."""
    blocks = [made.block(kept, 0, saved_by=["n0"])]
    memory = made.memory([], blocks, peak_bytes=peak, final_bytes=final)
    return made.with_memory(replace(t.make_trace(tensors=[t.tensor("t0", "y", value)]), stdout=stdout), memory)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        # 48 - 24 = 24 bytes less, 96 - 48 = 48 bytes lower
        (
            run(kept=48, peak=96),
            run(kept=24, peak=48),
            "Same results; right keeps 24 B less for backward, peak 48 B lower.",
        ),
        (run(kept=0), run(kept=8, peak=8), "Same results; right keeps 8 B more for backward, peak 8 B higher."),
        (run(), run(), "Same results; as much kept for backward, the same peak."),
        (run(final=4), run(), "Same results; as much kept for backward, the same peak, but right ends with 4 B less."),
        (run(1.0), run(2.0), "y: 1 against 2; as much kept for backward, the same peak."),
        (run(1.0), run(1.0000001), "Same results up to rounding; as much kept for backward, the same peak."),
        (run(None), run(None), "Same results as far as they were compared; as much kept for backward, the same peak."),
        (run(stdout="a\n"), run(), "Same results, different output; as much kept for backward, the same peak."),
        (t.make_trace(), t.make_trace(), "No result in common; as much kept for backward."),
    ],
)
def test_verdicts(left: Trace, right: Trace, said: str) -> None:
    assert verdict(left, right) == said


CUBE = """
import torch
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward(retain_graph=True)
y.backward()
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # 3 * 2**2 = 12, twice or once; the second call stops without retain_graph.
        ("y.backward()\n", "", "x.grad: 24 against 12; as much kept for backward."),
        (
            "retain_graph=True",
            "",
            "Right stopped with RuntimeError in line 6, left ran to its end; x.grad: 24 against 12.",
        ),
        ("2.0, requires_grad=True)", "2.0)\nx.requires_grad_()", "Same results; as much kept for backward."),
        ("y.backward()", "y.backward(); x.grad = None", "x.grad: 24 against None; as much kept for backward."),
        (
            "y.backward()",
            "y.backward(); x.grad += 2**-10",
            "x.grad differs by up to 0.0009766; as much kept for backward.",
        ),
    ],
)
def test_gradients_that_differ_are_said_before_any_bytes(before: str, after: str, said: str) -> None:
    assert (
        verdict(capture_program(Program(source=CUBE)), capture_program(Program(source=CUBE.replace(before, after))))
        == said
    )


def test_a_leaf_that_requires_no_gradient_on_one_side_has_none() -> None:
    plain = CUBE.replace(", requires_grad=True", "").replace("y.backward", "print")
    said = verdict(
        capture_program(Program(source=CUBE)), capture_program(Program(source=plain.replace("retain_graph=True", "")))
    )
    assert said == "x.grad: 24 against none; right keeps 4 B less for backward."


def test_of_many_different_results_three_are_named() -> None:
    left, right = (
        t.make_trace(tensors=[t.tensor(f"t{place}", f"x{place}", value, requires_grad=False) for place in range(5)])
        for value in (1.0, 2.0)
    )
    assert verdict(left, right).startswith("x0: 1 against 2; x1: 1 against 2; x2: 1 against 2; 2 more differ; ")


def test_a_side_that_stopped() -> None:
    failed = t.make_trace(failure=Failure(kind="raised", message="no", error_type="RuntimeError", line=7))
    late = t.make_trace(failure=Failure(kind="timeout", message="no"))
    assert verdict(failed, t.make_trace()) == "Left stopped with RuntimeError in line 7, right ran to its end."
    assert verdict(t.make_trace(), late) == "Right was stopped, left ran to its end."
    assert verdict(failed, late) == "Left stopped with RuntimeError in line 7, right was stopped."


def test_stop_and_the_limits_of_time_are_told_apart() -> None:
    for message, said in (
        ("Stopped.", "was stopped"),
        ("The program ran longer than 10 seconds and was stopped.", "ran longer than 10 seconds and was stopped"),
        (f"The program ran longer {'and longer ' * 20}", "was stopped"),  # a file can say anything
    ):
        one = t.make_trace(failure=Failure(kind="timeout", message=message, line=3))
        assert verdict(one, t.make_trace()) == f"Left {said} in line 3, right ran to its end."


# --- of any trace


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_compared_with_itself_has_no_differences(name: str) -> None:
    found = compare(golden(name), golden(name))
    graphs = found.graphs
    assert graphs.both == len(golden(name).trace.nodes)
    assert not any((graphs.only_left.nodes, graphs.only_right.nodes, graphs.only_left.edges, graphs.only_right.edges))
    assert (graphs.left, graphs.right, graphs.left_edges, graphs.right_edges, graphs.changed) == ((), (), (), (), ())
    assert {row.state for row in made.rows_of(found.results)} <= {"same", "unknown"}
    assert all(row.difference in (0, None) for row in found.quantities)
    assert found.printed.same


@settings(max_examples=60)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_from_the_other_side_everything_is_mirrored(one: str, other: str) -> None:
    there, back = compare(golden(one), golden(other)), compare(golden(other), golden(one))
    changed = set(made.mirrored_graphs(back.graphs).changed)
    assert set(there.graphs.changed) == changed
    assert made.mirrored_graphs(back.graphs).only_left == there.graphs.only_left
    assert (back.graphs.left, back.graphs.right) == (there.graphs.right, there.graphs.left)
    assert (back.graphs.left_edges, back.graphs.right_edges) == (there.graphs.right_edges, there.graphs.left_edges)
    assert made.said(there.results.tensors) == made.mirrored_rows(back.results.tensors)
    assert made.said(there.results.gradients) == made.mirrored_rows(back.results.gradients)
    assert made.mirrored_printed(back.printed) == there.printed
    backed = made.mirrored_quantities(back.quantities)
    assert [(row.name, row.left, row.right) for row in backed] == [
        (row.name, row.left, row.right) for row in there.quantities
    ]


PROFILER = "one run each, under the profiler; times vary"


def test_memory_is_compared_where_both_have_it() -> None:
    # The left allocates 24 + 8 bytes and gives 8 back: peak 32, final 24. Two nodes keep the 24 bytes: counted once.
    events = [event(10, 24, 24, 0, category="saved"), event(20, 8, 32, 1), event(30, -8, 24, 1)]
    left = memory(events, [block(24, 0, saved_by=["n0", "n1"]), block(8, 1, 2)], duration_ns=2_000_000)
    right = memory([event(10, 8, 8, 0)], [block(8, 0)], duration_ns=3_000_000)
    one = with_memory(t.make_trace(nodes=functions("A", "B"), backwards=[t.backward("b0", [])]), left)
    other = with_memory(t.make_trace(nodes=functions("A")), right)
    rows = compare_quantities(one, other)
    assert rows == (
        RunQuantity("nodes", 2, 1, "count", "autograd nodes that the program built"),
        RunQuantity("backward passes", 1, 0, "count", "runs of the engine by the program"),
        RunQuantity("saved for backward", 24, 0, "bytes", "each block once"),
        RunQuantity("peak memory", 32, 8, "bytes", "allocator"),
        RunQuantity("memory at the end", 24, 8, "bytes", "allocator"),
        RunQuantity("time", 2.0, 3.0, "ms", PROFILER),
    )
    # (0 - 24) / 24 = -100 %, (8 - 32) / 32 = -75 %; 2 and 3 ms say nothing
    assert [row.difference_text for row in rows[2:]] == [
        "−24 B (−100 %)",
        "−24 B (−75 %)",
        "−16 B (−66.7 %)",
        "too short to compare",
    ]


def test_without_memory_on_one_side_both_are_told_in_the_other_way() -> None:
    nodes = [t.node("n0", "A", 1, [t.saved("self", [1], nbytes=4)]), t.node("n1", "B", 1, [t.saved("self", [1])])]
    left = replace(t.make_trace(nodes=nodes), duration_ns=5_000_000)
    right = with_memory(t.make_trace(), memory([], []), duration_ns=4_000_000)
    saved, time = compare_quantities(left, right)[2:]
    # 4 + 4 bytes over two nodes
    how = "sum over the nodes; what two nodes keep is counted twice"
    assert saved == RunQuantity("saved for backward", 8, 0, "bytes", how)
    assert time == RunQuantity("time", 5.0, 4.0, "ms", "one run each; times vary")


def test_runs_of_pytorchs_own_code_are_not_the_programs() -> None:
    runs = [t.backward("b0", []), t.backward("b1", [], internal=True)]
    assert compare_quantities(t.make_trace(backwards=runs), t.make_trace())[1].left == 1


def test_differences_from_nothing_have_no_percent_and_unknown_ones_a_dash() -> None:
    assert RunQuantity("", 0, 3, "count", "").difference_text == "+3"
    assert RunQuantity("", 3, 3, "bytes", "").difference_text == "the same"
    assert RunQuantity("", None, 3, "bytes", "").difference_text == "–"
    assert RunQuantity("", None, 3, "bytes", "").text(None) == "–"
    assert RunQuantity("", 1_536, 0, "bytes", "").text(1_536) == "1.5 KiB"


def test_times_are_subtracted_only_where_both_are_long() -> None:
    # The first call of an operation alone can take as long as 50 ms.
    assert RunQuantity("time", 0.13, 7.7, "ms", "").difference_text == "too short to compare"
    assert RunQuantity("time", 49.9, 500.0, "ms", "").difference_text == "too short to compare"
    # (75 - 50) / 50 = +50 %
    assert RunQuantity("time", 50.0, 75.0, "ms", "").difference_text == "+25 ms (+50 %)"


def test_inputs_that_checkpoint_keeps_count_though_no_node_saved_them() -> None:
    blocks = [block(24, 0, saved_by=["n0"], category="saved"), block(8, 1, category="saved"), block(4, 2)]
    one, other = with_memory(t.make_trace(), memory([], blocks)), with_memory(t.make_trace(), memory([], []))
    saved = compare_quantities(one, other)[2]
    assert (saved.left, saved.right) == (32, 0)  # 24 + 8, not the 4 that nothing saved


def test_numbers_that_no_machine_has_are_not_known() -> None:
    beyond = 10**400
    one = with_memory(t.make_trace(), memory([], [], peak_bytes=beyond, final_bytes=beyond, duration_ns=beyond))
    rows = compare_quantities(one, one)
    assert [row.difference_text for row in rows[3:]] == ["–", "–", "–"]


def lines(text: str) -> tuple[PrintedLine, ...]:
    """``=one ≠two``: lines that are the same and lines that are not."""
    return tuple(PrintedLine(word[1:], word[0] == "=") for word in text.split())


def test_a_line_that_one_side_alone_printed() -> None:
    found = compare_printed("a\nb\nc\n", "a\nc\n")
    assert found == Printed(lines("=a ≠b =c"), lines("=a =c"), False, 1)
    assert found.text == "1 line differs"


def test_a_line_that_is_another() -> None:
    assert compare_printed("a\nb\n", "a\nx\ny\n") == Printed(lines("=a ≠b"), lines("=a ≠x ≠y"), False, 2)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ("", "", "nothing on either side"),
        ("a\n", "a\n", "the same on both sides"),
        ("a", "a\n", "the end of a line differs"),
        ("", "a\n", "1 line differs"),
    ],
)
def test_words(left: str, right: str, words: str) -> None:
    assert compare_printed(left, right).text == words


def test_long_outputs_are_cut_and_counted_whole() -> None:
    found = compare_printed("a\n" * 1_000, "a\n" * 999 + "b\n")
    assert (len(found.left), len(found.right), found.cut, found.differing) == (400, 400, True, 1)


def test_outputs_too_unlike_for_the_search() -> None:
    found = compare_printed("a\nb\nc\n", "c\na\nx\n", SearchBudget(0))
    assert found.left == lines("=a ≠b =c")
