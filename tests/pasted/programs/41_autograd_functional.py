import torch
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

torch.manual_seed(0)
torch.set_printoptions(precision=4, sci_mode=False)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


x = torch.tensor([1.2, 1.0, 0.8])
print("H =\n", hessian(rosenbrock, x))
print("J =\n", jacobian(lambda t: torch.stack([t.prod(), t.sin().sum(), t[0] * t[1]]), x))

f = lambda a, b: a @ b
A, B = torch.randn(2, 3), torch.randn(3, 2)
JA, JB = jacobian(f, (A, B))
print(JA.shape, JB.shape)

v = torch.tensor([1.0, 0.0, -1.0])
out, g = vjp(rosenbrock, x, torch.tensor(1.0))
print("vjp", g)
print("jvp", jvp(rosenbrock, x, v)[1])
print("hvp", hvp(rosenbrock, x, v)[1])
print("vhp", vhp(rosenbrock, x, v)[1])
print("hvp matches H @ v:", torch.allclose(hvp(rosenbrock, x, v)[1], hessian(rosenbrock, x) @ v))

# by hand: double backward, row by row
p = x.clone().requires_grad_()
(g,) = torch.autograd.grad(rosenbrock(p), p, create_graph=True)
H = torch.stack([torch.autograd.grad(gi, p, retain_graph=True)[0] for gi in g])
print("same:", torch.allclose(H, hessian(rosenbrock, x)))

# batched vjps in a single call
(G,) = torch.autograd.grad(g, p, torch.eye(3), is_grads_batched=True)
print("same batched:", torch.allclose(H, G))

# newton iterations
z = torch.tensor([1.2, 1.2])
for i in range(6):
    p = z.clone().requires_grad_()
    (g,) = torch.autograd.grad(rosenbrock(p), p)
    z = z - torch.linalg.solve(hessian(rosenbrock, z), g)
print("newton ->", [round(t, 3) for t in z.tolist()])
