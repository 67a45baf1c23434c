# %% [markdown]
# # `torch.no_grad()`
#
# Inside `torch.no_grad()` operations are computed but not recorded: the result has no `grad_fn` and needs no memory for
# a backward pass.
#
# `a` has `requires_grad=True`, so anything that is computed from it would be recorded, too.

# %%
import torch

a = torch.tensor(1.0, requires_grad=True)

# %% [markdown] predict
# Next, `b = a * 2` is computed inside `with torch.no_grad():`. What is `b` then?
#
# - [ ] 2, with a `grad_fn`, and a gradient can flow back to `a`
# - [x] 2, with no `grad_fn`: nothing leads back to `a`
# - [ ] An error: `a` requires a gradient
#
# The number is computed as always, but nobody writes down how. In the picture `b` is a lone box, and `b.requires_grad`
# is `False` although `a.requires_grad` is `True`.

# %%
with torch.no_grad():
    b = a * 2

print("b:", b)
print("b.grad_fn:", b.grad_fn)
print("b.requires_grad:", b.requires_grad)

# %% [markdown]
# **Try:** take `b = a * 2` out of the `with` block: the graph appears and `b` prints with its `grad_fn`. Or leave it
# there and call `b.backward()`.
