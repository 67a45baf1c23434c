# %% [markdown]
# # Broadcasting and its gradient
#
# A tensor that was broadcast is used once for each copy, so its gradient is the sum over the dimensions that were
# stretched.
#
# Forward, `bias` with shape (3,) is added to both rows, and `scale` with shape (2, 1) multiplies all three columns.
# Backward, each gradient is summed until it has the shape of its tensor: over the rows for `bias`, over the columns for
# `scale`.
#
# **In the graph:** a gradient of shape (2, 3) comes into `AddBackward0`, a row of 1 and a row of 2. What goes on to
# `bias` is $1 + 2 = 3$ for each element. To `scale` go the sums of the rows of `data + bias`, 66 and 75.

# %%
import torch

data = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
bias = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
scale = torch.tensor([[1.0], [2.0]], requires_grad=True)

out = (data + bias) * scale
out.sum().backward()
print("out:", tuple(out.shape))
print("bias.grad:", bias.grad)
print("scale.grad:", scale.grad)

# %% [markdown]
# Broadcasting asks nobody. In the second half every prediction is right, but (3, 1) minus (3,) is (3, 3): each
# prediction is compared with each target. The loss is not 0, and the gradient pulls right predictions away.

# %%
prediction = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
target = torch.tensor([1.0, 2.0, 3.0])
difference = prediction - target
loss = (difference ** 2).mean()
loss.backward()
print("difference:", tuple(difference.shape))
print(f"loss: {loss.item():.4f}")
print("prediction.grad:", prediction.grad.flatten())

# %% [markdown]
# **Try:** write `prediction.squeeze(1) - target`: loss and gradient are 0. In the first half, make `bias` the one
# number `torch.tensor(10.0, requires_grad=True)`: its gradient is $3 \cdot 1 + 3 \cdot 2 = 9$.
