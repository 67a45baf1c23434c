"""What recording a training costs: the steps between recorded ones, and a recorded one, each beside the plain step."""

from __future__ import annotations

import gc
import statistics
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


def rows() -> list[Row]:
    """Measure a small training and one with a large graph."""
    torch.set_num_threads(1)
    between = quickest(training, STEPS, EVERY, ROUNDS, lambda place: place % EVERY not in (0, EVERY - 1))
    whole = quickest(transformer, LARGE_STEPS, 1, LARGE_ROUNDS, lambda place: 0 < place < LARGE_STEPS - 1)
    return [
        Row(f"a step between recorded ones, every={EVERY}", between[0], "the plain step", between[1], "1.02 times"),
        Row("a recorded step of nn.Transformer, 6+6", whole[0], "the plain step", whole[1], "6 times"),
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
