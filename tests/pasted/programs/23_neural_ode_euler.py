"""Neural ODE: fixed step Euler / RK4 solvers, discretise-then-optimise and adjoint."""

import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser("ODE demo")
parser.add_argument("--method", type=str, choices=["euler", "rk4"], default="euler")
parser.add_argument("--data_size", type=int, default=20)
parser.add_argument("--niters", type=int, default=15)
parser.add_argument("--adjoint", action="store_true")
args = parser.parse_args()

torch.manual_seed(0)
true_y0 = torch.tensor([[2.0, 0.0]])
t = torch.linspace(0.0, 2.0, args.data_size)
true_A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])


def euler(f, t, h, y):
    return y + h * f(t, y)


def rk4(f, t, h, y):
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def odeint(f, y0, t, method="euler"):
    step = {"euler": euler, "rk4": rk4}[method]
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        ys.append(step(f, t0, t1 - t0, ys[-1]))
    return torch.stack(ys)


class Lambda(nn.Module):
    def forward(self, t, y):
        return y @ true_A


class ODEFunc(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)
        self.nfe = 0

    def forward(self, t, y):
        self.nfe += 1
        return self.net(y)


with torch.no_grad():
    true_y = odeint(Lambda(), true_y0, t, method="rk4")

func = ODEFunc()
optimizer = torch.optim.RMSprop(func.parameters(), lr=1e-2)
for itr in range(1, args.niters + 1):
    optimizer.zero_grad()
    pred_y = odeint(func, true_y0, t, args.method)
    loss = torch.mean(torch.abs(pred_y - true_y))
    loss.backward()
    optimizer.step()
    if itr % 5 == 0:
        print(f"Iter {itr:04d} | Total Loss {loss.item():.3f} | nfe {func.nfe}")


# constant memory adjoint, by hand, for one Euler sweep backwards
def adjoint_grad(f, y_path, t, dL_dyT):
    a = dL_dyT
    grads = [torch.zeros_like(p) for p in f.parameters()]
    for i in range(len(t) - 2, -1, -1):
        h = t[i + 1] - t[i]
        y = y_path[i].detach().requires_grad_(True)
        out = f(t[i], y)
        g = torch.autograd.grad(out, (y, *f.parameters()), grad_outputs=a * h)
        a = a + g[0]
        grads = [x + y for x, y in zip(grads, g[1:])]
    return a, grads


path = odeint(func, true_y0, t)
L = path[-1].pow(2).sum()
func.zero_grad()
L.backward()
_, g = adjoint_grad(func, path.detach(), t, 2 * path[-1].detach())
print(
    "adjoint matches backprop:",
    all(torch.allclose(a, p.grad, rtol=1e-3, atol=1e-4) for a, p in zip(g, func.parameters())),
)
