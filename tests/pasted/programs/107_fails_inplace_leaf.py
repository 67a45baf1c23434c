import torch

w = torch.ones(3, requires_grad=True)
loss = (w * 2).sum()
loss.backward()
print("grad", w.grad)
# update step, forgot no_grad
w -= 0.1 * w.grad
print(w)
