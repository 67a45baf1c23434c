# uncertainty zoo: GP hyperparameters by marginal likelihood, MC dropout, Bayes by backprop, MDN, Gumbel softmax
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import (
    Categorical,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    RelaxedOneHotCategorical,
    kl_divergence,
)

torch.manual_seed(0)
X = torch.linspace(0, 5, 25).unsqueeze(1)
y = torch.sin(X).squeeze() + 0.1 * torch.randn(25)

log = torch.zeros(3, requires_grad=True)  # lengthscale, variance, noise
opt = torch.optim.Adam([log], lr=0.1)
for i in range(21):
    l, v, n = log.exp()
    K = v * torch.exp(-0.5 * torch.cdist(X, X) ** 2 / l**2) + (n + 1e-4) * torch.eye(25)
    nll = -MultivariateNormal(torch.zeros(25), K).log_prob(y)
    opt.zero_grad()
    nll.backward()
    opt.step()
    if i % 10 == 0:
        print(f"GP {i}: {nll.item():.1f}")


class BayesLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.mu, self.rho = nn.Parameter(torch.randn(o, i) * 0.1), nn.Parameter(torch.full((o, i), -3.0))

    def forward(self, x):
        q = Normal(self.mu, F.softplus(self.rho))
        self.kl = kl_divergence(q, Normal(0.0, 1.0)).sum()
        return x @ q.rsample().T


bnn = nn.Sequential(BayesLinear(1, 8), nn.Tanh(), BayesLinear(8, 1))
opt = torch.optim.Adam(bnn.parameters(), lr=0.01)
for i in range(11):
    out = bnn(X).squeeze()
    elbo = -F.mse_loss(out, y, reduction="sum") - 0.1 * sum(m.kl for m in bnn if hasattr(m, "kl"))
    opt.zero_grad()
    (-elbo).backward()
    opt.step()
print("BNN elbo finite:", math.isfinite(elbo.item()))

mdn = nn.Linear(1, 6)
pi, mu, s = mdn(X).chunk(3, -1)
lp = MixtureSameFamily(Categorical(logits=pi), Normal(mu, s.exp())).log_prob(y).mean()
lp.backward()
print("MDN grad:", tuple(mdn.weight.grad.shape))

drop = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1)).train()
with torch.no_grad():
    s = torch.stack([drop(X) for _ in range(20)])
print("MC dropout std > 0:", (s.std(0) > 0).all().item())

logits = torch.zeros(4, requires_grad=True)
g = F.gumbel_softmax(logits, tau=0.5, hard=True)
(g * torch.arange(4.0)).sum().backward()
print("one-hot:", g.sum().item(), "grad nonzero:", logits.grad.abs().sum().item() > 0)
z = RelaxedOneHotCategorical(torch.tensor(0.7), logits=torch.zeros(3)).rsample()
print(round(z.sum().item(), 3))
