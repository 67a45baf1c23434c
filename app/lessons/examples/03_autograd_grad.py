# %% [markdown]
# # `torch.autograd.grad()`
#
# `torch.autograd.grad(c, a)` returns the derivative instead of storing it: no `.grad` is touched.
#
# For $c = ab$ the derivative with respect to $a$ is $b = 4$. The result is a tuple with one entry for each input asked
# for.
#
# **In the graph:** the engine walks only the path from `c` to `a`. `retain_graph=True` keeps what `MulBackward0` saved,
# so that the same graph can be walked again.

# %%
import torch

a = torch.tensor(3.0, requires_grad=True)
b = torch.tensor(4.0, requires_grad=True)
c = a * b
grad_a = torch.autograd.grad(c, a, retain_graph=True)
print("dc/da:", grad_a[0])

# %% [markdown]
# **Try:** add `print(a.grad)`: it is `None`. Ask for both derivatives at once with `torch.autograd.grad(c, (a, b))`.
