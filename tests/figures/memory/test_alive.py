"""What was alive at a moment, and why, on tapes written by hand."""

from __future__ import annotations

from components.facts.memory.held import alive_info, why_held
from components.figures.charts.memory import alive_figure
from components.trace import Backward
from tests.figures import traces as t
from tests.figures.memory.made import Tape, nodes, steps, tables_of

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
