# %% [markdown]
# # Accumulating over micro-batches
#
# `.grad` adds up. So a batch that is too large for the memory can be taken in pieces, with one step of the optimizer at
# the end.
#
# The loss of the batch is a mean over 8 samples. Four means over 2 samples each add up to four times as much, so the
# loss of each micro-batch is divided by 4.
#
# **In the graph:** there are five graphs on the same leaf. Each small one is freed by its own `backward()` before the
# next is built, so that no more than 2 samples' worth of saved tensors is alive at a time.
#
# **In the table of gradients:** `w.grad` is cleared once, and then grows by four parts.

# %%
import torch
import torch.nn.functional as F

torch.manual_seed(0)
inputs, targets = torch.randn(8, 3), torch.randn(8)
w = torch.zeros(3, requires_grad=True)

F.mse_loss(inputs @ w, targets).backward()
whole = w.grad.clone()
print("whole batch:  ", whole)

w.grad = None
for x, y in zip(inputs.split(2), targets.split(2)):
    loss = F.mse_loss(x @ w, y) / 4
    loss.backward()
print("micro-batches:", w.grad)
print("the same:", torch.allclose(w.grad, whole))

# %% [markdown]
# **Try:** leave out `/ 4`: the gradient is four times as large, as if the learning rate were. Use `split(3)` for both:
# the last piece has only 2 samples, so weight each loss by `len(x) / 8` instead.
