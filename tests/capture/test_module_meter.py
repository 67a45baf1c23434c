"""What modules cost, against sizes counted by hand, a clock that is set, plain Python and ``torch.profiler``."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from itertools import count

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from components.capture import measure_modules
from components.capture.failures import Asides
from components.capture.module_meter import ModuleMeter
from components.source import SourceLimits
from components.trace import Caps, DamagedTrace, MeasureModules, ModuleCosts, Program, Trace, decode_trace, encode_trace


def measured(source: str) -> Trace:
    program = Program(source=textwrap.dedent(source).lstrip(), question=MeasureModules())
    trace = measure_modules(program, Caps(), SourceLimits())
    assert decode_trace(encode_trace(trace)) == trace
    return trace


def costs_of(source: str) -> ModuleCosts:
    trace = measured(source)
    assert trace.failure is None, trace.failure
    assert trace.notes == []
    assert isinstance(trace.modules, ModuleCosts)
    return trace.modules


MLP = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 2, bias=False))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(5, 3)).square().sum().backward()
        optimizer.step()
"""


def test_sizes_are_those_that_one_counts() -> None:
    costs = costs_of(MLP)
    assert [(one.path, one.kind, one.calls) for one in costs.modules] == [
        ("model", "Sequential", 3),
        ("model.0", "Linear", 3),
        ("model.1", "ReLU", 3),
        ("model.2", "Flatten", 3),
        ("model.3", "Linear", 3),
    ]
    assert [(one.name, one.count, one.nbytes) for one in costs.parameters] == [
        ("model.0.weight", 12, 48),
        ("model.0.bias", 4, 16),
        ("model.3.weight", 8, 32),
    ]
    assert [one.parameters for one in costs.modules] == [[0, 1, 2], [0, 1], [], [], [2]]
    # 5 * 4 floats, changed in place and viewed by the next two; 5 * 2 floats.
    assert [one.activation_bytes for one in costs.modules] == [80 + 40, 80, 0, 0, 40]


def test_the_update_of_plain_sgd_is_the_rate_times_the_gradient() -> None:
    costs = costs_of(MLP)
    assert costs.steps == 3
    for one in costs.parameters:
        assert isinstance(one.gradient_norm, float)
        assert isinstance(one.update_norm, float)
        assert one.update_norm == pytest.approx(0.5 * one.gradient_norm, rel=1e-5)


def test_the_norms_are_those_of_plain_python_at_the_last_step() -> None:
    """Adam, and the same loop without anything of ours."""
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(4):
        optimizer.zero_grad()
        torch.autograd.backward(model(torch.ones(5, 3)).square().sum())
        before = model.weight.detach().clone()
        optimizer.step()
    costs = costs_of("""
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(4):
            optimizer.zero_grad()
            model(torch.ones(5, 3)).square().sum().backward()
            optimizer.step()
    """)
    weight = costs.parameters[0]
    assert model.weight.grad is not None
    assert weight.gradient_norm == pytest.approx(model.weight.grad.norm().item())
    assert weight.weight_norm == pytest.approx(model.weight.detach().norm().item())
    assert weight.update_norm == pytest.approx((model.weight.detach() - before).norm().item())


def test_a_weight_that_two_modules_share_is_there_once() -> None:
    costs = costs_of("""
        import torch
        from torch import nn
        class Tied(nn.Module):
            def __init__(self):
                super().__init__()
                self.one, self.two = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
                self.two.weight = self.one.weight
                self.one.requires_grad_(False)
            def forward(self, x):
                return self.two(self.one(x))
        model = Tied()
        model(torch.ones(1, 3))
    """)
    assert [(one.name, one.requires_grad) for one in costs.parameters] == [("model.one.weight", False)]
    assert {one.path: one.parameters for one in costs.modules} == {
        "model": [0],
        "model.one": [0],
        "model.two": [0],
    }


class _Tick(nn.Module):
    """Takes as long as it is told, by a clock that only goes on when it is told so."""

    def __init__(self, clock: list[int], forward: int, backward: int) -> None:
        super().__init__()
        self.clock, self.takes = clock, (forward, backward)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.clock[0] += self.takes[0]
        result: torch.Tensor = _Slow.apply(x, self.clock, self.takes[1])  # type: ignore[no-untyped-call]
        return result


class _Slow(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, clock, takes):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        ctx.clock, ctx.takes = clock, takes
        return x * 1

    @staticmethod
    def backward(ctx, *gradients):  # type: ignore[no-untyped-def]
        ctx.clock[0] += ctx.takes
        (x,) = ctx.saved_tensors
        return gradients[0] * torch.ones_like(x), None, None


def test_times_are_those_of_the_clock_and_no_hook_counts() -> None:
    """Each look at the clock takes 1,000 ns, so that a hook that counted would be seen."""
    now, looks = [0], count(1)

    def clock() -> int:
        return now[0] + 1_000 * next(looks)

    model = nn.Sequential(_Tick(now, 100_000_000, 7_000_000), nn.Sequential(_Tick(now, 20_000_000, 500_000_000)))
    x = torch.ones(2, requires_grad=True)
    with ModuleMeter(Asides(most=5), clock) as meter:
        now[0] += 3_000_000_000  # outside all modules
        for _ in range(2):
            torch.autograd.backward(model(x).sum())
    found = {one.path: (one.calls, one.forward_ns, one.backward_ns) for one in meter.costs("cpu").modules}

    def rounded(time: int | None) -> int:
        return round((time or 0) / 1_000_000)

    assert {path: (calls, rounded(there), rounded(back)) for path, (calls, there, back) in found.items()} == {
        "Sequential": (2, 240, 1014),  # 2 * (100 + 20), 2 * (7 + 500)
        "Sequential.0": (2, 200, 14),
        "Sequential.1": (2, 40, 1000),
        "Sequential.1.0": (2, 40, 1000),
    }
    # Between two looks there is one more, at most: of the hooks' own looks none is in a time.
    assert all((there or 0) % 1_000_000 <= 20_000 for _, there, _ in found.values())


def test_what_checkpointing_computes_again_is_forward_and_no_backward() -> None:
    from torch.utils.checkpoint import checkpoint

    now = [0]
    part = _Tick(now, 30_000_000, 4_000_000)
    x = torch.ones(2, requires_grad=True)
    for reentrant in (True, False):
        with ModuleMeter(Asides(most=5), lambda: now[0]) as meter:
            y = checkpoint(part, x * 1, use_reentrant=reentrant)
            torch.autograd.backward(y.sum())
        (cost,) = meter.costs("cpu").modules
        assert (cost.calls, cost.forward_ns, cost.backward_ns) == (2, 60_000_000, 4_000_000)


def test_every_node_of_a_module_that_the_profiler_sees_is_measured_once() -> None:
    """The clock counts visits: one look before and one after each node."""
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    x = torch.ones(2, 3, 8)
    asides = Asides(most=5)
    visits: Counter[str] = Counter()

    class Counting(ModuleMeter):
        def _done(self, path: str, grad_inputs: object, grad_outputs: object) -> None:
            visits[path] += 1
            super()._done(path, grad_inputs, grad_outputs)

    with Counting(asides) as meter, profile(activities=[ProfilerActivity.CPU]) as profiler:
        torch.autograd.backward(model(x).sum())
    assert asides.notes == []
    seen = [event.name for event in profiler.events() if "evaluate_function" in event.name]
    assert visits.total() == len(seen) - 1  # all but the sum, which is outside
    assert not any("Sum" in name for name in visits)
    costs = {one.path: one for one in meter.costs("cpu").modules}
    assert costs["TransformerEncoderLayer"].parameters == list(range(len(list(model.parameters()))))
    whole = costs["TransformerEncoderLayer"].backward_ns or 0
    parts = [costs[f"TransformerEncoderLayer.{name}"].backward_ns or 0 for name, _ in model.named_children()]
    assert 0 < sum(parts) <= whole


def test_a_program_that_fails_has_the_modules_that_it_called() -> None:
    trace = measured("""
        import torch
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(5, 2))
        model(torch.ones(1, 3))
    """)
    assert trace.failure is not None
    assert "shapes cannot be multiplied" in trace.failure.message
    assert isinstance(trace.modules, ModuleCosts)
    assert [(one.path, one.calls, one.activation_bytes) for one in trace.modules.modules][:2] == [
        ("model", 1, 16),
        ("model.0", 1, 16),
    ]


def test_nothing_is_left_behind() -> None:
    from torch.nn.modules import module
    from torch.optim import optimizer

    engine = torch.autograd.graph._engine_run_backward
    hooks = (module._global_forward_hooks, module._global_forward_pre_hooks, optimizer._global_optimizer_pre_hooks)
    before = [dict(one) for one in hooks]
    costs_of(MLP)
    assert [dict(one) for one in hooks] == before
    assert torch.autograd.graph._engine_run_backward is engine


def test_random_numbers_are_those_of_the_plain_program() -> None:
    source = "import torch\nmodel = torch.nn.Linear(2, 2)\nraise SystemExit(str(torch.rand(1).item()))\n"
    torch.manual_seed(0)
    nn.Linear(2, 2)
    wanted = torch.rand(1).item()
    with ModuleMeter(Asides(most=1)):
        torch.manual_seed(0)
        nn.Linear(2, 2)(torch.ones(1, 2))
        assert math.isclose(torch.rand(1).item(), wanted)
    assert measured(source).failure is None


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("a parameter that is not there", '"parameters":[0,1,2]|"parameters":[0,1,9]'),
        ("a parameter twice", '"parameters":[0,1,2]|"parameters":[0,1,1]'),
        ("a module is there twice", '"path":"model.0"|"path":"model.1"'),
        ("a size that is none", '"shape":[4,3]|"shape":[-4,3]'),
    ],
)
def test_a_trace_with_damaged_costs_is_refused(what: str, broken: str) -> None:
    before, _, after = broken.partition("|")
    text = encode_trace(measured(MLP)).decode()
    assert before in text
    with pytest.raises(DamagedTrace, match=what):
        decode_trace(text.replace(before, after, 1))
