import torch

p = torch.tensor([-1.0, 1.5], requires_grad=True)
optimizer = torch.optim.LBFGS([p], lr=0.5, max_iter=3)


def closure():
    optimizer.zero_grad()
    loss = (1 - p[0]) ** 2 + 2 * (p[1] - p[0] ** 2) ** 2
    loss.backward()
    return loss


for step in range(2):
    loss = optimizer.step(closure)
    print(f"step {step}: loss {loss.item():.3f}")
print([f"{v:.2f}" for v in p.tolist()])
