# %% [markdown]
# # `retain_graph` in `backward()`
#
# A second `backward()` over one graph needs `retain_graph=True` in the first, and its gradient is *added* to `.grad`.
#
# For $y = x^3$ the derivative at $x = 2$ is $3x^2 = 12$. The second call computes 12 once more, and `x.grad` becomes
# $12 + 12 = 24$.
#
# **In the graph:** the orange box is what `PowBackward0` saved. With `retain_graph=True` it is still there after the
# first call. The second call has no `retain_graph`, so when it is done the orange box is freed.

# %%
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 3

y.backward(retain_graph=True)
print("First backward, x.grad:", x.grad)

y.backward()
print("Second backward, x.grad (accumulated):", x.grad)

# %% [markdown]
# **Try:** remove `retain_graph=True` and read the error on the second call. Or keep it, and put `x.grad.zero_()`
# between the two calls: the second result is then 12 and not 24.
