import matplotlib.pyplot as plt
import torch
from torch.func import grad, hessian, jacrev, vmap

torch.set_default_dtype(torch.float64)


def lagrangian(q, qd, m=1.0, l=1.0, g=9.81):
    """double pendulum"""
    t1, t2 = q
    w1, w2 = qd
    T = m * l**2 * (w1**2 + 0.5 * w2**2 + w1 * w2 * torch.cos(t1 - t2))
    V = -m * g * l * (2 * torch.cos(t1) + torch.cos(t2))
    return T - V


def accelerations(q, qd):
    # Euler-Lagrange: M qdd = dL/dq - (d/dq dL/dqd) qd
    M = hessian(lagrangian, argnums=1)(q, qd)
    C = jacrev(grad(lagrangian, argnums=1), argnums=0)(q, qd)
    return torch.linalg.solve(M, grad(lagrangian)(q, qd) - C @ qd)


def energy(q, qd):
    p = grad(lagrangian, argnums=1)(q, qd)
    return p @ qd - lagrangian(q, qd)


def rk4(state, h):
    f = lambda s: torch.cat([s[2:], accelerations(s[:2], s[2:])])
    k1 = f(state)
    k2 = f(state + h / 2 * k1)
    k3 = f(state + h / 2 * k2)
    k4 = f(state + h * k3)
    return state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


s = torch.tensor([0.5, -0.3, 0.0, 0.0])
E0 = energy(s[:2], s[2:])
traj = [s]
for i in range(30):
    s = rk4(s, 0.01)
    traj.append(s)
traj = torch.stack(traj)
print("final angles:", [f"{v:.4f}" for v in s[:2].tolist()])
print("energy drift < 1e-6:", abs((energy(s[:2], s[2:]) - E0).item()) < 1e-6)
batched = vmap(accelerations)(traj[:5, :2], traj[:5, 2:])
print(batched.shape)

# sensitivity: d final angle / d initial angle through the integrator
q0 = torch.tensor([0.5, -0.3], requires_grad=True)
st = torch.cat([q0, torch.zeros(2)])
for i in range(5):
    st = rk4(st, 0.01)
st[0].backward()
print([f"{v:.4f}" for v in q0.grad.tolist()])
plt.plot(traj[:, 0], traj[:, 1])
plt.gca().set_aspect("equal")
plt.xlabel(r"$\theta_1$")
plt.ylabel(r"$\theta_2$")
plt.show()
