"""RealNVP style normalizing flow on two moons."""

import math

import numpy as np
import torch
from torch import distributions as D
from torch import nn


def two_moons(n, rng):
    t = rng.uniform(0, math.pi, size=n)
    side = rng.integers(0, 2, size=n)
    x = np.where(side == 0, np.cos(t), 1 - np.cos(t))
    y = np.where(side == 0, np.sin(t), 0.5 - np.sin(t))
    pts = np.stack([x, y], axis=1) + 0.05 * rng.standard_normal((n, 2))
    return torch.from_numpy(pts.astype(np.float32))


class AffineCoupling(nn.Module):
    def __init__(self, dim, mask, hidden=16):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim))

    def forward(self, x):
        xm = x * self.mask
        s = self.s(xm) * (1 - self.mask)
        t = self.t(xm) * (1 - self.mask)
        return xm + (1 - self.mask) * (x * s.exp() + t), s.sum(-1)

    def inverse(self, z):
        zm = z * self.mask
        s = self.s(zm) * (1 - self.mask)
        t = self.t(zm) * (1 - self.mask)
        return zm + (1 - self.mask) * ((z - t) * (-s).exp())


class RealNVP(nn.Module):
    def __init__(self, n_layers=4):
        super().__init__()
        masks = [torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])]
        self.layers = nn.ModuleList(AffineCoupling(2, masks[i % 2]) for i in range(n_layers))
        self.base = D.MultivariateNormal(torch.zeros(2), torch.eye(2))

    def log_prob(self, x):
        logdet = 0
        for l in self.layers:
            x, ld = l(x)
            logdet = logdet + ld
        return self.base.log_prob(x) + logdet

    def inverse(self, z):
        for l in reversed(self.layers):
            z = l.inverse(z)
        return z

    def forward(self, x):
        for l in self.layers:
            x, _ = l(x)
        return x


rng = np.random.default_rng(0)
torch.manual_seed(0)
flow = RealNVP()
opt = torch.optim.Adam(flow.parameters(), lr=5e-3)
for i in range(20):
    nll = -flow.log_prob(two_moons(64, rng)).mean()
    opt.zero_grad()
    nll.backward()
    opt.step()
    if i % 5 == 0:
        print(f"{i:3d} nll={nll.item():.2f}")

x = two_moons(8, rng)
err = (flow.inverse(flow(x)) - x).abs().max()
print("invertible:", err.item() < 1e-4)
