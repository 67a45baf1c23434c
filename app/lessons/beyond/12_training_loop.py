# %% [markdown]
# # A training loop with `zero_grad()`
#
# Clear the gradients, compute the loss, go backward, take a step: four lines that every training loop has.
#
# The model is a line, $wx + b$, and the data lie on $2x + 1$. `optimizer.zero_grad()` sets each `.grad` to `None`,
# `loss.backward()` fills it, and `optimizer.step()` subtracts the learning rate times `.grad` from each parameter.
#
# **In the graph:** each step builds a graph of its own on the same two leaves, and its `backward()` frees it.
#
# **In the table of gradients:** filled, set to `None`, filled again. The gradients shrink as the loss does.

# %%
import torch

torch.manual_seed(0)
x = torch.tensor([[-1.0], [0.0], [1.0], [2.0]])
y = 2 * x + 1

model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)

for step in range(10):
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    print(f"step {step}  loss {loss.item():.3f}")
print(f"w = {model.weight.item():.2f}, b = {model.bias.item():.2f}")

# %% [markdown]
# **Try:** remove `optimizer.zero_grad()`: each step uses the sum of all gradients so far, and the loss goes up and down
# without settling. Or put it between `backward()` and `step()`: there is no gradient left to use, and the loss stays at
# 7.190.
