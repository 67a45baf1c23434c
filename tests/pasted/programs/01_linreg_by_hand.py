# Linear regression from scratch with tensors + autograd
import matplotlib.pyplot as plt
import numpy as np
import torch

torch.manual_seed(42)
np.random.seed(42)

# generate data: y = 2x - 1 + noise
X = torch.linspace(-1, 1, 50).reshape(-1, 1)
y = 2 * X - 1 + 0.1 * torch.randn(X.shape)

w = torch.randn(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)

lr = 0.3
losses = []
for epoch in range(40):
    y_hat = X * w + b
    loss = ((y_hat - y) ** 2).mean()
    loss.backward()

    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()

    losses.append(loss.item())
    if epoch % 10 == 0:
        print(f"epoch {epoch:3d} | loss {loss.item():.4f} | w {w.item():.3f} b {b.item():.3f}")

print("learned:", round(w.item(), 2), round(b.item(), 2))

plt.figure(figsize=(6, 4))
plt.scatter(X.numpy(), y.numpy(), s=8, label="data")
plt.plot(X.numpy(), (X * w + b).detach().numpy(), "r", label="fit")
plt.legend()
plt.title("Linear regression")
plt.show()

plt.plot(losses)
plt.xlabel("epoch")
plt.ylabel("MSE")
plt.show()
