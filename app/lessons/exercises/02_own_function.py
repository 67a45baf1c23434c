# %% [markdown]
# # `torch.autograd.grad()` for a function of your own
#
# `torch.autograd.grad()` returns a derivative and leaves `.grad` alone. With it, one line gives the slope of any
# function.
#
# Write two functions that work for tensors of any shape.
#
# - `f(x)` returns $x^2 e^{-x}$ of each element.
# - `slope(function, x)` returns a tensor with the derivative of `function` at each element of `x`. `function` treats
#   each element on its own, as `torch.sin` does. `x` may or may not require a gradient. It stays as it was, and so does
#   its `.grad`.
#
# The slope comes from autograd, in any way you like. Differences of values are only close to it, and not always.
#
# `f(torch.tensor(1.0))` is $e^{-1} = 0.3679$, and `slope(f, torch.tensor(1.0))` is $(2x - x^2)\, e^{-x} = 0.3679$ too.

# %% starter
import torch


def f(x):
    ...


def slope(function, x):
    # 1. a leaf with the values of x that requires a gradient  2. the function of it  3. torch.autograd.grad
    ...


x = torch.tensor(1.0)
print("f:", f(x))
print("slope:", slope(f, x))

# %% [markdown] hint
# Write `f` with `torch.exp`, not with `math.exp`: autograd sees operations on tensors only.

# %% [markdown] hint
# `leaf = x.detach().requires_grad_()` has the values of `x` and is a leaf of its own, so `x` does not change.

# %% [markdown] hint
# `torch.autograd.grad` wants one number to start from. Each element depends on its own input alone, so the gradient of
# the sum is the derivative at each element. And what `grad` returns is a tuple.

# %% solution
import torch


def f(x):
    return x ** 2 * torch.exp(-x)


def slope(function, x):
    # A leaf of our own: whether x requires a gradient is not ours to change.
    leaf = x.detach().requires_grad_()
    # d(y1 + y2 + ...)/dx1 is dy1/dx1, since only y1 depends on x1.
    total = function(leaf).sum()
    # A tuple with one gradient for each input asked for: here there is one.
    (gradient,) = torch.autograd.grad(total, leaf)
    return gradient


x = torch.tensor(1.0)
print("f:", f(x))
print("slope:", slope(f, x))
points = torch.tensor([0.0, 1.0, 2.0, 3.0])
print("slopes at 0, 1, 2, 3:", slope(f, points))

# %% check
import math

import torch


def wobble(x):
    return x * torch.sin(3 * x)


def rounded_square(x):
    # The value is rounded, the gradient passes straight through: so networks with rounded numbers are trained.
    return (x + (x.round() - x).detach()) ** 2


def derivative_of_f(x):
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(f(leaf).sum(), leaf)[0]


def grad_left_behind(x):
    slope(torch.sin, x)
    return x.grad


def requires_grad_afterwards(x):
    slope(torch.sin, x)
    return x.requires_grad


places = torch.tensor([[0.0, 0.5, 1.0], [2.0, -1.0, 3.0]])
fresh_places = torch.randint(-6, 7, (2, 2, 3)) / 4

# f returns a tensor
assert torch.is_tensor(f(torch.tensor(1.0))), "Does f return its result, and is that a tensor?"

# The values of f
assert torch.allclose(f(torch.tensor([0.0, 1.0, 2.0])), torch.tensor([0.0, math.exp(-1), 4 * math.exp(-2)])), (
    "x squared times e to the power -x, for each element."
)

# Autograd can see f
assert torch.allclose(derivative_of_f(torch.tensor([0.5, 2.0])), torch.tensor([0.75 * math.exp(-0.5), 0.0])), (
    "A backward from f(x) has to reach x, and bring (2x - x^2) e^-x. Is every operation in f one on tensors?"
)

# slope returns a tensor
assert isinstance(slope(torch.sin, torch.tensor(0.0)), torch.Tensor), "What does torch.autograd.grad return?"

# The slope of f
assert torch.allclose(slope(f, torch.tensor([1.0, 3.0])), torch.tensor([math.exp(-1), -3 * math.exp(-3)])), (
    "(2x - x^2) e^-x at 1 and at 3: the slope is positive, then negative."
)

# The slope of another function, at six points at once
assert torch.allclose(slope(wobble, places), torch.sin(3 * places) + 3 * places * torch.cos(3 * places), atol=1e-5), (
    "The derivative has to come from the function that is passed in, and has the shape of x."
)

# At places that nobody saw
assert torch.allclose(slope(torch.tanh, fresh_places), 1 - torch.tanh(fresh_places) ** 2, atol=1e-5), (
    "1 - tanh^2 at each place. These numbers change with every change of the program."
)

# The slope is autograd's
assert torch.allclose(slope(rounded_square, torch.tensor([1.75, -0.75])), torch.tensor([4.0, -2.0])), (
    "This function rounds x, and autograd passes the gradient straight through the rounding: 2x at 2 and at -1. "
    "Differences of values see flat steps, 0. Ask autograd."
)

# .grad of x is left alone
assert grad_left_behind(torch.tensor([1.0, 2.0], requires_grad=True)) is None, (
    "backward() stores into .grad. torch.autograd.grad() does not."
)

# x itself is left alone
assert requires_grad_afterwards(torch.tensor(1.0)) is False, (
    "requires_grad_() changes the tensor that was passed in. Make a leaf of your own."
)
