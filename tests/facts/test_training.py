"""A recorded training in numbers, worked out by hand."""

from __future__ import annotations

import msgspec
import pytest

from components.facts.training import MOST_LAYERS, MOST_STEPS, Sizes, Training, layer_of, sizes, training
from components.trace.recording import Amount, Histogram, KeptTrace, RecordedStep, Recording, StepHistograms

PARAMETERS = ["net.0.weight", "net.0.bias", "net.2.weight", "scale"]


def step(number: int, losses: list[Amount], gradients: list[Amount | None]) -> RecordedStep:
    weights: list[Amount | None] = [6.0, 8.0, 5.0, 0.0]  # net.0: sqrt(36 + 64) = 10
    updates: list[Amount | None] = [0.3, 0.4, None, 0.0]  # net.0: sqrt(0.09 + 0.16) = 0.5
    return RecordedStep(step=number, losses=losses, seconds=0.1, gradients=gradients, weights=weights, updates=updates)


def head(steps: list[RecordedStep], kept: list[int], parameters: list[str] = PARAMETERS) -> Recording:
    traces = [KeptTrace(step=one, packed=1, size=1) for one in kept]
    return Recording(file="train.py", every=10, seen=100, parameters=parameters, steps=steps, traces=traces)


@pytest.fixture
def told() -> Training:
    return training(
        head(
            [
                step(0, [2.0, 4.0], [3.0, 4.0, 1.0, None]),
                step(10, [1.0], ["nan", 4.0, 1.0, None]),
                step(20, [], ["inf", 4.0, "inf", 2.0]),
                step(30, ["nan", 1.0], [0.0, 0.0, 0.5, 2.0]),
            ],
            [0, 30],
        )
    )


def test_parameters_of_a_module_count_as_one_vector(told: Training) -> None:
    assert [layer.name for layer in told.layers] == ["net.0", "net.2", "scale"]
    first, second, third = told.layers
    assert first.rows["gradients"] == (5.0, None, None, 0.0)  # sqrt(9 + 16); NaN and infinite are no size
    assert first.rows["weights"] == (10.0,) * 4
    assert first.rows["ratios"] == pytest.approx((0.05,) * 4)  # 0.5 / 10
    assert second.rows["gradients"] == (1.0, 1.0, None, 0.5)
    assert second.rows["ratios"] == (None,) * 4  # its update is not known
    assert third.rows["gradients"] == (None, None, 2.0, 2.0)
    assert third.rows["ratios"] == (None,) * 4  # its weights are zero


def test_the_loss_of_an_accumulated_step_is_the_mean_of_its_parts(told: Training) -> None:
    assert told.losses == (3.0, 1.0, None, None)


def test_numbers_that_are_too_large_together_are_gaps() -> None:
    large = msgspec.structs.replace(step(0, [1e308] * 2, [1.7e308] * 4), updates=[1e308, 0.0, 1.0, 1.0])
    told = training(head([large, msgspec.structs.replace(large, step=10, weights=[1e-308, 0.0, 1.0, 1.0])], [0]))
    assert told.losses == (None, None)
    assert told.layers[0].rows["gradients"] == (None, None)
    assert told.layers[0].rows["ratios"] == (1e307, None)


def test_the_first_bad_gradient_is_named(told: Training) -> None:
    assert [layer.bad for layer in told.layers] == [10, 20, None]
    assert told.bad == ("net.0", 10)
    assert training(head([step(0, [1.0], [1.0, 1.0, 1.0, 1.0])], [0])).bad is None


def test_a_step_leads_to_the_nearest_with_a_graph(told: Training) -> None:
    assert [told.nearest_kept(one) for one in (0, 10, 15, 16, 99)] == [0, 0, 0, 30, 30]


def test_many_steps_and_layers_are_thinned_evenly_and_those_with_a_graph_stay() -> None:
    names = [f"layers.{number}.weight" for number in range(MOST_LAYERS + 5)]
    row: list[Amount | None] = [1.0] * len(names)
    steps = [RecordedStep(step=10 * n, losses=[1.0], seconds=0.0, gradients=row) for n in range(1_000)]
    told = training(head(steps, [0, 5_010, 9_990], names))
    assert len(told.steps) <= MOST_STEPS + 3
    assert {0, 5_010, 9_990} <= set(told.steps)
    assert told.steps[:4] == (0, 30, 60, 90)  # every third of 1,000
    assert (told.recorded, told.left_out) == (1_000, 5)


def test_a_step_without_numbers_has_no_column() -> None:
    """As one that changed nothing, or whose numbers there was no room for."""
    told = training(head([RecordedStep(step=0, seconds=0.0), step(10, [1.0], [1.0, None, None, None])], [0]))
    assert (told.steps, told.losses) == ((0, 10), (None, 1.0))
    assert told.columns == (10,)
    assert told.layers[0].rows["gradients"] == (1.0,)


def test_what_the_optimizer_keeps_counts_by_layer_under_its_own_name() -> None:
    state: dict[str, list[Amount | None]] = {"exp_avg": [3.0, 4.0, "nan", None]}
    steps = [step(0, [], [1.0] * 4), msgspec.structs.replace(step(10, [], [1.0] * 4), state=state)]
    told = training(head(steps, [0]))
    assert told.states == ("exp_avg",)
    assert [layer.rows["state exp_avg"] for layer in told.layers] == [(None, 5.0), (None, None), (None, None)]
    assert told.counted == ()


def test_the_histograms_of_a_layers_parameters_are_added_up() -> None:
    weight = Histogram(lowest=-3, counts=[1, 2], zeros=1)
    bias = Histogram(lowest=-2, counts=[5, 0, 1], nan=1, inf=2)
    other = Histogram(lowest=9, counts=[7])
    steps = [
        StepHistograms(step=0, gradients=[weight, bias, other, None], weights=[]),
        StepHistograms(step=10, gradients=[weight, None, other, None], weights=[bias, None, None, None]),
        StepHistograms(step=20, gradients=[None] * 4, weights=[None] * 4),
    ]
    made = msgspec.structs.replace(head([step(0, [], []), step(10, [], [])], [0]), histograms=steps)
    assert training(made).counted == ("net.0", "net.2")
    assert sizes(made, "net.0", "gradients") == Sizes(
        steps=(0, 10),
        powers=(-3, -2, -1, 0),
        counts=((1, 1), (7, 2), (0, 0), (1, 0)),
        zeros=(1, 1),
        nan=(1, 0),
        inf=(2, 0),
        total=(13, 4),
    )
    assert sizes(made, "net.0", "weights").steps == (10,)
    for nothing in ("scale", "not there"):
        assert sizes(made, nothing, "gradients") == Sizes((), (), (), (), (), (), ())
    zeros = msgspec.structs.replace(
        made, histograms=[StepHistograms(step=0, gradients=[Histogram(zeros=3)] * 4, weights=[])]
    )
    assert sizes(zeros, "net.0", "gradients") == Sizes((0,), (), (), (6,), (0,), (0,), (6,))


@pytest.mark.parametrize(("name", "layer"), [("a.b.weight", "a.b"), ("w", "w"), ("", "")])
def test_a_parameter_belongs_to_its_module(name: str, layer: str) -> None:
    assert layer_of(name) == layer
