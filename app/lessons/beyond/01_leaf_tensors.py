# %% [markdown]
# # Leaf and non-leaf, `retain_grad()`
#
# `backward()` stores gradients in leaves only; a tensor in between keeps its own if `retain_grad()` asked for it.
#
# A *leaf* is a tensor that no recorded operation made. For $y = x^2$ and $z = 3y$ the gradient at $y$ is
# $\partial z/\partial y = 3$, and at $x = 2$ it is $3 \cdot 2x = 12$.
#
# **In the graph:** both gradients are computed, and the 3 travels to `PowBackward0`, which made `y`. What differs is
# who keeps it: `x` has an `AccumulateGrad`, `y` has none.

# %%
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 2
y.retain_grad()
z = 3 * y
z.backward()

for name, tensor in [("x", x), ("y", y), ("z", z)]:
    print(f"{name} is a leaf: {tensor.is_leaf}, retains its gradient: {tensor.retains_grad}")
print("dz/dx:", x.grad)
print("dz/dy:", y.grad)

# %% [markdown] predict
# Somebody wants a leaf with the values 0.5 and writes `w = torch.ones(2, requires_grad=True) / 2`. Is `w` a leaf?
#
# - [ ] Yes: it was made with `requires_grad=True`
# - [x] No: it is the result of a division
# - [ ] No: it was never used
#
# The leaf is the tensor of ones, which has no name any more, so nobody can read its `.grad`. A tensor that was scaled,
# converted or moved to a GPU is the result of an operation, however it looks in the program.

# %%
w = torch.ones(2, requires_grad=True) / 2
print("w is a leaf:", w.is_leaf)

# %% [markdown]
# **Try:** remove `y.retain_grad()`: `y.grad` is `None`, and PyTorch warns that `y` is not a leaf. Make `w` a leaf with
# `w = (torch.ones(2) / 2).requires_grad_()`.
