"""What a recorded step says of its modules, against numbers counted by hand and the step's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from msgspec import UNSET
from torch import nn

from components import record
from components.facts import TraceIndex
from components.facts.modules import module_table
from components.reading.modules import modules_told
from components.trace import ModuleCosts


def test_a_recorded_step_has_the_sizes_and_norms_of_its_modules() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model, every=10) as run:
        for _ in range(2):
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.ones(5, 3)).square().sum())
            optimizer.step()
    trace = run.traces[0]
    costs = modules_told(TraceIndex(trace)).costs
    assert isinstance(costs, ModuleCosts)
    assert costs.observed
    assert costs.steps == 1
    rows = {row.path: row for row in module_table(TraceIndex(trace), costs).rows}
    assert [(path, row.kind, row.parameters, row.activations) for path, row in rows.items()] == [
        ("model", "Sequential", 26, 200),  # results of 5 * 4, 5 * 4 and 5 * 2 floats
        ("model.0", "Linear", 16, 80),
        ("model.1", "Tanh", 0, 80),
        ("model.2", "Linear", 10, 40),
    ]
    assert all(row.forward is row.backward is None for row in rows.values())  # observers would count
    weight = costs.parameters[0]
    assert weight.name == "model.0.weight"
    assert isinstance(weight.gradient_norm, float)
    assert weight.update_norm == pytest.approx(0.5 * weight.gradient_norm, rel=1e-4)
    assert rows["model"].update_ratio is not None
    assert module_table(TraceIndex(trace), costs).sources["activations"].startswith("the observed run")


def test_the_page_of_a_recorded_step_can_be_coloured_by_its_modules(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model, every=10) as run:
        torch.autograd.backward(model(torch.ones(5, 3)).square().sum())
        optimizer.step()
    file = tmp_path / "step.html"
    run.html(file)
    assert '"columns": [["parameters of modules", ""], ["activations of modules", "B"]' in file.read_text()


def test_a_step_without_modules_says_nothing_of_them() -> None:
    x = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    with record(every=10) as run:
        torch.autograd.backward((x * x).sum())
        optimizer.step()
    assert run.traces[0].modules is UNSET


def test_a_model_of_more_modules_or_longer_names_than_a_trace_has_is_recorded_without_them() -> None:
    model = nn.Sequential(*[nn.Identity() for _ in range(2_500)])
    model.add_module("n" * 501, nn.Linear(2, 2))
    model.add_module("last", nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model) as run:
        torch.autograd.backward(model(torch.ones(1, 2)))
        optimizer.step()
    costs = run.traces[0].modules  # read from the file, as the app does
    assert isinstance(costs, ModuleCosts)
    assert costs.cut
    assert [one.path for one in costs.modules] == ["model", *(f"model.{number}" for number in range(1_999))]
    assert "model.last.weight" in run.recording.parameters
