"""
PyTorch: Defining New autograd Functions
----------------------------------------
"""

import math

import torch
from torch.autograd import Function, gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable


class LegendrePolynomial3(torch.autograd.Function):
    """P_3(x) = 0.5 (5 x^3 - 3 x)"""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class LinearFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)  # bias may be None
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        print("   needs_input_grad:", ctx.needs_input_grad) if verbose else None
        return grad_input, grad_weight, grad_bias


class MyReLU(Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.slope = slope
        ctx.mark_non_differentiable(mask := x > 0)
        ctx.save_for_backward(mask)
        return torch.where(mask, x, slope * x), mask

    @staticmethod
    @once_differentiable
    def backward(ctx, g, _):
        (mask,) = ctx.saved_tensors
        return torch.where(mask, g, ctx.slope * g), None


class Exp(Function):
    # new style: forward without ctx + setup_context
    @staticmethod
    def forward(i):
        return i.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (result,) = ctx.saved_tensors
        return grad_output * result


verbose = True
torch.manual_seed(0)
x = torch.randn(3, 2)
w = torch.randn(4, 2, requires_grad=True)
b = torch.randn(4, requires_grad=True)
LinearFunction.apply(x, w, b).sum().backward()
LinearFunction.apply(x, w).sum().backward()
print(w.grad.shape, b.grad.tolist())
verbose = False

d = dict(dtype=torch.double, requires_grad=True)
print(
    "gradcheck linear   ",
    gradcheck(LinearFunction.apply, (torch.randn(3, 2, **d), torch.randn(4, 2, **d), torch.randn(4, **d))),
)
print("gradcheck legendre ", gradcheck(LegendrePolynomial3.apply, (torch.randn(5, **d),)))
print("gradgradcheck exp  ", gradgradcheck(Exp.apply, (torch.randn(3, **d),)))
print(
    "double backward    ",
    torch.autograd.functional.hessian(lambda t: LegendrePolynomial3.apply(t).sum(), torch.tensor([1.0, 2.0]))
    .diagonal()
    .tolist(),
)

t = torch.tensor([-1.0, 2.0], requires_grad=True)
y, mask = MyReLU.apply(t, 0.1)
print(mask.requires_grad, y.grad_fn.name())
(g,) = torch.autograd.grad(y.sum(), t, create_graph=True)
try:
    g.sum().backward()
except RuntimeError as e:
    print("RuntimeError:", e)

# fit sin(x) with a + b * P3(c + d x)
x = torch.linspace(-math.pi, math.pi, 200)
y = torch.sin(x)
a, b, c, dd = [torch.full((), v, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3)]
P3 = LegendrePolynomial3.apply
for step in range(60):
    loss = (a + b * P3(c + dd * x) - y).pow(2).sum()
    if step % 20 == 19:
        print(step, f"{loss.item():.1f}")
    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, dd):
            p -= 5e-5 * p.grad
            p.grad = None
