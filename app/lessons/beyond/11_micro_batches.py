# %% [markdown]
# # Accumulating over micro-batches
#
# `.grad` adds up. So a batch that is too large for the memory can be taken in pieces, with one step of the optimizer at
# the end.
#
# The loss of the batch is a mean over 8 samples. Four means over 2 samples each add up to four times as much, so the
# loss of each micro-batch is divided by 4.
#
# **In the graph:** first the whole batch, in one graph.

# %%
import torch
import torch.nn.functional as F

torch.manual_seed(0)
inputs, targets = torch.randn(8, 3), torch.randn(8)
w = torch.zeros(3, requires_grad=True)

F.mse_loss(inputs @ w, targets).backward()
whole = w.grad.clone()
print("whole batch:  ", whole)

# %% [markdown] predict
# Now the loop takes four batches of 2. The whole batch kept what 8 samples saved for backward. For how many samples, at
# most, are saved tensors alive at any moment of the loop?
#
# answer: 2
#
# Each small graph is freed by its own `backward()` before the next one is built, and only `w.grad`, which has the size of
# `w`, carries the sum on. So the memory is that of 2 samples, however large the batch. It costs four passes in place of
# one.

# %%
w.grad = None
for x, y in zip(inputs.split(2), targets.split(2)):
    loss = F.mse_loss(x @ w, y) / 4
    loss.backward()
print("micro-batches:", w.grad)
print("the same:", torch.allclose(w.grad, whole))

# %% [markdown]
# There are five graphs on the same leaf. `w.grad` is cleared once, and then grows by four parts.
#
# **Try:** leave out `/ 4`: the gradient is four times as large, as if the learning rate were. Use `split(3)` for both:
# the last piece has only 2 samples, so weight each loss by `len(x) / 8` instead.
