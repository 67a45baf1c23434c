# %% [markdown]
# # Computing gradients
#
# `backward()` computes the derivative of `y` with respect to every leaf that asked for one, and stores it in `.grad`.
#
# For $y = x^2$ the derivative is $2x$, so at $x = 2$ we expect $4$.
#
# **In the graph:** `x` is the blue box at the bottom, a *leaf*: you made it, and it has `requires_grad=True`. The line
# `y = x ** 2` added the grey box `PowBackward0`. It remembers `x`, because its derivative needs it. The gradient
# starts at `y` with the value 1, passes `PowBackward0`, and is added to `x.grad` by `AccumulateGrad`.

# %%
import torch

x = torch.tensor(2.0, requires_grad=True)
y = x ** 2
y.backward()
print("x.grad:", x.grad)

# %% [markdown]
# **Try:** change `2.0` to `-3.0`. Then replace `x ** 2` by `torch.sin(x)` and compare `x.grad` with `torch.cos(x)`.
# Then remove `requires_grad=True` and read what PyTorch says.
