"""The table of modules of real programs, against numbers counted by hand and PyTorch's own."""

from __future__ import annotations

import math
import textwrap
from functools import cache

import pytest
from msgspec import UNSET

from components.capture import capture_program, measure_modules
from components.facts import TraceIndex
from components.facts.cards import box_card
from components.facts.casts import cast_text, weight_copies
from components.facts.folding import Homes
from components.facts.modules import COLUMNS, ModuleRow, ModuleTable, module_paths, module_table
from components.facts.story import tell
from components.figures import LabOptions
from components.figures.lab.words import function_words
from components.source import SourceLimits
from components.trace import Caps, MeasureModules, ModuleCosts, Program

MLP = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    model[2].bias.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.ones(5, 3)
    for _ in range(2):
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()
"""


@cache
def index_of(source: str) -> TraceIndex:
    trace = capture_program(Program(source=textwrap.dedent(source).lstrip()))
    assert trace.failure is None, trace.failure
    return TraceIndex(trace)


@cache
def costs_of(source: str) -> ModuleCosts:
    program = Program(source=textwrap.dedent(source).lstrip(), question=MeasureModules())
    costs = measure_modules(program, Caps(), SourceLimits()).modules
    assert isinstance(costs, ModuleCosts)
    return costs


def rows(table: ModuleTable) -> dict[str, ModuleRow]:
    return {row.path: row for row in table.rows}


def test_a_row_has_what_one_counts() -> None:
    table = module_table(index_of(MLP), costs_of(MLP))
    assert [(row.path, row.kind, row.depth, row.calls, row.line) for row in table.rows] == [
        ("model", "Sequential", 0, 2, 10),
        ("model.0", "Linear", 1, 2, 10),
        ("model.1", "Tanh", 1, 2, 10),
        ("model.2", "Linear", 1, 2, 10),
    ]
    found = rows(table)
    assert [found[path].parameters for path in ("model", "model.0", "model.1", "model.2")] == [26, 16, 0, 10]
    assert [found[path].frozen for path in ("model", "model.0", "model.2")] == [2, 0, 2]
    assert found["model"].parameter_bytes == 26 * 4
    # Results of 5 * 4, 5 * 4 and 5 * 2 floats.
    assert [found[path].activations for path in ("model", "model.0", "model.1", "model.2")] == [200, 80, 80, 40]
    # Of one backward: x (5 * 3 floats), Tanh's result, which the second layer saves too, and its weight (4 * 2).
    assert [found[path].saved for path in ("model", "model.0", "model.1", "model.2")] == [172, 60, 80, 112]
    assert table.total.parameters == 26
    assert table.total.saved == 172
    assert set(table.sources) == set(COLUMNS)


def test_norms_come_from_all_parameters_inside() -> None:
    index, costs = index_of(MLP), costs_of(MLP)
    found = rows(module_table(index, costs))
    by_name = {one.name: one for one in costs.parameters}
    first = by_name["model.0.weight"], by_name["model.0.bias"]
    every = *first, by_name["model.2.weight"]
    assert by_name["model.2.bias"].gradient_norm is None  # it is frozen
    for path, inside in (("model.0", first), ("model", every)):
        gradient = math.sqrt(sum(float(one.gradient_norm or 0) ** 2 for one in inside))
        update = math.sqrt(sum(float(one.update_norm or 0) ** 2 for one in inside))
        weight = math.sqrt(sum(float(one.weight_norm or 0) ** 2 for one in inside))
        assert found[path].gradient_norm == pytest.approx(gradient, rel=1e-5)
        assert found[path].update_ratio == pytest.approx(update / weight, rel=1e-5)
        assert update == pytest.approx(0.1 * gradient, rel=1e-4)
    assert found["model.1"].gradient_norm is None


def test_without_a_run_of_its_own_there_is_what_the_graph_knows() -> None:
    index = index_of(MLP)
    alone, both = module_table(index), module_table(index, costs_of(MLP))
    assert [row.path for row in alone.rows] == [row.path for row in both.rows]
    for one, other in zip(alone.rows, both.rows, strict=True):
        assert (one.saved, one.line) == (other.saved, other.line)
        assert one.gradient_norm == other.gradient_norm
        assert one.activations is one.forward is one.backward is one.update_ratio is None
    assert rows(alone)["model.2"].parameters == 8  # the graph does not lead to the frozen bias
    assert set(alone.sources) == {"parameters", "saved", "gradient norm"}
    assert module_paths(index) == {"model", "model.0", "model.1", "model.2"}


def test_a_graph_that_is_kept_is_saved_until_the_end() -> None:
    """Two forward passes whose graphs are held at the same time: both count."""
    source = """
        import torch
        model = torch.nn.Sequential(torch.nn.Tanh())
        x = torch.ones(4, requires_grad=True)
        y = model(x).sum() + model(x).sum()
    """
    assert rows(module_table(index_of(source)))["model"].saved == 2 * 16


def test_a_program_without_modules_has_no_rows() -> None:
    table = module_table(index_of("import torch\nx = torch.ones(2, requires_grad=True)\nx.sum().backward()\n"))
    assert (table.rows, table.total.saved) == ([], 0)


EVAL = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 2)])
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x
    model = Net().eval()
    with torch.no_grad():
        y = model(torch.ones(5, 3))
"""


def test_a_list_of_modules_has_what_those_in_it_take_and_no_backward_has_no_time() -> None:
    found = rows(module_table(index_of(EVAL), costs_of(EVAL)))
    assert list(found) == ["model", "model.layers", "model.layers.0", "model.layers.1"]
    assert [row.calls for row in found.values()] == [1, 0, 1, 1]
    assert [row.activations for row in found.values()] == [120, 120, 80, 40]  # 5 * 4 and 5 * 2 floats
    layers = [found[f"model.layers.{place}"].forward or 0 for place in (0, 1)]
    assert found["model.layers"].forward == sum(layers)
    assert (found["model"].forward or 0) > sum(layers)
    assert all(row.backward is None for row in found.values())
    assert [row.line for row in found.values()] == [13, None, 9, 9]


AUTOCAST = """
    import torch
    from torch import nn
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    x = torch.ones(5, 3)
    for _ in range(2):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = model(x)
        y.float().sum().backward()
"""


def test_casts_of_autocast_say_both_dtypes() -> None:
    index = index_of(AUTOCAST)
    casts = [cast_text(node) for node in index.trace.nodes if node.cast is not UNSET]
    assert casts.count("cast float32 → bfloat16, under autocast") == 2 * 4
    assert casts.count("cast bfloat16 → float32") == 2  # y.float(), which the program asks for
    assert all(node.name == "ToCopyBackward0" for node in index.trace.nodes if node.cast is not UNSET)


def test_a_cast_is_named_in_its_box_and_on_its_card() -> None:
    index = index_of(AUTOCAST)
    node = next(node for node in index.trace.nodes if node.cast is not UNSET)
    card = box_card(index, tell(index, Homes()), {}, node.id)
    assert card is not None
    assert ("cast", "float32 → bfloat16, under autocast") in card.rows
    assert "cast float32 → bfloat16, under autocast" in function_words(index, node, LabOptions())


def test_copies_of_weights_in_a_second_dtype_have_their_bytes() -> None:
    copies = weight_copies(index_of(AUTOCAST))
    assert {(one.name, one.source, one.target, one.bytes, one.copy_bytes, one.times) for one in copies} == {
        ("model.0.weight", "float32", "bfloat16", 48, 24, 2),
        ("model.0.bias", "float32", "bfloat16", 16, 8, 2),
        ("model.1.weight", "float32", "bfloat16", 32, 16, 2),
        ("model.1.bias", "float32", "bfloat16", 8, 4, 2),
    }
    assert all(one.autocast and one.line == 7 for one in copies)


def test_a_copy_to_the_same_dtype_is_no_cast() -> None:
    index = index_of("import torch\nx = torch.ones(2, requires_grad=True)\ny = x.to(torch.float32, copy=True).sum()\n")
    assert [cast_text(node) for node in index.trace.nodes if node.name == "ToCopyBackward0"] == [""]
