import random

import torch
import torch.nn.functional as F

# MAML written with plain lists of weights: no nn.Module at all
torch.manual_seed(0)
random.seed(0)


def init_weights():
    w = []
    for i, o in [(1, 12), (12, 12), (12, 1)]:
        w.append((torch.randn(o, i) * (1 / i) ** 0.5).requires_grad_())
        w.append(torch.zeros(o, requires_grad=True))
    return w


def forward(x, w):
    x = F.relu(F.linear(x, w[0], w[1]))
    x = F.relu(F.linear(x, w[2], w[3]))
    return F.linear(x, w[4], w[5])


def inner_loop(task, w, inner_lr=0.01, first_order=False):
    x, y = task
    loss = F.mse_loss(forward(x, w), y)
    grads = torch.autograd.grad(loss, w, create_graph=not first_order)
    return [wi - inner_lr * gi for wi, gi in zip(w, grads)]


meta_w = init_weights()
optim = torch.optim.SGD(meta_w, lr=1e-2)

for name, fo in (("MAML", False), ("FOMAML", True)):
    for step in range(3):
        optim.zero_grad()
        total = 0.0
        for task_id in range(2):
            slope = random.choice([-2.0, -1.0, 1.0, 2.0])
            x = torch.linspace(-1, 1, 10).view(-1, 1)
            y = slope * x
            adapted = inner_loop((x[::2], y[::2]), meta_w, first_order=fo)
            loss = F.mse_loss(forward(x[1::2], adapted), y[1::2])
            loss.backward()
            total += loss.item()
        optim.step()
        print(name, step, "%.3f" % (total / 2))
