"""Hessian-vector products, conjugate gradient and influence functions."""

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
X = torch.cat([torch.randn(20, 2) + 1, torch.randn(20, 2) - 1])
X = torch.cat([X, torch.ones(40, 1)], 1)
y = torch.cat([torch.ones(20), torch.zeros(20)])
y[3] = 0.0  # mislabeled
theta = torch.zeros(3, requires_grad=True)
lam = 0.01


def loss_fn(theta, X, y):
    return F.binary_cross_entropy_with_logits(X @ theta, y) + lam * theta.dot(theta)


def hvp(loss, w, v):
    (g,) = torch.autograd.grad(loss, w, create_graph=True)
    (Hv,) = torch.autograd.grad(g @ v, w)
    return Hv


def conjugate_gradient(matvec, b, iters=20, tol=1e-20):
    x = torch.zeros_like(b)
    r = b.clone()
    p = r.clone()
    rs = r @ r
    for i in range(iters):
        Ap = matvec(p)
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        new = r @ r
        if new < tol:
            break
        p = r + new / rs * p
        rs = new
    return x


# Newton-CG
for it in range(5):
    loss = loss_fn(theta, X, y)
    (g,) = torch.autograd.grad(loss, theta)
    step = conjugate_gradient(lambda v: hvp(loss_fn(theta, X, y), theta, v), g)
    theta = (theta - step).detach().requires_grad_()
    print(
        f"newton-cg {it}: loss {loss.item():.5f} |g| {g.norm().item():.1e}"
        if it < 2
        else f"newton-cg {it}: loss {loss.item():.5f}"
    )

# influence of each training point on a test point
xt, yt = torch.tensor([[1.0, 1.0, 1.0]]), torch.tensor([1.0])
(g_test,) = torch.autograd.grad(loss_fn(theta, xt, yt), theta)
s_test = conjugate_gradient(lambda v: hvp(loss_fn(theta, X, y), theta, v), g_test)
infl = []
for i in range(40):
    (gi,) = torch.autograd.grad(F.binary_cross_entropy_with_logits(X[i : i + 1] @ theta, y[i : i + 1]), theta)
    infl.append(-(s_test @ gi).item())
print("most harmful training point:", max(range(40), key=infl.__getitem__))
print(
    "top eigenvalue of H:",
    round(
        torch.linalg.eigvalsh(torch.autograd.functional.hessian(lambda t: loss_fn(t, X, y), theta.detach()))[-1].item(),
        4,
    ),
)
