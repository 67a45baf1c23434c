"""What was alive when and why, what was saved by whom, what each engine run released, on tapes written by hand."""

from __future__ import annotations

import msgspec

from components.facts.memory import CATEGORIES, MemoryIndex
from components.facts.memory.held import EngineMemory, Saved, Saver, alive_info, engine_memory, saved_info, why_held
from components.facts.saved_bytes import saved_bytes
from components.figures.charts.memory import alive_figure, saved_figure
from components.trace import Backward, Truncation
from tests.facts.memory.made import Tape, nodes, steps, tables_of
from tests.figures import traces as t

SOURCE = "x = leaf()\nh = x.sin()\ny = h * h\ny.backward()\n"


def test_the_peak_in_categories_and_blocks_the_largest_first() -> None:
    tape = Tape(base=7)
    tape.new(100, "leaf", "x", line=1, step=0, operation="aten::empty")
    tape.new(200, "saved", "h", saved_by=("n1",), line=2, step=1, node="n0", operation="aten::sin")
    tape.free(tape.new(300, "temporary", line=3, step=2, node="n1"), line=3, step=2)
    tables = tables_of(tape, SOURCE, nodes=nodes("n0", "n1", line=3), steps=steps(1, 2, 3, 4))
    info = alive_info(tables, 2)
    assert (info.total, info.line, info.code, info.during) == (607, 3, "y = h * h", "")
    assert info.categories == (("temporary", 300), ("saved", 200), ("leaf", 100))
    assert info.base == 7  # 607 - 300 - 200 - 100
    assert [(one.name, one.bytes, one.line, one.node, one.why) for one in info.holders] == [
        ("mul", 300, 3, "MulBackward0", "temporary of this line's operation"),
        ("h", 200, 2, "MulBackward0", "saved by MulBackward0 (line 3); also variable h"),
        ("x", 100, 1, "", "leaf x"),
    ]
    # One event later the scratch is gone.
    assert alive_info(tables, 3).categories == (("saved", 200), ("leaf", 100))


def _freed_in_turn() -> tuple[Tape, list[Backward]]:
    """Three blocks saved by n2, n1 and n0; the engine passes them in this order, allocating once at each."""
    tape = Tape()
    for node in ("n2", "n1", "n0"):
        tape.new(10, "saved", saved_by=(node,), step=0)
    for node in ("n2", "n1", "n0"):
        tape.new(1, "temporary", step=1, node=node, backward="b0")
    tape.new(1, step=2)
    passed = [t.passed(node, 1) for node in ("n2", "n1", "n0")]
    return tape, [t.backward("b0", ["n2"], passed, freed=["n0", "n1", "n2"], step=1, line=4)]


def test_a_node_keeps_what_it_saved_until_the_engine_has_passed_it() -> None:
    tape, runs = _freed_in_turn()
    tables = tables_of(tape, SOURCE, nodes=nodes("n0", "n1", "n2"), backwards=runs, steps=steps(1, 4, 1))
    # Event 4 is in n1's turn: n2 was passed, n1 has its tensors still.
    assert [tables.was_freed(node, 4) for node in ("n2", "n1", "n0")] == [True, False, False]
    assert not any(tables.was_freed(node, 2) for node in ("n2", "n1", "n0"))
    assert all(tables.was_freed(node, 6) for node in ("n2", "n1", "n0"))
    assert why_held(tables, 1, 4) == "saved by MulBackward0 (line 1)"
    assert why_held(tables, 1, 6) == "its node is freed; it goes next"


def test_every_category_says_why() -> None:
    tape = Tape()
    tape.new(1, "gradient", "x.grad")
    tape.new(1, "optimizer", "exp_avg of w")
    tape.new(1, "other", "data")
    tape.new(1, "other", "losses[0]")
    tape.new(1, "other")
    tape.new(1, "leaf")
    tape.new(1, "temporary", node="n0", backward="b0")
    tape.new(1, "saved", saved_by=("n0", "n1", "n2", "n3"))
    runs = [t.backward("b0", ["n0"], [t.passed("n0", 1)])]
    tables = tables_of(tape, nodes=nodes("n0", "n1", "n2", "n3"), backwards=runs)
    assert [why_held(tables, place, 7) for place in range(8)] == [
        "gradient x.grad",
        "optimizer state exp_avg of w",
        "variable data",
        "losses[0]",
        "held by PyTorch itself, or by a graph that no variable showed",
        "a leaf of the graph",
        "temporary of MulBackward0",
        "saved by MulBackward0 (line 1), MulBackward0 (line 1) and 2 more",
    ]


def test_names_from_a_program_are_escaped_where_they_are_drawn() -> None:
    tape = Tape()
    tape.new(8, "other", "<img src=x>%{y}")
    tables = tables_of(tape, "x = '<b>'\n", steps=steps(1))
    figure = alive_figure(alive_info(tables, 0))
    drawn = str(figure.to_dict())
    assert "<img" not in drawn
    assert "%{y}" not in drawn
    assert "&lt;img" in drawn


def test_a_bar_leads_to_the_moment_at_which_its_block_was_allocated() -> None:
    tape = Tape()
    tape.new(8, "other", "x", line=1, step=0)
    tape.new(9, "other", "y", line=2, step=1)
    tables = tables_of(tape, SOURCE, steps=steps(1, 2))
    figure = alive_figure(alive_info(tables, 1))
    # The larger, y, is on top; it came with the second line.
    assert [list(row[:2]) for row in figure.data[-1].customdata] == [[-1, 2], [-1, 1]]


TWICE = "w = leaf()\ny = model(w)\ny.backward()\ny.backward()\n"


def test_a_storage_that_two_nodes_saved_counts_once_in_the_sum() -> None:
    tape = Tape()
    tape.new(100, "leaf", "w", saved_by=("n0",))
    tape.new(40, "saved", "h", saved_by=("n0", "n1"))
    tape.new(8, "saved", saved_by=("n2",))
    built = [
        t.node("n0", "MmBackward0", 2, module="model.0", step=1),
        t.node("n1", "TanhBackward0", 2, module="model.1", step=1),
        t.node("n2", "TanhBackward0", 2, module="model.1", step=1),
    ]
    tables = tables_of(tape, TWICE, nodes=built, steps=steps(1, 2))
    info = saved_info(tables)
    code = "y = model(w)"
    # Happenings: line 1, then the three nodes, then line 2.
    assert info == Saved(
        (
            Saver("MmBackward0", "model.0", 2, code, 1, 140, 40, 2),  # 100 of the leaf w are there anyway
            Saver("TanhBackward0", "model.1", 2, code, 2, 48, 48, 3),  # 40 + 8
        ),
        (Saver("model.0", "model.0", 2, code, 1, 140, 40, 2), Saver("model.1", "model.1", 2, code, 2, 48, 48, 3)),
        148,  # 100 + 40 + 8
        48,
        40,  # one by one: 140 + 40 + 8 = 188
        48,
    )
    figure = saved_figure(info.nodes)
    assert [list(bar.x) for bar in figure.data] == [[40, 48], [100, 0]]
    assert list(figure.layout.yaxis.ticktext) == ["MmBackward0 · model.0 ", "TanhBackward0 ×2 · model.1 "]


def test_what_was_saved_at_once_is_less_than_all_that_was_saved() -> None:
    tape = Tape()
    for _ in range(3):
        tape.free(tape.new(10, "saved", saved_by=("n0",)))
    info = saved_info(tables_of(tape, nodes=nodes("n0")))
    assert (info.total, info.most) == (30, 10)


def _run(ident: str, freed: list[str], **fields: object) -> Backward:
    passed = [t.passed(node, 1) for node in ("n1", "n0")]
    return t.backward(ident, ["n1"], passed, freed=freed, **fields)


def test_a_call_releases_what_its_nodes_saved_but_for_what_a_variable_holds() -> None:
    tape = Tape()
    tape.new(100, "leaf", "w", saved_by=("n0",), step=0)
    saved = tape.new(30, "saved", saved_by=("n1",), step=1)
    tape.new(50, "saved", "h", saved_by=("n0",), step=1)
    scratch = tape.new(20, "temporary", line=3, step=2, node="n1", backward="b0")
    tape.free(saved, line=3, step=2, node="n1", backward="b0")
    tape.new(100, "gradient", "w.grad", line=3, step=2, node="n0", backward="b0")
    tape.free(scratch, line=3, step=2, node="n0", backward="b0")
    runs = [_run("b0", ["n0", "n1"], step=2, line=3)]
    tables = tables_of(tape, TWICE, nodes=nodes("n0", "n1"), backwards=runs, steps=steps(1, 2, 3))
    (call,) = engine_memory(tables)
    assert (call.before, call.top, call.after) == (180, 270, 250)  # 180, 200, 170, 270, 250
    assert (call.released, call.still, call.gradients) == (30, 150, 100)  # still: w 100 and h 50
    assert (call.freed_nodes, call.nodes, call.kept, call.kept_until) == (2, 2, 0, "")


def test_what_retain_graph_kept_is_released_by_the_call_that_frees_the_graph() -> None:
    tape = Tape()
    saved = tape.new(30, "saved", saved_by=("n1",), step=1)
    tape.new(5, "gradient", "w.grad", line=3, step=2, node="n0", backward="b0")
    tape.free(saved, line=4, step=3, node="n1", backward="b1")
    runs = [_run("b0", [], step=2, line=3, retain_graph=True), _run("b1", ["n0", "n1"], step=3, line=4)]
    tables = tables_of(tape, TWICE, nodes=nodes("n0", "n1"), backwards=runs, steps=steps(1, 2, 3, 4))
    first, second = engine_memory(tables)
    assert (first.released, first.kept, first.kept_until) == (0, 30, "released by backward() 2 in line 4")
    assert (second.label, second.released, second.kept) == ("backward() 2", 30, 0)


def test_what_retain_graph_kept_for_good_is_said() -> None:
    tape = Tape()
    tape.new(30, "saved", saved_by=("n1",), step=1)
    tape.new(5, "gradient", "w.grad", line=3, step=2, node="n0", backward="b0")
    runs = [_run("b0", [], step=2, line=3, retain_graph=True)]
    tables = tables_of(tape, TWICE, nodes=nodes("n0", "n1"), backwards=runs, steps=steps(1, 2, 3))
    (call,) = engine_memory(tables)
    assert isinstance(call, EngineMemory)
    assert (call.kept, call.kept_until) == (30, "never released: still held when the program ended")


def test_what_a_variable_holds_when_its_graph_is_freed_was_saved_and_is_other_from_then_on() -> None:
    tape = Tape()
    tape.new(30, "saved", saved_by=("n1",), step=1)
    tape.new(50, "saved", "h", saved_by=("n0",), step=1)
    tape.new(8, "temporary", step=2, backward="b0", node="n1")
    tape.free(0, step=2, backward="b0", node="n1")
    tape.free(2, step=2, backward="b0", node="n0")
    tape.new(4, "other", step=3)
    tape.free(1, step=3)
    run = _run("b0", ["n0", "n1"], line=3)
    tables = tables_of(tape, TWICE, nodes=nodes("n0", "n1"), backwards=[run], steps=steps(1, 2, 3, 4))
    saved, other = (CATEGORIES.index(name) for name in ("saved", "other"))
    # Of 30 + 50 saved bytes the run releases 30; with its last event, the fifth, the 50 of h are saved no more.
    assert tables.by_category[saved].tolist() == [30, 80, 80, 50, 0, 0, 0]
    assert tables.by_category[other].tolist() == [0, 0, 0, 0, 50, 54, 4]
    assert tables.by_category.sum(axis=0).tolist() == tables.totals.tolist()
    assert [tables.category(1, event) for event in (3, 4)] == ["saved", "other"]


def _checkpointed() -> MemoryIndex:
    """A node saved 30; a checkpoint keeps 64 that no node has saved, until the engine comes to it."""
    tape = Tape()
    tape.new(30, "saved", saved_by=("n1",), step=0)
    kept = tape.new(64, "saved", "h", step=0)
    tape.new(5, "gradient", "w.grad", step=1, node="n0", backward="b0")
    tape.free(0, step=1, node="n1", backward="b0")
    tape.free(kept, step=1)  # in the same line, behind the engine's last event
    runs = [_run("b0", ["n1"], step=1, line=2)]
    return tables_of(tape, "h = checkpoint(f, x)\ny.backward()\n", nodes=nodes("n0", "n1"), backwards=runs)


def test_what_a_checkpoint_keeps_counts_though_no_node_has_saved_it() -> None:
    tables = _checkpointed()
    info = saved_info(tables)
    row = Saver("kept by checkpoint", "kept by checkpoint", None, "", 0, 64, 64, None)
    assert (info.nodes[0], info.modules[0]) == (row, row)
    assert (info.total, info.extra, info.shared, info.most) == (94, 94, 0, 94)  # 30 + 64
    saved_figure(info.nodes)
    (call,) = engine_memory(tables)
    # Of the two nodes that it passed, n1 had saved something.
    assert (call.released, call.freed_nodes, call.nodes) == (94, 1, 1)


def test_every_page_says_the_same_number_of_saved_bytes() -> None:
    tape = Tape()
    tape.new(100, "leaf", "w", saved_by=("n0",))
    tape.new(40, "saved", "h", saved_by=("n0", "n1"))
    tape.new(64, "saved", "x")
    tape.new(7, "other")
    built = [t.node("n0", "MmBackward0", saved_bytes=140), t.node("n1", "TanhBackward0", saved_bytes=40)]
    tables = tables_of(tape, nodes=built)
    trace = tables.index.trace
    assert saved_bytes(trace) == (204, True)  # 100 + 40 + 64
    assert saved_info(tables).total == 204
    assert saved_bytes(trace, {"n1"}) == (40, True)
    bare = msgspec.structs.replace(trace, memory=None)
    assert saved_bytes(bare) == (180, False)  # 140 + 40: h twice, and x is not known
    cut = Truncation(observer="memory", cap=4, missing="the rest")
    assert saved_bytes(msgspec.structs.replace(trace, truncations=[cut])) == (180, False)


def test_a_step_ends_where_the_next_begins_and_what_is_in_none_ends_itself() -> None:
    tape = Tape()
    for step in (0, 0, None, None, 1, 2, 2):
        tape.new(4, step=step)
    assert tables_of(tape).step_ends == [1, 1, 2, 3, 4, 6, 6]


def test_the_highest_total_of_a_part_of_the_events() -> None:
    tape = Tape()
    for number in range(2_000):
        tape.free(tape.new((number * 7919) % 1_013))
    tables = tables_of(tape)
    for first, last in ((0, 3_999), (0, 0), (511, 512), (512, 1_023), (100, 700), (700, 3_000), (1_024, 2_047)):
        assert tables.highest(first, last) == int(tables.totals[first : last + 1].max())
