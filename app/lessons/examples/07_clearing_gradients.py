# %% [markdown]
# # Clearing gradients
#
# `.grad` is added to and never overwritten, so it has to be cleared before the next `backward()` that should start from
# zero.
#
# For $y = x^2$ at $x = 1$ the gradient is $2$.
#
# **In the table of leaves:** `.grad` is what it came to, *added last* what the last `backward()` brought.

# %%
import torch

x = torch.tensor(1.0, requires_grad=True)
y = x ** 2
y.backward()
print("Before clearing, x.grad:", x.grad)

# %% [markdown] predict
# `x.grad` is 2. What is it after `x.grad.zero_()`?
#
# - [ ] `None`, as before the first `backward()`
# - [x] `tensor(0.)`
# - [ ] `tensor(2.)`: `zero_()` gives a new tensor and leaves this one alone
#
# The `_` at the end of a name says *in place*: the tensor stays, its number is now 0. `None` would mean that there is no
# tensor at all.

# %%
x.grad.zero_()
print("After clearing, x.grad:", x.grad)

# %% [markdown]
# The graph is not changed by clearing: `.grad` is not part of it.
#
# **Try:** replace `x.grad.zero_()` by `x.grad = None`. That is what `optimizer.zero_grad()` does: it frees the memory,
# too.
