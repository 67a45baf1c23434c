"""The numbers of two runs and their differences."""

from __future__ import annotations

from msgspec.structs import replace

from components.facts.compare.verdict import RunQuantity, compare_quantities
from tests.figures import traces as t
from tests.figures.compare.made import block, event, functions, memory, with_memory

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
