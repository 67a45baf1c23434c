"""spectral_norm, weight_norm, orthogonal and a custom parametrization."""

import torch
import torch.nn.utils.parametrize as parametrize
from torch import nn
from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm

torch.manual_seed(0)


class Symmetric(nn.Module):
    def forward(self, X):
        return X.triu() + X.triu(1).transpose(-1, -2)

    def right_inverse(self, A):
        return A.triu()


class MatrixExponential(nn.Module):
    def forward(self, X):
        return torch.matrix_exp(X)


sym = nn.Linear(3, 3)
parametrize.register_parametrization(sym, "weight", Symmetric())
print(sym)
print("symmetric:", torch.allclose(sym.weight, sym.weight.T))
sym.weight = torch.arange(9.0).view(3, 3)
print(sym.weight.tolist())

sn = spectral_norm(nn.Linear(6, 4), n_power_iterations=10)
for _ in range(3):
    sn(torch.randn(2, 6))
print("sigma_max ~ 1:", round(torch.linalg.matrix_norm(sn.weight, 2).item(), 1))

wn = weight_norm(nn.Conv1d(2, 3, 3), name="weight", dim=0)
print(sorted(n for n, _ in wn.named_parameters()))

q = orthogonal(nn.Linear(4, 4))
print("orthogonal:", torch.allclose(q.weight @ q.weight.T, torch.eye(4), atol=1e-5))

model = nn.Sequential(sn, nn.ReLU(), q)
opt = torch.optim.SGD(list(model.parameters()) + list(wn.parameters()) + list(sym.parameters()), lr=0.1)
for step in range(3):
    loss = (
        model(torch.randn(5, 6)).pow(2).mean()
        + wn(torch.randn(1, 2, 8)).pow(2).mean()
        + sym(torch.ones(1, 3)).tanh().sum()
    )
    opt.zero_grad()
    loss.backward()
    opt.step()
print("still orthogonal:", torch.allclose(q.weight @ q.weight.T, torch.eye(4), atol=1e-5))

with parametrize.cached():
    w1, w2 = sym.weight, sym.weight
    print("cached:", w1 is w2)
parametrize.remove_parametrizations(sym, "weight", leave_parametrized=True)
print(sym, parametrize.is_parametrized(sym))
