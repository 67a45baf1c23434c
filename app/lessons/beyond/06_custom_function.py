# %% [markdown]
# # A function with a derivative of its own
#
# A class derived from `torch.autograd.Function` says itself what its derivative is, and becomes one node of the graph.
#
# Softplus, $\log(1 + e^x)$, overflows for large $x$. So it is computed as $\max(x, 0) + \log(1 + e^{-|x|})$. The values
# are right, but at $x = 0$ both parts have a kink. There autograd takes 1 as the derivative of the first and 0 as that
# of the second, and the sum is not the true $1/2$. The true derivative is the sigmoid, and `backward` says so: it gets
# the gradient of the output and returns one gradient for each input of `forward`.
#
# **In the graph:** the plain version has a node for each operation. Ours is `SoftplusBackward` alone and saves `x`
# alone: what runs inside `forward` is not recorded.

# %%
import torch


def softplus(x):
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return softplus(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
(plain,) = torch.autograd.grad(softplus(x).sum(), x)
y = Softplus.apply(x)
y.sum().backward()
print("values:    ", y.detach())
print("autograd's:", plain)
print("ours:      ", x.grad)

# %% [markdown]
# **Try:** add `print(torch.autograd.gradcheck(Softplus.apply, x.double()))`, which compares `backward` with finite
# differences. Check `softplus` in the same way: it fails, and the message has both numbers at 0.
