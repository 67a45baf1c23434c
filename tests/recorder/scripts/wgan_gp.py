"""WGAN-GP on points of a circle: two optimizers, and a penalty on the gradient itself."""
import torch
from torch import autograd, nn

torch.manual_seed(3)
netG = nn.Sequential(nn.Linear(2, 32), nn.ReLU(True), nn.Linear(32, 2))
netD = nn.Sequential(nn.Linear(2, 32), nn.ReLU(True), nn.Linear(32, 1))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.9))
LAMBDA, CRITIC_ITERS, BATCH = 0.1, 3, 16


def real_data():
    angle = torch.rand(BATCH, 1) * 6.2831853
    return torch.cat([angle.cos(), angle.sin()], dim=1)


def calc_gradient_penalty(real, fake):
    alpha = torch.rand(BATCH, 1).expand_as(real)
    interpolates = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    gradients = autograd.grad(
        netD(interpolates).sum(), interpolates, create_graph=True, retain_graph=True, only_inputs=True
    )[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


for iteration in range(4):
    for p in netD.parameters():
        p.requires_grad = True
    for _ in range(CRITIC_ITERS):
        netD.zero_grad()
        real, fake = real_data(), netG(torch.randn(BATCH, 2)).detach()
        penalty = calc_gradient_penalty(real, fake)
        D_cost = netD(fake).mean() - netD(real).mean() + penalty
        D_cost.backward()
        optimizerD.step()
    for p in netD.parameters():
        p.requires_grad = False
    netG.zero_grad()
    G_cost = -netD(netG(torch.randn(BATCH, 2))).mean()
    G_cost.backward()
    optimizerG.step()
    print(f"{iteration}: D {D_cost.item()!r} G {G_cost.item()!r} penalty {penalty.item()!r}")
