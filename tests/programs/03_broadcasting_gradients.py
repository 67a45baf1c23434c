import torch

matrix = torch.arange(6.0).reshape(2, 3).requires_grad_()
row = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
column = torch.tensor([[1.0], [10.0]], requires_grad=True)
scalar = torch.tensor(0.5, requires_grad=True)
out = (matrix + row) * column - scalar
print("out shape", tuple(out.shape))
out.sum().backward()
for name, leaf in [("matrix", matrix), ("row", row), ("column", column), ("scalar", scalar)]:
    print(name, tuple(leaf.grad.shape), leaf.grad.tolist())
