import torch

a = torch.tensor([[4.0, 1.0], [1.0, 3.0]], requires_grad=True)
lower = torch.linalg.cholesky(a)
print("cholesky", [[f"{v:.3f}" for v in row] for row in lower.tolist()])
lower.diagonal().log().sum().backward()
print("d log det / 2", [[f"{v:.3f}" for v in row] for row in a.grad.tolist()])
a.grad = None
values, vectors = torch.linalg.eigh(a)
values[-1].backward()
outer = torch.outer(vectors[:, -1], vectors[:, -1]).detach()
print("eigenvalues", [f"{v:.3f}" for v in values.tolist()], torch.allclose(a.grad, outer, atol=1e-5))
m = torch.tensor([[3.0, 0.0], [4.0, 5.0]], requires_grad=True)
singular = torch.linalg.svdvals(m)
singular.sum().backward()
print("singular values", [f"{v:.3f}" for v in singular.tolist()])
print([[f"{v:.2f}" for v in row] for row in m.grad.tolist()])
