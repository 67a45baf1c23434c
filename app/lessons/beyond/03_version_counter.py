# %% [markdown]
# # In-place operations and the version counter
#
# Every tensor counts its changes in place. If one that a node saved has changed since, `backward()` stops instead of
# using wrong numbers.
#
# The derivative of $3x$ is 3, so `3 * x` saves the number 3, and its result `y` may change.
#
# **In the graph:** `MulBackward0` keeps nothing of `y`. `y.add_(1)` became a node of its own, and the gradient passes
# both.

# %%
import torch

x = torch.tensor([0.0, 1.0], requires_grad=True)

y = 3 * x
y.add_(1)
print("y is at version", y._version)
y.sum().backward()
print("x.grad:", x.grad)

# %% [markdown] predict
# Now `z = x.exp()`, then `z.add_(1)`, then `z.sum().backward()`. The derivative of $e^x$ is $e^x$. What happens?
#
# - [ ] `x.grad` grows by $e^x$, which is right
# - [ ] `x.grad` grows by $e^x + 1$, which is wrong, and nobody notices
# - [x] `backward()` stops with an error
#
# `ExpBackward0` saved its own result, since that is the derivative. It saved `z` at version 0, and `add_` made it version
# 1. The numbers it needs are gone, and the version counter tells. The box says which line changed what it had saved.

# %%
z = x.exp()
z.add_(1)
print("z is at version", z._version)
try:
    z.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", str(error).split(". Hint")[0])

# %% [markdown]
# **Try:** replace `z.add_(1)` by `z = z + 1`: that is a new tensor, and the saved one stays as it was. Or replace
# `x.exp()` by `x.sin()`, which saves its input and not its result: `add_` does no harm. Then try `x.add_(1)`, on the
# leaf.
