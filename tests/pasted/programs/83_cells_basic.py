# %% [markdown]
# # Autograd basics
# Notebook exported with `# %%` cells

# %%
import matplotlib.pyplot as plt
import torch

torch.manual_seed(0)

# %%
x = torch.ones(2, 2, requires_grad=True)
x

# %%
y = x + 2
print(y)
print(type(y.grad_fn).__name__)

# %%
z = y * y * 3
out = z.mean()
print(z, out)

# %%
out.backward()
print(x.grad)

# %%
plt.plot(torch.linspace(0, 1, 20), torch.linspace(0, 1, 20) ** 2)
plt.show()

# %%
v = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)
x = torch.ones(3, requires_grad=True)
y = x * 2
while y.data.norm() < 100:
    y = y * 2
y.backward(v)
x.grad
