import torch

a = torch.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
b = torch.tensor([1.0, 2.0], requires_grad=True)
x = torch.linalg.solve(a, b)
x.sum().backward()
print([f"{v:.3f}" for v in x.tolist()], [f"{v:.3f}" for v in b.grad.tolist()])
a.grad = None
determinant = torch.linalg.det(a)
determinant.backward()
expected = determinant.detach() * torch.linalg.inv(a.detach()).T
print(f"det {determinant.item():.3f}", torch.allclose(a.grad, expected))
print([[f"{v:.1f}" for v in row] for row in torch.linalg.inv(a).tolist()])
