# %% [markdown]
# # `torch.no_grad()`
#
# Inside `torch.no_grad()` operations are computed but not recorded: the result has no `grad_fn` and needs no memory for
# a backward pass.
#
# **In the graph:** `b` is a lone box. `a` has `requires_grad=True`, but nothing leads from `b` back to it, and
# `b.requires_grad` is `False`.

# %%
import torch

a = torch.tensor(1.0, requires_grad=True)
with torch.no_grad():
    b = a * 2

print("b:", b)
print("b.grad_fn:", b.grad_fn)
print("b.requires_grad:", b.requires_grad)

# %% [markdown]
# **Try:** take `b = a * 2` out of the `with` block: the graph appears and `b` prints with its `grad_fn`. Or leave it
# there and call `b.backward()`.
