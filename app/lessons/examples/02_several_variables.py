# %% [markdown]
# # A function of several variables
#
# One call of `backward()` gives all partial derivatives: the graph is walked once, whatever the number of leaves.
#
# For $y = xz + x^2$ the partial derivatives are $\partial y/\partial x = z + 2x$ and $\partial y/\partial z = x$. At
# $x = 1, z = 2$ that is $4$ and $1$.
#
# **In the graph:** two paths lead from `y` down to `x`, one through the product and one through the square. Each brings
# its own share of the gradient, $z = 2$ and $2x = 2$. Where paths meet, gradients are *added*: $2 + 2 = 4$.

# %%
import torch

x = torch.tensor(1.0, requires_grad=True)
z = torch.tensor(2.0, requires_grad=True)
y = x * z + x ** 2
y.backward()
print("dy/dx:", x.grad)
print("dy/dz:", z.grad)

# %% [markdown]
# **Try:** remove `requires_grad=True` from `z`. Its box leaves the graph and `z.grad` is `None`, but `x.grad` is the
# same.
