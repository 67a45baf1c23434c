import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[1] * x[2]])
for v in ([1.0, 0.0], [0.0, 1.0], [2.0, -1.0]):
    (product,) = torch.autograd.grad(y, x, grad_outputs=torch.tensor(v), retain_graph=True)
    print(v, "->", product.tolist())
y.backward(torch.tensor([1.0, 1.0]))
print("backward with ones:", x.grad)
