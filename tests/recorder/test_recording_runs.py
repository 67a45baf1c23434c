"""``record`` around a loop: which steps it looks at, what it says of them, and that the training stays as it was."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec import UNSET
from msgspec.structs import replace
from torch import nn
from torch.nn.modules import module
from torch.optim import optimizer as optimizers
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from components.facts.training import training
from components.recorder import record
from components.recorder import run as runs
from components.recorder.window import Window
from components.trace import Trace
from components.trace.recording import decode_recording

ROOT = Path(__file__).resolve().parents[2]


def made(seed: int = 0) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(8, 3), torch.randn(8, 1)


def hooks() -> list[Any]:
    """Everything that an observer puts anywhere in this process."""
    return [
        sys.gettrace(),
        torch.autograd.graph._engine_run_backward,
        torch.autograd._engine_run_backward,  # type: ignore[attr-defined]
        list(module._global_forward_hooks.values()),
        list(module._global_forward_pre_hooks.values()),
        list(optimizers._global_optimizer_pre_hooks.values()),
        "write" in vars(sys.stdout),
        warnings.showwarning,
    ]


def test_between_recorded_steps_nothing_is_hooked() -> None:
    model, x, wanted = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before, during = hooks(), []
    with record(model, every=3, steps=9) as run:
        for _ in range(10):
            optimizer.zero_grad()
            loss = (model(x) - wanted).square().mean()
            loss.backward()
            during.append(hooks() == before)
            optimizer.step()
    # 0, 3, 6 and the last one, 8; step 9 is more than there were to be
    assert during == [False, True, True, False, True, True, False, True, False, True]
    assert hooks() == before
    assert len(optimizers._global_optimizer_post_hooks) == 0
    assert run.steps_seen == 10
    assert list(run.traces) == [step.step for step in run.recording.steps] == [0, 3, 6, 8]


def test_the_norms_are_those_of_what_the_optimizer_found_and_did() -> None:
    model, x, wanted = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    found: list[list[list[float]]] = []
    with record(model, every=1) as run:
        for _ in range(2):
            optimizer.zero_grad()
            (model(x) - wanted).square().mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            gradients = [p.grad.norm().item() for p in model.parameters() if p.grad is not None]
            optimizer.step()
            # the update is lr times the gradient: 0.5 * |g|
            found.append([gradients, [p.norm().item() for p in model.parameters()], [0.5 * g for g in gradients]])
    assert run.recording.parameters == ["model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias"]
    for step, (gradients, weights, updates) in zip(run.recording.steps, found, strict=True):
        assert step.gradients == pytest.approx(gradients, rel=1e-5)
        assert step.weights == pytest.approx(weights, rel=1e-5)
        assert step.updates == pytest.approx(updates, rel=1e-4)


def test_the_training_is_the_same_bit_for_bit_and_draws_the_same_numbers() -> None:
    def trained(recorded: bool) -> list[torch.Tensor]:
        model, x, wanted = made()
        dropped = nn.Sequential(model, nn.Dropout(0.5))
        optimizer = torch.optim.Adam(dropped.parameters(), lr=0.1)

        def loop() -> None:
            for _ in range(6):
                optimizer.zero_grad()
                (dropped(x + torch.randn_like(x)) - wanted).square().mean().backward()
                optimizer.step()

        if recorded:
            with record(dropped, every=2):
                loop()
        else:
            loop()
        return [*dropped.parameters(), torch.get_rng_state()]

    assert all(map(torch.equal, trained(True), trained(False)))


@pytest.mark.parametrize("kind", [TorchFunctionMode, TorchDispatchMode])
def test_a_mode_around_the_optimizer_hears_nothing_of_what_is_recorded(kind: type[Any]) -> None:
    def heard(recorded: bool) -> list[str]:
        calls: list[str] = []

        class Mode(kind):  # type: ignore[misc]
            def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                calls.append(str(function))
                return function(*args, **(kwargs or {}))

            __torch_dispatch__ = __torch_function__

        model, x, wanted = made()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        with record(model, every=1) if recorded else nullcontext() as run:
            for _ in range(2):
                optimizer.zero_grad()
                (model(x) - wanted).square().mean().backward()
                with Mode():
                    optimizer.step()
        assert run is None or all(len(step.gradients) == 4 for step in run.recording.steps)
        return calls

    assert heard(True) == heard(False) != []


def test_accumulated_gradients_are_one_step_of_several_backwards() -> None:
    model, x, wanted = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with record(model, every=1) as run:
        for half in (slice(0, 4), slice(4, 8)):
            loss = (model(x[half]) - wanted[half]).square().mean() / 2
            loss.backward()
            losses.append(loss.item())
        optimizer.step()
    assert [step.losses for step in run.recording.steps] == [pytest.approx(losses, rel=1e-6)]
    trace = run.traces[0]
    assert [backward.call for backward in trace.backwards] == ["backward", "backward"]
    assert len({backward.line for backward in trace.backwards}) == 1


def test_only_optimizers_that_train_the_model_end_its_steps() -> None:
    one, x, wanted = made()
    other = nn.Linear(1, 1)
    mine, others = torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.SGD(other.parameters(), lr=0.1)
    with record(one, every=1) as run:
        for _ in range(2):
            for _ in range(3):
                other(one(x).detach()).mean().backward()
                others.step()
            (one(x) - wanted).square().mean().backward()
            mine.step()
    assert run.steps_seen == 2
    assert [len(trace.backwards) for trace in run.traces.values()] == [4, 4]
    assert all(name.startswith("one.") for name in run.recording.parameters)


def test_a_graph_of_the_step_before_is_there_only_where_backward_goes_through_it() -> None:
    model, x, wanted = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, every=1, steps=2) as run:
        kept = model(x).mean()
        loss = (model(x) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        again = (model(x) - wanted).square().mean()
        again.backward()
        names = [node.name for node in run.traces[0].nodes]
        assert names.count("AddmmBackward0") == 4
        optimizer.step()
    second = [node.name for node in run.traces[1].nodes]
    assert second.count("AddmmBackward0") == 2
    assert kept.grad_fn is not None


def test_a_graph_that_was_built_before_a_step_is_seen_when_backward_reaches_it() -> None:
    model, x, wanted = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, every=1) as run:
        ahead = model(x) - wanted
        optimizer.step()
        ahead.square().mean().backward()
        optimizer.step()
    (backward,) = run.traces[1].backwards
    assert len(backward.steps) == len(run.traces[1].nodes) == 12


def test_a_loop_without_an_optimizer_says_where_its_steps_end() -> None:
    w = torch.ones(2, requires_grad=True)
    with record(every=2) as run:
        for _ in range(4):
            (w * w).sum().backward()  # type: ignore[no-untyped-call]
            assert w.grad is not None
            with torch.no_grad():
                w -= 0.1 * w.grad
            w.grad = None
            run.step()
    assert run.steps_seen == 4
    # 1 + 1; then 0.8 ** 2 twice, and two steps later 0.64 of each: 2 * 0.64 ** 2 = 0.8192
    assert [step.losses for step in run.recording.steps] == [[2.0], [pytest.approx(0.8192)]]
    assert run.traces[2].nodes[0].leaf == "w"


def test_without_any_step_the_whole_of_it_is_one() -> None:
    model, x, _ = made()
    with record(model) as run:
        model(x).sum().backward()
    assert run.steps_seen == 0
    assert list(run.traces) == [0]
    assert [note.message[:25] for note in run.recording.notes] == ["No optimizer ended a step"]
    assert run.recording.steps[0].gradients == []


def test_what_is_printed_goes_on_and_is_in_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    model, x, _ = made()
    with record(model) as run:
        print("loss", model(x).sum().item() > 1e9)
        print("done")
    assert capsys.readouterr().out == "loss False\ndone\n" == run.traces[0].stdout


def test_a_stream_that_has_its_own_way_to_write_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a notebook's has."""
    model, x, _ = made()
    heard: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", heard.append, raising=False)
    with record(model) as run:
        print("loss", model(x).sum().item() > 1e9)
    assert vars(sys.stdout)["write"] == heard.append
    assert "".join(heard) == "loss False\n" == run.traces[0].stdout


def test_an_error_goes_on_and_the_step_that_it_ended_is_recorded() -> None:
    model, _, _ = made()
    with pytest.raises(RuntimeError, match="shapes"), record(model) as run:
        model(torch.ones(2, 5))
    failure = run.traces[0].failure
    assert failure is not None
    assert failure.error_type == "RuntimeError"
    source = run.traces[0].program.source.splitlines()
    assert failure.line is not None
    assert source[failure.line - 1].strip() == "model(torch.ones(2, 5))"


def test_an_observer_that_fails_steps_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, _ = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def broken(*_: object) -> None:
        raise OSError("broken")

    monkeypatch.setattr(Window, "end", broken)
    before = hooks()
    with record(model, every=1) as run:
        model(x).sum().backward()
        optimizer.step()
        monkeypatch.setattr(Window, "begin", broken)
        model(x).sum().backward()
        optimizer.step()
    assert hooks() == before
    assert run.steps_seen == 2
    assert run.traces == {}
    assert {note.message[:26] for note in run.recording.notes} >= {
        "Step 0 was not recorded (O",
        "Step 2 was not recorded (O",
    }


def test_of_many_traces_the_first_the_last_and_some_between_are_kept() -> None:
    w = torch.ones(1, requires_grad=True)
    with record(every=1) as run:
        for _ in range(100):
            (w * 2).sum().backward()  # type: ignore[no-untyped-call]
            run.step()
    assert run.recorded[0] == 0
    assert run.recorded[-1] == 99
    assert 6 <= len(run.recorded) <= 12
    assert {after - before for before, after in zip(run.recorded, run.recorded[1:-1], strict=False)} == {16}
    assert len(run.recording.steps) == 100


def test_a_step_that_is_let_go_never_becomes_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    original = Window.trace

    def trace(window: Window) -> Trace:
        made.append(window.step)
        return original(window)

    monkeypatch.setattr(Window, "trace", trace)
    w = torch.ones(1, requires_grad=True)
    with record(every=1) as run:
        for _ in range(100):
            (w * 2).sum().backward()  # type: ignore[no-untyped-call]
            run.step()
        assert made == []
    assert made == run.recorded


def wide_training(after_step: Callable[[runs.Run], object]) -> tuple[dict[int, Trace], list[torch.Tensor]]:
    """Train a model whose gradients are summed up; return the traces without clock times, and a gradient a step."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 30)), torch.randn(8, 20)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    gradients = []
    with record(model, every=1, steps=3) as run:
        for _ in range(3):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            gradient = model.get_parameter("2.weight").grad
            assert gradient is not None
            gradients.append(gradient.clone())
            optimizer.step()
            after_step(run)
    plain = {step: replace(trace, duration_ns=0, modules=UNSET) for step, trace in run.traces.items()}
    return plain, gradients


LIMITS = [{}, {"_MOST_HELD": 0}, {"_MOST_HELD_OF_ONE": 9_000}, {"_MOST_RECORDS": 1}, {"_MOST_JSON": 1}]


@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: "-".join(limits) or "as is")
def test_a_trace_that_is_made_later_is_of_its_step(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    # The lines of this function are in the traces: both are of the same, and what differs has a name that is not shown.
    _both = []
    for _after_step, _limits in ((lambda run: run.traces, {}), (lambda run: None, limits)):
        for _name, _value in _limits.items():
            monkeypatch.setattr(runs, _name, _value)
        _both.append(wide_training(_after_step))
    (at_once, _), (later, gradients) = _both
    assert later == at_once
    for step, gradient in enumerate(gradients):
        (change,) = [
            one for one in later[step].gradients if one.variable == "model.2.weight" and one.cause == "backward"
        ]
        assert change.added is not None
        assert change.total is not None
        for seen in (change.added.summary, change.total.summary):
            assert seen is not None
            # of 30 * 50 elements
            assert [seen.min, seen.max] == [gradient.min().item(), gradient.max().item()]
            assert seen.mean == pytest.approx(gradient.double().mean().item(), rel=1e-9)
            assert seen.std == pytest.approx(gradient.double().std(correction=0).item(), rel=1e-9)


def test_a_long_training_is_a_small_file_that_opens(tmp_path: Path) -> None:
    model, x, wanted = made()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    file = tmp_path / "step.trace"
    with record(model, every=5, steps=330) as run:
        for _ in range(330):
            optimizer.zero_grad()
            (model(x) - wanted).square().mean().backward()
            optimizer.step()
    run.save(file)
    opened = decode_recording(file.read_bytes())
    recorded = [*range(0, 330, 5), 329]
    assert [step.step for step in opened.head.steps] == recorded
    assert all(len(step.losses) == 1 and len(step.gradients) == 4 for step in opened.head.steps)
    # every second of 67 recorded steps, and the last
    assert opened.head.histograms
    assert [step.step for step in opened.head.histograms] == recorded[::2]
    assert (opened.steps[0], opened.steps[-1]) == (0, 329)
    assert len(opened.steps) <= 12
    # of 100,000 steps at every=100 it is 400 KiB: 1,001 steps in numbers, and no more histograms and traces
    assert file.stat().st_size < 200 << 10
    trained = training(opened.head)
    assert trained.recorded == 67
    assert trained.states == ("exp_avg", "exp_avg_sq")


def test_what_cannot_be_seen_is_named() -> None:
    class DistributedDataParallel(nn.Module):
        """Named as PyTorch's, which needs a group of processes."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)  # type: ignore[no-any-return]

    model = DistributedDataParallel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=True)
    ends = threading.Event()
    with record(model, every=1, steps=1) as run:
        threading.Thread(target=ends.wait, name="loader").start()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        ends.set()
    said = [note.message for note in run.traces[0].notes]
    assert [message.split(" ")[0] for message in said] == ["DistributedDataParallel", "SGD", "Other"]
    assert "(loader)" in said[2]


COMPILED = """
import torch
from torch import nn
from components.recorder import record

model = nn.Linear(2, 1)
compiled = torch.compile(model, backend="aot_eager")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with record(compiled, every=2) as run:
    for _ in range(3):
        optimizer.zero_grad()
        compiled(torch.ones(1, 2)).sum().backward()
        optimizer.step()
for trace in run.traces.values():
    print(trace.notes[0].message)
"""


def test_compiled_regions_are_named() -> None:
    """In a process of its own: the Lab's workers tell PyTorch's compiler to leave observers alone."""
    ran = subprocess.run([sys.executable, "-c", COMPILED], cwd=ROOT, capture_output=True, text=True, check=True)
    # The compiler may have started threads of its own, which are named after this.
    wanted = "torch.compile made 1 of these nodes (CompiledFunctionBackward)"
    assert [line[: len(wanted)] for line in ran.stdout.splitlines()] == [wanted] * 2


def test_one_recording_at_a_time_and_sensible_numbers() -> None:
    with record():
        with pytest.raises(RuntimeError, match="another recording is under way"), record():
            pass
        hooked = len(optimizers._global_optimizer_post_hooks)
    assert hooked == 1
    for wrong in ({"every": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            record(**wrong)  # type: ignore[arg-type]


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    model, x, _ = made()
    with record(model) as run:
        model(x).sum().backward()
    run.save(tmp_path / "step.trace")
    file = decode_recording((tmp_path / "step.trace").read_bytes())
    assert file.head == run.recording
    assert file.trace(0, 50_000) == run.traces[0]
    assert file.head.file == Path(__file__).name
    assert file.trace(0, 50_000).program.source == Path(__file__).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"no trace of step 5 is kept; there is one of: \[0\]"):
        run.html(tmp_path / "step.html", step=5)


def test_a_step_of_tensors_without_a_graph_is_a_page_too(tmp_path: Path) -> None:
    with record(every=1) as run:
        counts = torch.arange(5)
        run.step()
    run.html(tmp_path / "step.html", 0)
    assert ">counts<" in (tmp_path / "step.html").read_text(encoding="utf-8").replace("\\u003c", "<")
    assert counts.sum() == 10
