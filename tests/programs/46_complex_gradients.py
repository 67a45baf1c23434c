import torch

z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
loss = (z * z.conj()).real.sum()
loss.backward()
print(loss.item())
print(z.grad)
w = torch.tensor(0.5 + 0.5j, requires_grad=True)
(w**2).imag.backward()
print(w.grad)
print(w.real.item(), w.imag.item())
