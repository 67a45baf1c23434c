# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
# ---

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from IPython.display import display

# %% [markdown]
# ## Multi-task regression, live plot

# %%
torch.manual_seed(0)
X = torch.linspace(-2, 2, 40).unsqueeze(1)
Y = torch.cat([X.sin(), X.abs()], 1)


# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(1, 16)
        self.log_vars = nn.Parameter(torch.zeros(2))
        self.heads = nn.ModuleList([nn.Linear(16, 1) for _ in range(2)])

    def forward(self, x):
        h = F.relu(self.trunk(x))
        return torch.cat([head(h) for head in self.heads], 1)


net = Net()
opt = torch.optim.Adam(net.parameters(), 0.02)

# %%
hist = []
for i in range(30):
    mse = (net(X) - Y).pow(2).mean(0)
    loss = (torch.exp(-net.log_vars) * mse + net.log_vars).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    hist.append(loss.item())
    if i % 10 == 0:
        fig, ax = plt.subplots()
        ax.plot(hist)
        ax.set_title(f"iter {i}")
        plt.show()
        print(f"iter {i} loss {loss.item():.2f}")

# %%
display({"tasks": 2, "decreasing": hist[-1] < hist[0]})

# %%
torch.set_printoptions(precision=2)
[tuple(p.shape) for p in net.parameters()]
