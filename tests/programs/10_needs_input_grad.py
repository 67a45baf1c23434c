import torch


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        print("needed:", ctx.needs_input_grad)
        grad_x = grad_output * weight if ctx.needs_input_grad[0] else None
        grad_weight = (grad_output * x).sum() if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight


x = torch.tensor([1.0, 2.0, 3.0])
weight = torch.tensor(2.0, requires_grad=True)
Scale.apply(x, weight).sum().backward()
print(x.grad, weight.grad)
Scale.apply(x.requires_grad_(), weight).sum().backward()
print(x.grad, weight.grad)
