import torch

w = torch.tensor([2.0, -3.0], requires_grad=True)
lr = 0.1
while (norm := w.norm().item()) > 2:
    loss = (w**2).sum() + w.abs().sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        w.grad.zero_()
    print(f"|w| was {norm:.3f}, loss {loss.item():.3f}")
assert w.grad.tolist() == [0.0, 0.0], "the gradient was cleared"
