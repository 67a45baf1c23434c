# %% [markdown]
# # `retain_graph` in `backward()`
#
# A second `backward()` over one graph needs `retain_graph=True` in the first: it keeps what the graph has saved.
#
# For $y = x^3$ the derivative at $x = 2$ is $3x^2 = 12$, and that is what the first call stores in `x.grad`.
#
# **In the graph:** the orange box is what `PowBackward0` saved. With `retain_graph=True` it is still there after the
# first call.

# %%
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3

y.backward(retain_graph=True)
print("First backward, x.grad:", x.grad)

# %% [markdown] predict
# `x.grad` is 12 now. The same `backward()` runs a second time. What is `x.grad` then?
#
# answer: 24
#
# The second call computes 12 once more, and `backward()` never replaces what is in `.grad`: it *adds*, $12 + 12 = 24$.
# This is wanted where a tensor is used in several places, or where a batch comes in pieces. Who wants to start from zero
# has to clear `.grad`.

# %%
y.backward()
print("Second backward, x.grad (accumulated):", x.grad)

# %% [markdown]
# The second call had no `retain_graph`, so when it is done the orange box is freed.
#
# **Try:** remove `retain_graph=True` and read the error on the second call. Or keep it, and put `x.grad.zero_()`
# between the two calls: the second result is then 12 and not 24.
