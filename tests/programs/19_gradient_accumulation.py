import torch

x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
y = 2 * x + 1
w = torch.zeros(1, 1, requires_grad=True)
((x @ w - y) ** 2).mean().backward()
whole = w.grad.clone()
w.grad = None
for part_x, part_y in zip(x.split(2), y.split(2)):
    loss = ((part_x @ w - part_y) ** 2).mean() / 2
    loss.backward()
    print("so far", w.grad.item())
print("equal to the whole batch:", torch.allclose(whole, w.grad))
