import torch
from torch.autograd import gradcheck
from torch.autograd.gradcheck import GradcheckError

torch.manual_seed(0)


def numerical_grad(f, x, eps=1e-6):
    g = torch.zeros_like(x)
    flat = x.view(-1)
    for i in range(flat.numel()):
        old = flat[i].item()
        flat[i] = old + eps
        hi = f(x).item()
        flat[i] = old - eps
        lo = f(x).item()
        flat[i] = old
        g.view(-1)[i] = (hi - lo) / (2 * eps)
    return g


W = torch.randn(3, 3, dtype=torch.double)
f = lambda x: torch.tanh(x @ W).pow(2).sum() + torch.logsumexp(x, -1).sum()
x = torch.randn(2, 3, dtype=torch.double)
num = numerical_grad(f, x.clone())
xg = x.clone().requires_grad_()
f(xg).backward()
print("max error < 1e-7:", (num - xg.grad).abs().max().item() < 1e-7)


class WrongSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x  # forgot the 2


for fn in (torch.sigmoid, torch.nn.functional.softplus, WrongSquare.apply):
    inp = torch.tensor([0.5, -1.0, 2.0], dtype=torch.double, requires_grad=True)
    try:
        ok = gradcheck(fn, (inp,), eps=1e-6, atol=1e-4)
        print(getattr(fn, "__name__", "fn"), ok)
    except GradcheckError as e:
        print("GradcheckError:", str(e).splitlines()[0])
print(gradcheck(WrongSquare.apply, (inp,), raise_exception=False))
