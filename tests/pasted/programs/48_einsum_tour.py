# All the einsums I always forget
import torch

torch.manual_seed(0)
A = torch.randn(3, 4, requires_grad=True)
B = torch.randn(4, 5, requires_grad=True)
v = torch.randn(4)
X = torch.randn(2, 3, 4)
Y = torch.randn(2, 4, 5)
S = torch.randn(3, 3)

examples = [
    ("transpose", "ij->ji", (A,), A.T),
    ("sum", "ij->", (A,), A.sum()),
    ("row sum", "ij->i", (A,), A.sum(1)),
    ("mat-vec", "ij,j->i", (A, v), A @ v),
    ("mat-mat", "ij,jk->ik", (A, B), A @ B),
    ("outer", "i,j->ij", (v, v), torch.outer(v, v)),
    ("batched", "bij,bjk->bik", (X, Y), torch.bmm(X, Y)),
    ("trace", "ii->", (S,), S.trace()),
    ("diagonal", "ii->i", (S,), S.diagonal()),
    ("bilinear", "bn,anm,bm->ba", (torch.ones(2, 3), torch.ones(5, 3, 4), torch.ones(2, 4)), torch.full((2, 5), 12.0)),
    ("ellipsis", "...ij,...jk->...ik", (X, Y), X @ Y),
]
total = 0
for name, eq, ops, expected in examples:
    out = torch.einsum(eq, *ops)
    total = total + out.sum()
    print(f"{name:10s} {eq:22s} {tuple(out.shape)!s:12s} {torch.allclose(out, expected, atol=1e-5)}")
total.backward()
print(A.grad.shape, B.grad.shape)
