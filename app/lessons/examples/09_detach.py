# %% [markdown]
# # Detaching
#
# `y.detach()` gives a tensor with the values of `y` and no history: autograd sees a constant.
#
# `z` holds $[2^2, 3^2] = [4, 9]$. It shares its memory with `y`; nothing is copied.
#
# **In the graph:** `y` hangs on `PowBackward0`, `z` on nothing. A gradient that arrives at `z` ends there.

# %%
import torch

x = torch.tensor([2.0, 3.0], requires_grad=True)
y = x ** 2
z = y.detach()
print("z:", z)
print("z.requires_grad:", z.requires_grad)

# %% [markdown]
# **Try:** compute `(y * z).sum().backward()` and print `x.grad`. With `z` a constant it is $2x \cdot x^2 = 2x^3$, that
# is 16 and 54. Without `detach()` it would be $4x^3$, twice as much.
