"""How the numbers of modules come into the picture, and how a row of their table leads there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from components.capture import capture_program, measure_modules
from components.facts import TraceIndex
from components.facts.modules import module_table
from components.figures import PlayerData
from components.figures.charts.spreadsheets import modules_csv
from components.reading.graph_view import WHOLE, GraphAsked, graph_view, way_to_module
from components.reading.modules import has_modules, modules_told
from components.source import SourceLimits
from components.trace import Caps, MeasureModules, ModuleCosts, Program

PROGRAMS = Path(__file__).parents[1] / "programs"
SOURCE = (PROGRAMS / "31_transformer_layer.py").read_text(encoding="utf-8")


@cache
def index() -> TraceIndex:
    return TraceIndex(capture_program(Program(source=SOURCE)))


@cache
def costs() -> ModuleCosts:
    trace = measure_modules(Program(source=SOURCE, question=MeasureModules()), Caps(), SourceLimits())
    told = modules_told(TraceIndex(trace))
    assert told.problem == ""
    assert told.costs is not None
    return told.costs


def view(opened: tuple[str, ...] | None, *, modules: bool = True) -> PlayerData:
    asked = GraphAsked(opened=opened, modules=modules, costs=costs() if modules else None)
    return graph_view(index(), asked).data


def test_boxes_that_are_modules_have_the_numbers_of_their_rows() -> None:
    data = view(())
    assert isinstance(data.columns, list)
    names = [name for name, _ in data.columns]
    rows = {row.path: row for row in module_table(index(), costs()).rows}
    seen = 0
    for box, known in data.boxes.items():
        row = rows.get(data.cards[box].title) if known.folded and box in data.cards else None
        if row is not None:
            told = dict(zip(names, known.columns, strict=True))
            assert told["parameters of modules"] == row.parameters
            assert told["saved of modules"] == row.saved
            assert told["forward of modules"] == pytest.approx((row.forward or 0) / 1e6)
            seen += 1
    assert seen
    assert data.terms["colour: forward of modules"].startswith("a run of its own, without observers")


def test_nothing_is_sent_of_modules_until_somebody_looks() -> None:
    data = view((), modules=False)
    assert not isinstance(data.columns, list)
    assert all(box.columns == () for box in data.boxes.values())


def test_every_row_leads_to_a_box_that_is_then_there() -> None:
    paths = [row.path for row in module_table(index()).rows]
    assert len(paths) > 5
    for path in paths:
        way = way_to_module(index(), WHOLE, (), path)
        assert way is not None
        data = view(way.opened)
        assert way.box in data.boxes
        box = data.boxes[way.box]
        if box.folded:
            assert data.cards[way.box].title == path
        else:
            assert (box.names or "").startswith(path)
    assert way_to_module(index(), WHOLE, (), "nowhere") is None


def test_what_is_open_stays_open() -> None:
    first = module_table(index()).rows[0].path
    way = way_to_module(index(), WHOLE, ("g.0",), first)
    assert way is not None
    assert way.opened[0] == "g.0"


def test_the_table_is_a_spreadsheet_too() -> None:
    lines = modules_csv(module_table(index(), costs())).splitlines()
    assert lines[0].startswith("module,class,calls,parameters,frozen,parameter_bytes")
    assert len(lines) == 1 + len(module_table(index(), costs()).rows)
    assert has_modules(index())
