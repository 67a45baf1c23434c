# %% [markdown]
# # Higher-order gradients
#
# With `create_graph=True` the gradient is computed by operations that autograd records, so it can be differentiated
# again.
#
# For $y = x^3$ the first derivative is $3x^2$ and the second is $6x$. At $x = 2$ both happen to be $12$.
#
# **In the graph:** the first `grad` adds nodes of its own, drawn in another shade: they compute $3x^2$ from `x`. That is
# why the first result prints with a `grad_fn`. The second `grad` walks those nodes, and since it does not ask for
# `create_graph`, its result has none.

# %%
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3

first = torch.autograd.grad(y, x, create_graph=True)[0]
print("First derivative:", first)

second = torch.autograd.grad(first, x)[0]
print("Second derivative:", second)

# %% [markdown]
# **Try:** set `x` to `3.0`: the results are $27$ and $18$. Remove `create_graph=True` and read what the second `grad`
# says. Add it to the second `grad` and take a third derivative, $6$.
