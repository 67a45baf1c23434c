"""MAML on sine waves: an inner loop with functional_call, differentiated by an outer one."""
import math

import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(42)
net = nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()


def sample_task():
    amplitude, phase = torch.empty(1).uniform_(0.1, 5.0), torch.empty(1).uniform_(0, math.pi)

    def batch(k=10):
        x = torch.empty(k, 1).uniform_(-5, 5)
        return x, amplitude * torch.sin(x + phase)

    return batch


def adapt(params, x, y, lr=0.01, steps=2):
    for _ in range(steps):
        loss = loss_fn(functional_call(net, params, (x,)), y)
        grads = torch.autograd.grad(loss, params.values(), create_graph=True)
        params = {name: p - lr * g for (name, p), g in zip(params.items(), grads)}
    return params


for iteration in range(7):
    meta_opt.zero_grad()
    meta_loss = 0.0
    for _ in range(3):
        task = sample_task()
        fast = adapt(dict(net.named_parameters()), *task())
        x, y = task()
        meta_loss = meta_loss + loss_fn(functional_call(net, fast, (x,)), y)
    meta_loss = meta_loss / 3
    meta_loss.backward()
    meta_opt.step()
    print("iteration", iteration, "meta loss", repr(meta_loss.item()))
