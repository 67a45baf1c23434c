import torch
from torch.autograd.function import once_differentiable


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(x, beta):
        return (1 + (beta * x).exp()).log() / beta

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, beta = inputs
        ctx.save_for_backward(x)
        ctx.beta = beta

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(ctx.beta * x), None


x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
y = Softplus.apply(x, 2.0)
(grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
print(y.detach())
print(grad.detach())
try:
    grad.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)
