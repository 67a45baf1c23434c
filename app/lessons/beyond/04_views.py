# %% [markdown]
# # Views
#
# A view looks at the memory of its base. Changing the view in place changes the base, and autograd rewrites the history
# of both.
#
# `base[0]`, `base.view(4)` and `base.T` copy nothing. After `row.mul_(10)` the first row of `base` is ten times what it
# was, and the two share one version counter. So the gradient of `base.sum()` is 10 for the first row of `x` and 1 for
# the second.
#
# **In the graph:** `base` was made by `CloneBackward0`. Now its `grad_fn` is `CopySlices`: the old `base` with a part
# replaced. It multiplies the gradient of that part by 10 and lets the rest pass. `row` has a new `grad_fn` too, which
# hangs on `CopySlices`. In the torchviz view of `row`, `base` is the dark green box.

# %%
import torch

x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
base = x.clone()
row = base[0]
print("made by", base.grad_fn.name(), "and", row.grad_fn.name())

row.mul_(10)
print(base.detach())
print("versions:", base._version, row._version)
print("made by", base.grad_fn.name().split("::")[-1], "and", row.grad_fn.name())

base.sum().backward()
print("x.grad:", x.grad)

# %% [markdown]
# **Try:** replace `row.mul_(10)` by `row = row * 10`: that is a new tensor, so `base` keeps its values and `x.grad` is
# 1 everywhere. Then change a view of the leaf, `x[0].mul_(10)`, and read the error.
