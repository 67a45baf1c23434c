"""MAML for sine regression using torch.func.functional_call"""

import torch
from torch import nn
from torch.func import functional_call, grad

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=1e-2)
inner_lr = 0.05


def sample_task(k=5):
    amp = torch.rand(1) * 4 + 0.5
    phase = torch.rand(1) * 3.14

    def f(n):
        x = torch.rand(n, 1) * 10 - 5
        return x, amp * torch.sin(x + phase)

    return f(k), f(k)


def inner_loss(params, x, y):
    return nn.functional.mse_loss(functional_call(net, params, (x,)), y)


for it in range(6):
    outer = 0.0
    for _ in range(3):
        (xs, ys), (xq, yq) = sample_task()
        params = dict(net.named_parameters())
        # two inner steps, second order
        for _ in range(2):
            loss = inner_loss(params, xs, ys)
            grads = torch.autograd.grad(loss, list(params.values()), create_graph=True)
            params = {k: p - inner_lr * g for (k, p), g in zip(params.items(), grads)}
        outer = outer + inner_loss(params, xq, yq)
    outer = outer / 3
    meta_opt.zero_grad()
    outer.backward()
    meta_opt.step()
    print(f"meta step {it}: query loss {outer.item():.2f}")

# the same inner step with torch.func.grad
params = {k: v.detach() for k, v in net.named_parameters()}
(xs, ys), _ = sample_task()
g1 = grad(inner_loss)(params, xs, ys)
print({k: tuple(v.shape) for k, v in g1.items()})
