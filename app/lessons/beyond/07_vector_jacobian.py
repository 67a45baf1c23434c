# %% [markdown]
# # Vector-Jacobian products
#
# `backward()` never builds a Jacobian. It computes $v^\top J$, a vector times the Jacobian, in one pass.
#
# For a scalar, $v = 1$. For a result with several elements you say what $v$ is. Here $y = (x_1 x_2,\ x_1^2,\ x_2)$, and
# at $x = (2, 3)$ the rows of $J$ are $(3, 2)$, $(4, 0)$ and $(0, 1)$. For $v = (1, 10, 100)$ the product is
# $(3 + 40,\ 2 + 100) = (43, 102)$.
#
# A row of the identity as $v$ picks one row of $J$. So the whole Jacobian takes one pass for each output.
#
# **In the graph:** the first `backward()` begins at `y` with $v$ instead of 1. `StackBackward0` sends one element of it
# to each part, and no edge ever carries a matrix.

# %%
import torch


def f(x):
    return torch.stack([x[0] * x[1], x[0] ** 2, x[1]])


x = torch.tensor([2.0, 3.0], requires_grad=True)
v = torch.tensor([1.0, 10.0, 100.0])
y = f(x)
y.backward(v, retain_graph=True)
print("v J:", x.grad)

for row in torch.eye(3):
    print("row:", torch.autograd.grad(y, x, row, retain_graph=True)[0])

# %% [markdown]
# **Try:** call `y.backward()` without `v` and read the error. Then `(v * y).sum().backward()`, which adds $(43, 102)$
# to `x.grad` once more: a vector-Jacobian product is the gradient of a weighted sum.
