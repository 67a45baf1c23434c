from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical, Normal, TanhTransform, TransformedDistribution


class LossFn(Protocol):
    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor: ...


def ppo_loss(logp, old_logp, adv, clip=0.2):
    ratio = (logp - old_logp).exp()
    return -torch.min(ratio * adv, ratio.clamp(1 - clip, 1 + clip) * adv).mean(), (
        (ratio - 1).abs() > clip
    ).float().mean()


def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta=0.1):
    return -F.logsigmoid(beta * ((pi_w - ref_w) - (pi_l - ref_l))).mean()


def focal_loss(logits, y, gamma=2.0):
    ce = F.cross_entropy(logits, y, reduction="none")
    return ((1 - (-ce).exp()) ** gamma * ce).mean()


def giou(a, b):
    lt, rb = torch.max(a[:, :2], b[:, :2]), torch.min(a[:, 2:], b[:, 2:])
    inter = (rb - lt).clamp(min=0).prod(1)
    area = lambda t: (t[:, 2:] - t[:, :2]).prod(1)
    union = area(a) + area(b) - inter
    hull = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).prod(1)
    return inter / union - (hull - union) / hull


def minibatches(n, size) -> Iterator[torch.Tensor]:
    yield from torch.randperm(n).split(size)


torch.manual_seed(0)
policy = nn.Linear(4, 3)
opt = torch.optim.Adam(policy.parameters(), lr=0.05)
s = torch.randn(32, 4)
with torch.no_grad():
    dist = Categorical(logits=policy(s))
    a = dist.sample()
    old = dist.log_prob(a)
adv = (a == 1).float() - 0.3
for epoch in range(4):
    for mb in minibatches(32, 16):
        loss, clipped = ppo_loss(Categorical(logits=policy(s[mb])).log_prob(a[mb]), old[mb], adv[mb])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"ppo epoch {epoch} loss {loss.item():+.2f}")
w, l = torch.tensor([-1.0, -2.0], requires_grad=True), torch.tensor([-1.5, -1.0], requires_grad=True)
d = dpo_loss(w, l, w.detach(), l.detach())
d.backward()
print(f"dpo {d.item():.4f}", [round(v, 4) for v in w.grad.tolist()])
box = torch.tensor([[0.0, 0.0, 2.0, 2.0]], requires_grad=True)
g = giou(box, torch.tensor([[1.0, 1.0, 3.0, 3.0]]))
g.sum().backward()
print(f"giou {g.item():.4f}", box.grad.numpy().round(3).tolist())
print(f"focal {focal_loss(torch.zeros(2, 3), torch.tensor([0, 1])).item():.4f}")
mu = torch.zeros(2, requires_grad=True)
sq = TransformedDistribution(Normal(mu, 1.0), [TanhTransform(cache_size=1)])  # SAC
act = sq.rsample()
(-sq.log_prob(act)).sum().backward()
print("sac:", act.abs().max().item() < 1, mu.grad is not None)
