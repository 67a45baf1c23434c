import matplotlib.pyplot as plt
import torch

# Entropic optimal transport, log-domain Sinkhorn, differentiating through the iterations
torch.manual_seed(0)


def sinkhorn(x, y, eps=0.1, iters=30):
    C = torch.cdist(x, y) ** 2
    n, m = C.shape
    log_a = -torch.log(torch.tensor(float(n))).expand(n)
    log_b = -torch.log(torch.tensor(float(m))).expand(m)
    f, g = torch.zeros(n), torch.zeros(m)
    for _ in range(iters):
        f = -eps * torch.logsumexp((g[None, :] - C) / eps + log_b[None, :], dim=1)
        g = -eps * torch.logsumexp((f[:, None] - C) / eps + log_a[:, None], dim=0)
    P = torch.exp((f[:, None] + g[None, :] - C) / eps + log_a[:, None] + log_b[None, :])
    return (P * C).sum(), P


theta = torch.linspace(0, 6.28, 13)[:-1]
target = torch.stack([theta.cos(), theta.sin()], 1)
x = (0.3 * torch.randn(12, 2)).requires_grad_()
start = x.detach().clone()
for it in range(10):
    cost, P = sinkhorn(x, target)
    (g,) = torch.autograd.grad(cost, x)
    with torch.no_grad():
        x -= 2.0 * g
    if it % 3 == 0:
        print(f"iter {it}: OT cost {cost.item():.3f}")
print("marginal:", P.sum(0).detach().numpy().round(3)[:4])
plt.scatter(*start.T, label="start")
plt.scatter(*x.detach().T, label="moved")
plt.scatter(*target.T, marker="x", label="target")
plt.legend()
plt.axis("equal")
plt.show()
