from __future__ import annotations

import enum
from collections import namedtuple
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple

import torch
import torch.nn as nn


class Mode(enum.Enum):
    TRAIN = "train"
    EVAL = "eval"


class Flag(enum.IntFlag):
    A = 1
    B = 2


@dataclass
class ModelOutput:
    logits: torch.Tensor
    loss: torch.Tensor | None = None
    hidden: list[torch.Tensor] = field(default_factory=list)
    extra: dict[str, torch.Tensor] = field(default_factory=dict)

    def __getitem__(self, k):
        return getattr(self, k)


@dataclass(frozen=True, order=True)
class Config:
    d: int = 4
    depth: int = 2
    mode: Mode = field(default=Mode.TRAIN, compare=False)


Stats = namedtuple("Stats", ["mean", "std"])


class Pair(NamedTuple):
    left: torch.Tensor
    right: tuple[torch.Tensor, torch.Tensor]


class Model(nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        self.cfg = cfg
        self.layers = nn.ModuleList(nn.Linear(cfg.d, cfg.d) for _ in range(cfg.depth))

    def forward(self, x, y=None) -> ModelOutput:
        hidden = []
        for l in self.layers:
            x = torch.tanh(l(x))
            hidden.append(x)
        loss = nn.functional.mse_loss(x, y) if y is not None else None
        stats = Stats(x.mean(), x.std())
        return ModelOutput(x, loss, hidden, {"stats_mean": stats.mean, "stats_std": stats.std})


torch.manual_seed(0)
cfg = Config()
print(cfg, replace(cfg, depth=3), cfg < Config(5))
m = Model(cfg)
out = m(torch.randn(3, 4), torch.zeros(3, 4))
total = out.loss + out["extra"]["stats_std"] + sum(h.abs().mean() for h in out.hidden)
total.backward()
print(f"loss {out.loss.item():.3f}", len(out.hidden), sorted(out.extra))
p = Pair(out.logits, (out.hidden[0], out.hidden[1]))
print(p._fields, p.right[0].shape, isinstance(p, tuple))
print(torch.max(torch.tensor([[1.0, 5.0], [7.0, 2.0]], requires_grad=True), dim=1))
print(Mode("eval"), Flag.A | Flag.B, [f.name for f in Mode])
print({k: type(v).__name__ for k, v in asdict(Config(1, 2)).items()})
nested = {"a": [out.logits, {"b": (out.loss,)}], "c": None}


def count_tensors(o):
    if isinstance(o, torch.Tensor):
        return 1
    if isinstance(o, dict):
        return sum(map(count_tensors, o.values()))
    if isinstance(o, (list, tuple)):
        return sum(map(count_tensors, o))
    return 0


print(count_tensors(nested))
