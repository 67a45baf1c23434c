import numpy as np
import torch

array = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
shared = torch.as_tensor(array)
x = torch.tensor(array, requires_grad=True)
y = (x**2).sum()
y.backward()
print(x.grad.numpy())
print(x.detach().numpy().mean(axis=0), shared.dtype)
print(np.allclose(x.grad.numpy(), 2 * array), np.linspace(0, 1, 3))
try:
    x.numpy()
except RuntimeError as error:
    print(error)
