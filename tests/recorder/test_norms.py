"""The numbers of a recorded step, against plain Python and plain PyTorch; and that they stay bounded."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch import nn

from components.capture.quiet import quiet
from components.capture.updates import norms
from components.recorder import record
from components.recorder.histograms import sizes_of
from components.recorder.norms import Norms
from components.recorder.numbers import Numbers, Thinned
from components.trace.recording import MOST_NUMBERS, Amount, Histogram, RecordedStep, StepHistograms


def by_hand(values: list[float]) -> Histogram:
    """Count one number after the other, by Python's own idea of its exponent."""
    powers: Counter[int] = Counter()
    for value in values:
        if value and math.isfinite(value):
            part, power = math.frexp(abs(value))  # 0.5 <= part < 1
            powers[min(max(power - (2 if part == 0.5 else 1), -127), 127)] += 1
    lowest, highest = min(powers, default=0), max(powers, default=-1)
    return Histogram(
        lowest=lowest,
        counts=[powers[power] for power in range(lowest, highest + 1)],
        zeros=values.count(0.0),
        nan=sum(map(math.isnan, values)),
        inf=sum(map(math.isinf, values)),
    )


def counted(*tensors: torch.Tensor) -> list[Histogram]:
    with quiet():
        found = [dict(sizes.records()) for sizes in sizes_of([str(n) for n in range(len(tensors))], tensors)]
    together: dict[str, Histogram] = {name: one for some in found for name, one in some.items()}
    return [together[str(number)] for number in range(len(tensors))]


ODD = [0.0, -0.0, 1.0, -0.5, 0.75, 3.0, 1e-45, 2.0**-126, 2.0**-127, 3.4e38, 2.0**127, math.inf, -math.inf, math.nan]


def test_histograms_are_what_one_counts_by_hand() -> None:
    torch.manual_seed(0)
    tensors = [
        torch.tensor(ODD),
        torch.randn(40, 30),
        torch.randn(30, 20).t() * 1e-20,
        torch.randn(50).to(torch.bfloat16),
        torch.randn(50).to(torch.float16) * 1e-6,
        torch.tensor([1e300, -1e-300, 0.0, math.inf, math.nan, 1.5], dtype=torch.float64),
        torch.zeros(3),
        torch.tensor(-2.5),
        torch.tensor([3 + 4j, 0.5j]),
        torch.eye(3).to_sparse(),  # what is stored: three ones
    ]
    plain = [(torch.view_as_real(one) if one.is_complex() else one).flatten().tolist() for one in tensors[:-1]]
    assert counted(*tensors) == [by_hand(values) for values in [*plain, [1.0, 1.0, 1.0]]]


def test_of_very_many_numbers_some_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.recorder.histograms._MOST_NUMBERS", 50_000)
    monkeypatch.setattr("components.recorder.histograms._AT_ONCE", 10_000)
    large = torch.ones(100_000)
    large[1::2] = 4.0
    found, small = counted(large, torch.ones(5))
    # one in three, which meets even and odd places alike; what is small is counted whole
    assert found == Histogram(lowest=-1, counts=[16_667, 0, 16_667])
    assert small == Histogram(lowest=-1, counts=[5])


def test_what_has_no_floating_numbers_has_no_histogram_and_no_norm() -> None:
    tensors = [torch.ones(2, dtype=torch.int64), torch.ones(2).to(torch.float8_e4m3fn), torch.ones(4), torch.ones(0)]
    with quiet():
        assert [name for sizes in sizes_of(["a", "b", "c", "d"], tensors) for name in sizes.names] == ["c"]
        assert norms([*tensors, None]) == [None, None, 2.0, 0.0, None]


def test_norms_are_those_of_plain_pytorch() -> None:
    torch.manual_seed(0)
    tensors = [
        torch.randn(30, 4, requires_grad=True),
        torch.randn(5, dtype=torch.float64),
        torch.full((3,), 200.0, dtype=torch.float16),
        torch.tensor([3 + 4j]),
        torch.eye(4).to_sparse(),
        torch.tensor([1.0, math.nan]),
        torch.tensor([1.0, -math.inf]),
    ]
    wanted: list[Amount] = [one.detach().norm().item() for one in tensors[:2]]
    wanted += [200 * math.sqrt(3), 5.0, 2.0, "nan", "inf"]
    with quiet():
        assert norms(tensors) == [one if isinstance(one, str) else pytest.approx(one, rel=1e-6) for one in wanted]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_histograms_and_norms_are_those_of_the_processor() -> None:
    torch.manual_seed(0)
    tensors = [torch.tensor(ODD), torch.randn(300, 70), torch.randn(9).to(torch.bfloat16), torch.ones(2).double()]
    moved = [one.cuda() for one in tensors]
    assert counted(*moved, tensors[1]) == [*counted(*tensors), counted(tensors[1])[0]]
    with quiet():
        assert norms(moved[1:]) == [pytest.approx(one, rel=1e-5) for one in norms(tensors[1:])]


def test_what_the_optimizer_keeps_is_recorded_under_its_own_names() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    adam = torch.optim.Adam(model[0].parameters(), lr=0.1)
    sgd = torch.optim.SGD(model[1].parameters(), lr=0.1, momentum=0.9)
    with record(model, every=1) as run:
        for _ in range(2):
            adam.zero_grad()
            sgd.zero_grad()
            model(torch.ones(2, 3)).sum().backward()
            adam.step()
            sgd.step()
    last = run.recording.steps[-1]
    assert last.state
    assert list(last.state) == ["momentum_buffer"]  # each optimizer's step() ended one of the model's steps
    before = run.recording.steps[-2]
    assert before.state
    assert list(before.state) == ["exp_avg", "exp_avg_sq"]  # its step count is none
    weight, bias, *others = run.recording.parameters
    assert [weight, bias] == ["model.0.weight", "model.0.bias"]
    kept = adam.state[next(iter(model[0].parameters()))]
    assert before.state["exp_avg"][0] == pytest.approx(kept["exp_avg"].norm().item(), rel=1e-6)
    assert before.state["exp_avg_sq"][0] == pytest.approx(kept["exp_avg_sq"].norm().item(), rel=1e-6)
    assert before.state["exp_avg"][2:] == [None, None]
    buffer = sgd.state[list(model[1].parameters())[1]]["momentum_buffer"]
    assert last.state["momentum_buffer"][3] == pytest.approx(buffer.norm().item(), rel=1e-6)
    assert len(others) == 2


def test_the_histograms_of_a_step_are_of_what_the_optimizer_found_and_left() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    found = []
    with record(model, every=1) as run:
        for number in range(3):
            optimizer.zero_grad()
            (model(torch.randn(8, 3)) * (math.inf if number == 2 else 1)).square().sum().backward()
            nn.utils.clip_grad_value_(model.parameters(), 0.01)
            gradients = [p.grad.flatten().tolist() for p in model.parameters() if p.grad is not None]
            optimizer.step()
            found.append((gradients, [p.flatten().tolist() for p in model.parameters()]))
    assert run.recording.histograms == [
        StepHistograms(
            step=number,
            gradients=[by_hand(values) for values in gradients],
            weights=[by_hand(values) for values in weights],
        )
        for number, (gradients, weights) in enumerate(found)
    ]


def test_of_many_the_first_the_last_and_some_between_stay() -> None:
    kept: Thinned[str] = Thinned()
    for step in range(0, 100, 10):
        kept.add(step, f"at {step}")
    kept.thin(pinned={10, 20})
    assert list(kept.items) == [0, 10, 20, 40, 60, 80, 90]
    kept.add(100, "at 100")  # 90 was there because it was the last
    kept.thin()
    assert list(kept.items) == [0, 40, 80, 100]
    assert kept.items[40] == "at 40"


def numbered(norm: Amount, parameters: int, bins: torch.Tensor) -> Norms:
    made = Norms(lambda parameter: "")
    names = [f"p{number}" for number in range(parameters)]
    for column in (made.gradients, made.weights, made.updates, made.state.setdefault("exp_avg", {})):
        column.update(dict.fromkeys(names, norm))
    with quiet():
        for sizes in made.sizes:
            sizes.extend(sizes_of(names, [bins] * parameters))
    return made


def test_a_long_training_with_many_parameters_stays_within_what_a_reader_takes() -> None:
    notes: list[str] = []
    numbers = Numbers(notes.append)
    bins = 2.0 ** torch.arange(-60.0, 60.0)
    good, bad = numbered(1.0, 1_500, bins), numbered("nan", 1_500, bins)
    for step in range(0, 3_000, 10):
        norms_of = bad if step in (130, 2_000) else good
        numbers.add(RecordedStep(step=step, losses=[1.0], seconds=0.1), norms_of, pinned=())
    steps, histograms = numbers.steps, numbers.histograms
    assert [step.step for step in steps] == list(range(0, 3_000, 10))
    assert all(step.losses for step in steps)
    rows = [step.step for step in steps if step.gradients]
    # 750,000 numbers are room for 125 steps of four columns, so every fourth has some; and the first bad, and the last
    assert rows == sorted({*range(0, 3_000, 40), 130, 2_990})
    assert sum(len(step.gradients) * 4 for step in steps) < MOST_NUMBERS
    assert histograms
    assert (histograms[0].step, histograms[-1].step) == (0, 2_990)
    # the first and the last are always there: of 1,000 parameters, which is the most that are counted, 120 bins
    assert sum(len(one.counts) for step in histograms for one in step.gradients if one) == 2 * 1_000 * 120
    assert notes == []


def test_parameters_that_come_later_have_nothing_before() -> None:
    numbers = Numbers(lambda note: None)
    bins = torch.ones(1)
    numbers.add(RecordedStep(step=0, seconds=0.1), numbered(1.0, 1, bins), pinned=())
    numbers.add(RecordedStep(step=1, seconds=0.1), numbered(2.0, 2, bins), pinned=())
    assert [step.weights for step in numbers.steps] == [[1.0, None], [2.0, 2.0]]
    assert [step.state for step in numbers.steps] == [{"exp_avg": [1.0, None]}, {"exp_avg": [2.0, 2.0]}]
    assert numbers.histograms
    assert [[one is None for one in step.gradients] for step in numbers.histograms] == [[False, True], [False, False]]


def test_of_a_long_training_few_steps_have_histograms() -> None:
    numbers = Numbers(lambda note: None)
    made = numbered(1.0, 2, torch.ones(1))
    for step in range(200):
        numbers.add(RecordedStep(step=step, seconds=0.1), made, pinned=())
    assert numbers.histograms
    assert [step.step for step in numbers.histograms] == [*range(0, 200, 4), 199]
    assert len([step for step in numbers.steps if step.gradients]) == 200
