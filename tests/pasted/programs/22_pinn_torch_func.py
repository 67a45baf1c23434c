import torch
from torch import nn
from torch.func import functional_call, hessian, jacrev, vmap

# heat equation u_t = k u_xx on [0,1]x[0,1], everything with torch.func
torch.manual_seed(0)
k = 0.1
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
params = {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters()}


def u(params, xt):
    return functional_call(model, params, (xt,)).squeeze(-1)


def residual(params, xt):
    H = hessian(u, argnums=1)(params, xt)
    J = jacrev(u, argnums=1)(params, xt)
    return J[1] - k * H[0, 0]


batched_residual = vmap(residual, in_dims=(None, 0))


def loss_fn(params, interior, initial, boundary):
    res = batched_residual(params, interior).pow(2).mean()
    ic = (u(params, initial) - torch.sin(torch.pi * initial[:, 0])).pow(2).mean()
    bc = u(params, boundary).pow(2).mean()
    return res + ic + bc, (res, ic, bc)


opt = torch.optim.Adam(params.values(), lr=1e-2)
for it in range(21):
    interior = torch.rand(16, 2)
    initial = torch.cat([torch.rand(16, 1), torch.zeros(16, 1)], 1)
    boundary = torch.cat([torch.randint(0, 2, (16, 1)).float(), torch.rand(16, 1)], 1)
    loss, parts = loss_fn(params, interior, initial, boundary)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, f"{loss.item():.3f}", [f"{p.item():.3f}" for p in parts])
print(batched_residual(params, torch.rand(4, 2)).shape)
