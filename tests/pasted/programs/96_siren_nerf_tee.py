import sys
from pathlib import Path

import torch
from torch import nn

BASE_DIR = Path(__file__).resolve().parent
sys.path.append(str(BASE_DIR))


class Tee:
    """duplicate stdout into a log file"""

    def __init__(self, path):
        self.file = open(path, "w", buffering=1)
        self.stdout = sys.stdout

    def write(self, s):
        self.file.write(s)
        return self.stdout.write(s)

    def flush(self):
        self.file.flush()
        self.stdout.flush()

    def close(self):
        sys.stdout = self.stdout
        self.file.close()


class Sine(nn.Module):
    def __init__(self, i, o, w0=5.0, first=False):
        super().__init__()
        self.w0, self.lin = w0, nn.Linear(i, o)
        b = 1 / i if first else (6 / i) ** 0.5 / w0
        self.lin.weight.data.uniform_(-b, b)

    def forward(self, x):
        return torch.sin(self.w0 * self.lin(x))


def posenc(x, L=3):
    return torch.cat([x] + [f(2**i * x) for i in range(L) for f in (torch.sin, torch.cos)], -1)


def render_rays(net, o, d, n=8):
    t = torch.linspace(0.5, 2.5, n)
    pts = o[:, None] + t[None, :, None] * d[:, None]
    raw = net(posenc(pts))
    rgb, sigma = raw[..., :3].sigmoid(), raw[..., 3].relu()
    delta = torch.full((n,), 2.0 / (n - 1))
    alpha = 1 - torch.exp(-sigma * delta)
    trans = torch.cumprod(torch.cat([torch.ones(len(o), 1), 1 - alpha + 1e-10], -1), -1)[:, :-1]
    w = alpha * trans
    return (w[..., None] * rgb).sum(1), w.sum(1)


tee = sys.stdout = Tee("train.log")
try:
    torch.manual_seed(0)
    siren = nn.Sequential(Sine(1, 16, first=True), Sine(16, 16), nn.Linear(16, 1))
    x = torch.linspace(-1, 1, 32).unsqueeze(1).requires_grad_()
    y = siren(x)
    (dy,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (dy - torch.cos(3 * x)).pow(2).mean().backward()  # supervise the derivative only
    print("siren grad:", siren[0].lin.weight.grad.shape)
    nerf = nn.Sequential(nn.Linear(21, 32), nn.ReLU(), nn.Linear(32, 4))
    opt = torch.optim.Adam(nerf.parameters(), lr=1e-2)
    for i in range(9):
        o = torch.zeros(16, 3)
        d = nn.functional.normalize(torch.randn(16, 3), dim=-1)
        rgb, acc = render_rays(nerf, o, d)
        loss = (rgb - d.abs()).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(f"\riter {i} loss {loss.item():.2f}", end="")
    print()
finally:
    tee.close()
print("logged characters:", len(open("train.log").read()) > 50)
