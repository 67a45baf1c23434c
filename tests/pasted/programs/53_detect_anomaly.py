import traceback
import warnings

import torch
from torch import autograd

warnings.simplefilter("ignore")


class MyFunc(autograd.Function):
    @staticmethod
    def forward(ctx, inp):
        return inp.clone()

    @staticmethod
    def backward(ctx, gO):
        # Error during the backward pass
        raise RuntimeError("Some error in backward")


def run_fn(a):
    out = MyFunc.apply(a)
    return out.sum()


inp = torch.rand(10, 10, requires_grad=True)
out = run_fn(inp)
try:
    out.backward()
except RuntimeError:
    print("without anomaly:", traceback.format_exc().splitlines()[-1])

with autograd.detect_anomaly():
    inp = torch.rand(10, 10, requires_grad=True)
    out = run_fn(inp)
    try:
        out.backward()
    except RuntimeError as e:
        print("with anomaly:", type(e).__name__, e)

# the classic: sqrt at zero times zero
x = torch.tensor([0.0, 1.0], requires_grad=True)
y = (x * 0).sqrt().sum()
y.backward()
print("grad has nan:", x.grad)
x.grad = None
with torch.autograd.set_detect_anomaly(True):
    y = (x * 0).sqrt().sum()
    try:
        y.backward()
    except RuntimeError as e:
        print(str(e))

# the fix everybody uses
x.grad = None
(x * 0 + 1e-8).sqrt().sum().backward()
print(torch.isnan(x.grad).any().item())
