import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import (
    functional_call,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    stack_module_state,
    vjp,
    vmap,
)

torch.manual_seed(0)


class SimpleMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


device = "cpu"
num_models = 4
data = torch.randn(5, 6)
targets = torch.randint(3, (5,))
models = [SimpleMLP().to(device) for _ in range(num_models)]

# 1. model ensembling
params, buffers = stack_module_state(models)
base_model = copy.deepcopy(models[0]).to("meta")


def fmodel(params, buffers, x):
    return functional_call(base_model, (params, buffers), (x,))


predictions_vmap = vmap(fmodel, in_dims=(0, 0, None))(params, buffers, data)
predictions = torch.stack([m(data) for m in models])
print("ensemble:", predictions_vmap.shape, torch.allclose(predictions, predictions_vmap, atol=1e-5))

# 2. per sample gradients
model = models[0]
p = {k: v.detach() for k, v in model.named_parameters()}


def compute_loss(p, sample, target):
    out = functional_call(model, p, (sample.unsqueeze(0),))
    return F.cross_entropy(out, target.unsqueeze(0))


ft = vmap(grad(compute_loss), in_dims=(None, 0, 0))(p, data, targets)
print({k: tuple(v.shape) for k, v in ft.items()})
model.zero_grad()
F.cross_entropy(model(data), targets).backward()
print(
    "mean of per-sample == batch grad:",
    all(torch.allclose(ft[k].mean(0), q.grad, atol=1e-5) for k, q in model.named_parameters()),
)

# 3. jacobians
W, b = torch.randn(3, 4), torch.randn(3)
pred = lambda W, b, x: F.linear(x, W, b).tanh()
x = torch.randn(4)
Jr, Jf = jacrev(pred, argnums=2)(W, b, x), jacfwd(pred, argnums=2)(W, b, x)
print("jacrev == jacfwd", torch.allclose(Jr, Jf, atol=1e-6), Jr.shape)
print("hessian", hessian(pred, argnums=2)(W, b, x).shape)
out, vjp_fn = vjp(lambda x: pred(W, b, x), x)
print("vjp", torch.allclose(vjp_fn(torch.ones(3))[0], Jr.sum(0), atol=1e-6))
out, tangent = jvp(lambda x: pred(W, b, x), (x,), (torch.ones(4),))
print("jvp", torch.allclose(tangent, Jr.sum(1), atol=1e-6))
g, val = grad_and_value(lambda x: x.sin().sum())(torch.zeros(3))
print(g, val)
print("vmap randomness:", vmap(lambda x: x + torch.rand(1), randomness="same")(torch.zeros(3)).unique().numel())
