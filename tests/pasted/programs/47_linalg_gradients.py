import torch
from torch import linalg as LA

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
A = torch.randn(4, 4)
A = (A @ A.T + 4 * torch.eye(4)).requires_grad_()  # SPD
b = torch.randn(4, requires_grad=True)

tests = {
    "det": lambda A: LA.det(A),
    "logdet": lambda A: torch.logdet(A),
    "inv": lambda A: LA.inv(A).sum(),
    "solve": lambda A: LA.solve(A, b.detach()).sum(),
    "cholesky": lambda A: LA.cholesky((A + A.T) / 2).diagonal().log().sum(),
    "eigh": lambda A: LA.eigvalsh((A + A.T) / 2).pow(2).sum(),
    "svdvals": lambda A: LA.svdvals(A).sum(),
    "qr": lambda A: LA.qr(A)[1].diagonal().abs().log().sum(),
    "pinv": lambda A: LA.pinv(A[:, :2]).norm(),
    "matrix_exp": lambda A: LA.matrix_exp(A / 10).trace(),
    "lstsq": lambda A: LA.lstsq(A[:, :2], b.detach().unsqueeze(1)).solution.sum(),
    "nuclear": lambda A: LA.matrix_norm(A, "nuc"),
}
for name, f in tests.items():
    out = f(A)
    (g,) = torch.autograd.grad(out, A)
    # finite differences in one random direction
    d = torch.randn(4, 4)
    eps = 1e-6
    with torch.no_grad():
        fd = (f(A + eps * d) - f(A - eps * d)) / (2 * eps)
    print(f"{name:11s} value {out.item():10.4f}  grad ok {torch.allclose(fd, (g * d).sum(), rtol=1e-4, atol=1e-5)}")

print("d logdet == inv.T:", torch.allclose(torch.autograd.grad(torch.logdet(A), A)[0], LA.inv(A).T))

# low rank approximation with SVD
U, S, Vh = LA.svd(A)
rank2 = U[:, :2] @ torch.diag(S[:2]) @ Vh[:2]
err = LA.norm(A - rank2)
err.backward()
print(f"rank-2 error {err.item():.4f}", A.grad.shape)

# gaussian log likelihood through cholesky
L = LA.cholesky(A.detach()).requires_grad_()
x = torch.randn(10, 4)
ll = torch.distributions.MultivariateNormal(torch.zeros(4), scale_tril=L).log_prob(x).sum()
ll.backward()
print("upper triangle of L.grad is zero:", L.grad.triu(1).abs().sum().item() == 0)
