# %% [markdown]
# # In-place operations and the version counter
#
# Every tensor counts its changes in place. If one that a node saved has changed since, `backward()` stops instead of
# using wrong numbers.
#
# The derivative of $3x$ is 3, so `3 * x` saves the number 3, and its result `y` may change. The derivative of $e^x$ is
# $e^x$ itself, so `x.exp()` saves its result `z`, and that may not.
#
# **In the graph:** `ExpBackward0` saved `z` at version 0, and `add_` made it version 1. The engine gets as far as
# `ExpBackward0` and stops. The box says which line changed what it had saved.

# %%
import torch

x = torch.tensor([0.0, 1.0], requires_grad=True)

y = 3 * x
y.add_(1)
print("y is at version", y._version)
y.sum().backward()
print("x.grad:", x.grad)

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
