"""What recording a training costs: the steps between recorded ones, and a recorded one, each beside the plain step.

TorchLens (Apache 2.0; 2.36.1 was measured) looks at the same step where it is installed, in a process of its own, since
it replaces PyTorch's functions. ``TORCHLENS_PYTHON`` may name the Python of a virtual environment that has it.
"""

from __future__ import annotations

import gc
import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import msgspec
import torch
from torch import nn

from bench.timing import Row
from components.recorder import record

STEPS, EVERY, ROUNDS = 1_000, 100, 7
LARGE_STEPS, LARGE_ROUNDS = 5, 7
LENS_ROUNDS = 3
HAS_LENS = "import importlib.util as u, sys; sys.exit(u.find_spec('torchlens') is None)"
HOW_TO = "not measured: `pip install torchlens safetensors` into an environment, its Python in TORCHLENS_PYTHON"
Training = Callable[[], tuple[nn.Module, Callable[[], object]]]


def training() -> tuple[nn.Module, Callable[[], object]]:
    """Return a small model and one step of its training, in which a hook weighs most."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, wanted = torch.randn(64, 64), torch.randn(64, 1)

    def step() -> None:
        optimizer.zero_grad()
        loss = (model(x) - wanted).square().mean()
        loss.backward()
        optimizer.step()

    return model, step


def transformer() -> tuple[nn.Module, Callable[[], object]]:
    """Return the Transformer of the other benchmarks and one step of its training."""
    torch.manual_seed(0)
    model = nn.Transformer(d_model=64, nhead=4, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=128)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    source, target = torch.randn(10, 2, 64), torch.randn(8, 2, 64)

    def step() -> None:
        optimizer.zero_grad()
        loss = (model(source, target) ** 2).mean()
        loss.backward()
        optimizer.step()

    return model, step


def seconds(made: Training, steps: int, every: int | None) -> list[float]:
    """Return the processor time of each step of a training, recorded or plain.

    A recording ends and begins in the hook of ``optimizer.step()``, so all of it is in the step that it is about, but
    its beginning, which is in the one before.
    """
    model, step = made()
    taken = []
    gc.collect()
    with nullcontext() if every is None else record(model, every=every, steps=steps):
        for _ in range(steps):
            started = time.process_time()
            step()
            taken.append(time.process_time() - started)
    return taken


def quickest(made: Training, steps: int, every: int, rounds: int, counts: Callable[[int], bool]) -> tuple[float, float]:
    """Return the seconds of a step, recorded and plain, that one in ten of those that count does not exceed.

    Over rounds in turns: a busy machine makes most steps slower, and not all alike.
    """
    watched: list[float] = []
    plain: list[float] = []
    for turn in range(rounds + 1):
        for found, how in ((plain, None), (watched, every)):
            taken = seconds(made, steps, how)
            if turn:  # the first one warms up
                found += [each for place, each in enumerate(taken) if counts(place)]
    return statistics.quantiles(watched, n=10)[0], statistics.quantiles(plain, n=10)[0]


def ending() -> float:
    """Return the seconds that the end of a recording takes for each trace that it keeps."""
    taken = []
    for _ in range(LARGE_ROUNDS):
        _, step = transformer()
        with record(every=1) as run:
            for _ in range(LARGE_STEPS):
                step()
            started = time.process_time()
        taken.append((time.process_time() - started) / len(run.recorded))
    return min(taken)


def under_lens() -> list[Row]:
    """Measure the step plain, and then with all that TorchLens keeps of forward and backward."""
    torch.set_num_threads(1)
    model, step = transformer()
    source, target = torch.randn(10, 2, 64), torch.randn(8, 2, 64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def plain() -> float:
        started = time.process_time()
        step()
        return time.process_time() - started

    baseline = min(plain() for _ in range(LARGE_ROUNDS * LARGE_STEPS))
    lens = importlib.import_module("torchlens")
    options = lens.options.CaptureOptions(save_grads=True, random_seed=0)

    def watched() -> float:
        started = time.process_time()
        optimizer.zero_grad()
        log = lens.trace(model, (source, target), capture=options)
        log.log_backward((log[log.output_layers[0]].out ** 2).mean())
        optimizer.step()
        return time.process_time() - started

    seconds = min(watched() for _ in range(1 + LENS_ROUNDS))
    return [Row(f"the same step under TorchLens {lens.__version__}", seconds, "the plain step", baseline)]


def of_lens() -> list[Row]:
    """Ask a process that has TorchLens."""
    python = os.environ.get("TORCHLENS_PYTHON", sys.executable)
    if subprocess.run([python, "-c", HAS_LENS], check=False).returncode:
        return [Row("the same step under TorchLens", None, "the plain step", None, note=HOW_TO)]
    command = [python, "-W", "ignore", "-m", "bench.record", "torchlens"]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return msgspec.json.decode(said, type=list[Row])


def rows() -> list[Row]:
    """Measure a small training and one with a large graph."""
    torch.set_num_threads(1)
    between = quickest(training, STEPS, EVERY, ROUNDS, lambda place: place % EVERY not in (0, EVERY - 1))
    whole = quickest(transformer, LARGE_STEPS, 1, LARGE_ROUNDS, lambda place: 0 < place < LARGE_STEPS - 1)
    return [
        Row(f"a step between recorded ones, every={EVERY}", between[0], "the plain step", between[1], "1.02 times"),
        Row("a recorded step of nn.Transformer, 6+6", whole[0], "the plain step", whole[1], "6 times"),
        Row("the end of the recording, for each trace that is kept", ending(), "the plain step", whole[1]),
        *of_lens(),
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(under_lens() if sys.argv[1:] == ["torchlens"] else rows()))
