"""A program that uses everything which PyTorch imports or initialises only when it is first used."""

SOURCE = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.autograd.forward_ad as forward_ad
from torch.func import grad, hessian, jacfwd, jacrev, vmap
from torch.utils.checkpoint import checkpoint
import numpy

x = torch.tensor([1.0, 2.0], requires_grad=True)
str(x), str((x * 2).sum()), repr(numpy.array([1.0])), x.detach().numpy()
ones = torch.ones(2)
for compute in (torch.autograd.functional.jacobian, torch.autograd.functional.hessian):
    compute(lambda v: (v ** 2).sum(), ones)
for compute in (torch.autograd.functional.vjp, torch.autograd.functional.jvp):
    compute(lambda v: v ** 2, ones, ones)
for compute in (jacrev, jacfwd, hessian, vmap):
    compute(lambda v: v.sin())(ones)
grad(lambda v: v.sin().sum())(ones)
with forward_ad.dual_level():
    forward_ad.unpack_dual(forward_ad.make_dual(ones, ones) * 2)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


Double.apply(x).sum().backward()
checkpoint(lambda v: v.sin(), x, use_reentrant=False).sum().backward()
with torch.autograd.detect_anomaly(check_nan=False):
    x.sin().sum().backward()
exact = torch.ones(2, dtype=torch.double, requires_grad=True)
torch.autograd.gradcheck(lambda t: t * t, (exact,))
optim = torch.optim
for make in (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.LBFGS):
    p = torch.zeros(2, requires_grad=True)
    optimizer = make([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
scheduler.step()
layers = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
model = nn.Sequential(*layers, nn.Linear(8, 3), nn.Dropout())
str(model)
F.cross_entropy(model(torch.randn(2, 1, 4, 4)), torch.tensor([0, 1])).backward()
nn.utils.clip_grad_norm_(model.parameters(), 1.0)
nn.LSTM(2, 3)(torch.ones(1, 1, 2))
nn.GRU(2, 3)(torch.ones(1, 1, 2))
nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(torch.ones(1, 2, 4)).sum().backward()
eye = torch.eye(2)
torch.linalg.inv(eye), torch.linalg.svd(eye), torch.linalg.eigh(eye), torch.einsum("ij,jk->ik", eye, eye)
torch.manual_seed(0)
for failing in (lambda: (x * 2).backward(), lambda: torch.ones(2) @ torch.ones(3), lambda: x.missing):
    try:
        failing()
    except Exception as error:
        str(error)
"""
