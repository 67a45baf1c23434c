"""The CSV files: every change, event and block, exact, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io

import pytest
from msgspec.structs import replace

from components.facts.gradients import History, gradient_history
from components.figures.charts.spreadsheets import blocks_csv, events_csv, gradients_csv
from components.trace import Gradient
from components.trace.records import Sizes
from tests.facts.gradients.goldens import golden_index
from tests.facts.gradients.made import by_backward, by_line, history_of
from tests.facts.gradients.test_amounts import summary
from tests.facts.memory.made import Tape, nodes, steps, tables_of


def table(history: History) -> list[list[str]]:
    return list(csv.reader(io.StringIO(gradients_csv(history))))


def test_one_row_for_each_call_leaf_and_element() -> None:
    history = history_of(
        by_backward("x", [0.1, -2.0], [0.1, -2.0]),
        by_backward("w", 1e-20, 1e-20),
        by_line("x", "zero", [0.0, 0.0], line=5),
        by_line("x", "none", None, line=6),
    )
    assert gradients_csv(history) == (
        "call,line,cause,backward,variable,index,added,grad_after\n"
        "1,3,backward,b0,x,[0],0.1,0.1\n"
        "1,3,backward,b0,x,[1],-2.0,-2.0\n"
        "1,3,backward,b0,w,,1e-20,1e-20\n"
        "2,5,zero,,x,[0],,0.0\n"
        "2,5,zero,,x,[1],,0.0\n"
        "3,6,none,,x,,,None\n"
    )


def test_an_index_of_a_matrix_is_one_cell_and_no_number_has_its_name() -> None:
    history = history_of(by_backward("m", [[1.0, "nan"]], [["inf", "-inf"]], line=None))
    assert table(history)[1:] == [
        ["1", "", "backward", "b0", "m", "[0, 0]", "1.0", "inf"],
        ["1", "", "backward", "b0", "m", "[0, 1]", "nan", "-inf"],
    ]


def test_what_was_added_is_there_though_the_grad_is_none() -> None:
    assert table(history_of(by_backward("x", [1.0], None)))[1][-3:] == ["[0]", "1.0", "None"]


def test_numbers_that_were_not_recorded_are_summed_up() -> None:
    large = Gradient(
        shape=[300], values=None, summary=summary(), sizes=Sizes(min=0.5, mean=1.0, max=2.0, norm=17.320508075688775)
    )
    unknown = Gradient(shape=[300], values=None, summary=None)
    change = by_backward("x", None, None)
    rows = table(history_of(replace(change, added=large, total=large), by_line("x", "assigned", None)))
    assert [row[-3:] for row in rows[1:5]] == [
        ["norm", "17.320508075688775", "17.320508075688775"],
        ["min |g|", "0.5", "0.5"],
        ["mean |g|", "1.0", "1.0"],
        ["max |g|", "2.0", "2.0"],
    ]
    assert [row[-3:] for row in table(history_of(replace(change, added=None, total=unknown)))[1:]] == [
        ["not recorded", "", ""]
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "=HYPERLINK('x')", "%0A=1"])
def test_no_name_is_a_formula(name: str) -> None:
    history = history_of(by_backward(name, 1.0, 1.0))
    (row,) = table(history)[1:]
    assert row[4] == "'" + name.replace("\t", " ").replace("\r", " ")


def test_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    (row,) = table(history_of(by_backward('d["a,b"]\n=1\r\n', 1.0, 1.0)))[1:]
    assert (row[4], len(row)) == ('d["a,b"] =1 ', 8)


def test_a_real_program() -> None:
    history = gradient_history(golden_index("20_train_sgd"))
    rows = table(history)
    assert {len(row) for row in rows} == {8}
    assert {int(row[0]) for row in rows[1:]} == {call.number for call in history.calls}


def test_events_and_blocks_hang_together() -> None:
    tape = Tape()
    block = tape.new(16, "saved", "=h()", saved_by=("n0",), line=1, step=0, node="n0")
    tape.free(block, line=1, step=0)
    tables = tables_of(tape, "h = x, 1\n", nodes=nodes("n0"), steps=steps(1))
    events = list(csv.DictReader(io.StringIO(events_csv(tables))))
    assert [(one["event"], one["t_ns"], one["delta_bytes"], one["total_bytes"], one["block"]) for one in events] == [
        ("0", "1000", "16", "16", "0"),
        ("1", "2000", "-16", "0", "0"),
    ]
    (row,) = csv.DictReader(io.StringIO(blocks_csv(tables)))
    assert row == {
        "block": "0",
        "bytes": "16",
        "category": "saved",
        "name": "'=h()",
        "operation": "aten::mul",
        "line": "1",
        "code": "h = x, 1",
        "node": "MulBackward0(n0)",
        "saved_by": "MulBackward0(n0)",
        "allocated": "0",
        "released": "1",
        "calls": "",
    }
