import math

import torch

torch.manual_seed(0)


class Banana:
    def log_prob(self, z):
        x, y = z[..., 0], z[..., 1]
        return -0.5 * (x**2 + (y - x**2) ** 2 / 0.5)


def score(target, z):
    z = z.detach().requires_grad_(True)
    lp = target.log_prob(z).sum()
    return torch.autograd.grad(lp, z)[0]


def ula(target, z, n, eps):
    for _ in range(n):
        z = z + eps * score(target, z) + math.sqrt(2 * eps) * torch.randn_like(z)
    return z


def leapfrog(target, q, p, eps, L):
    p = p + 0.5 * eps * score(target, q)
    for i in range(L):
        q = q + eps * p
        if i != L - 1:
            p = p + eps * score(target, q)
    p = p + 0.5 * eps * score(target, q)
    return q, -p


def hmc(target, q, n, eps=0.1, L=5):
    accepted = 0
    chain = []
    for _ in range(n):
        p = torch.randn_like(q)
        qn, pn = leapfrog(target, q, p, eps, L)
        h0 = -target.log_prob(q) + 0.5 * (p**2).sum(-1)
        h1 = -target.log_prob(qn) + 0.5 * (pn**2).sum(-1)
        acc = torch.rand(q.shape[0]).log() < h0 - h1
        q = torch.where(acc[:, None], qn, q)
        accepted += acc.float().mean().item()
        chain.append(q)
    return torch.stack(chain), accepted / n


t = Banana()
z = ula(t, torch.randn(50, 2), 40, 0.02)
print("ULA", z.shape, "finite:", torch.isfinite(z).all().item())
chain, rate = hmc(t, torch.randn(20, 2), 25)
print("HMC", chain.shape, "accept > 0.8:", rate > 0.8)
q, p = torch.randn(4, 2), torch.randn(4, 2)
q1, p1 = leapfrog(t, q, p, 0.05, 8)
q2, p2 = leapfrog(t, q1, p1, 0.05, 8)
print("reversible:", torch.allclose(q, q2, atol=1e-4), torch.allclose(p, p2, atol=1e-4))
