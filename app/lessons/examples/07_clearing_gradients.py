# %% [markdown]
# # Clearing gradients
#
# `.grad` is added to and never overwritten, so it has to be cleared before the next `backward()` that should start from
# zero.
#
# For $y = x^2$ at $x = 1$ the gradient is $2$. `x.grad.zero_()` sets that tensor to 0 in place.
#
# **In the table of gradients:** one row says what `backward()` added, the next that line 8 cleared it. The graph is not
# changed by clearing: `.grad` is not part of it.

# %%
import torch

x = torch.tensor(1.0, requires_grad=True)
y = x ** 2
y.backward()
print("Before clearing, x.grad:", x.grad)

x.grad.zero_()
print("After clearing, x.grad:", x.grad)

# %% [markdown]
# **Try:** replace `x.grad.zero_()` by `x.grad = None`. That is what `optimizer.zero_grad()` does: it frees the memory,
# too.
