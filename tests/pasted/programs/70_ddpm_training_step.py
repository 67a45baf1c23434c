import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F
from tqdm.auto import tqdm


@dataclass
class TrainingConfig:
    image_size = 8
    train_batch_size = 8
    num_epochs = 3
    timesteps = 20
    lr = 2e-3
    seed = 0


def linear_beta_schedule(timesteps, beta_start=1e-4, beta_end=0.02):
    return torch.linspace(beta_start, beta_end, timesteps)


def cosine_beta_schedule(timesteps, s=0.008):
    x = torch.linspace(0, timesteps, timesteps + 1)
    ac = torch.cos(((x / timesteps) + s) / (1 + s) * torch.pi * 0.5) ** 2
    ac = ac / ac[0]
    return torch.clip(1 - (ac[1:] / ac[:-1]), 0.0001, 0.9999)


class SinusoidalPositionEmbeddings(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        half = self.dim // 2
        e = torch.exp(torch.arange(half) * -(math.log(10000) / (half - 1)))
        e = time[:, None] * e[None, :]
        return torch.cat((e.sin(), e.cos()), dim=-1)


class TinyUnet(nn.Module):
    def __init__(self, ch=8):
        super().__init__()
        self.time = nn.Sequential(SinusoidalPositionEmbeddings(16), nn.Linear(16, ch), nn.SiLU())
        self.inc = nn.Conv2d(1, ch, 3, padding=1)
        self.down = nn.Conv2d(ch, ch, 4, 2, 1)
        self.mid = nn.Sequential(nn.GroupNorm(2, ch), nn.SiLU(), nn.Conv2d(ch, ch, 3, padding=1))
        self.up = nn.ConvTranspose2d(ch, ch, 4, 2, 1)
        self.out = nn.Conv2d(2 * ch, 1, 1)

    def forward(self, x, t):
        h0 = self.inc(x) + self.time(t)[:, :, None, None]
        h = self.mid(F.silu(self.down(h0)))
        h = self.up(h)
        return self.out(torch.cat([h, h0], 1))


cfg = TrainingConfig()
torch.manual_seed(cfg.seed)
betas = cosine_beta_schedule(cfg.timesteps)
alphas = 1.0 - betas
alphas_cumprod = torch.cumprod(alphas, axis=0)
alphas_cumprod_prev = F.pad(alphas_cumprod[:-1], (1, 0), value=1.0)
posterior_variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
print("alpha_bar first/last: %.4f %.4f" % (alphas_cumprod[0], alphas_cumprod[-1]))
print("linear betas:", [f"{b:.4f}" for b in linear_beta_schedule(5).tolist()])


def extract(a, t, x_shape):
    return a.gather(-1, t).reshape(t.shape[0], *((1,) * (len(x_shape) - 1)))


def q_sample(x_start, t, noise):
    return (
        extract(alphas_cumprod.sqrt(), t, x_start.shape) * x_start
        + extract((1 - alphas_cumprod).sqrt(), t, x_start.shape) * noise
    )


def p_losses(model, x_start, t, noise=None, loss_type="huber"):
    noise = torch.randn_like(x_start) if noise is None else noise
    pred = model(q_sample(x_start, t, noise), t)
    return F.smooth_l1_loss(noise, pred) if loss_type == "huber" else F.mse_loss(noise, pred)


@torch.no_grad()
def p_sample(model, x, t_index):
    t = torch.full((x.shape[0],), t_index, dtype=torch.long)
    mean = extract(alphas.rsqrt(), t, x.shape) * (
        x - extract(betas / (1 - alphas_cumprod).sqrt(), t, x.shape) * model(x, t)
    )
    if t_index == 0:
        return mean
    return mean + extract(posterior_variance, t, x.shape).sqrt() * torch.randn_like(x)


model = TinyUnet()
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
data = torch.zeros(16, 1, 8, 8)
data[:, :, 2:6, 2:6] = 1.0
data = data * 2 - 1
for epoch in range(cfg.num_epochs):
    pbar = tqdm(data.split(cfg.train_batch_size), disable=False)
    for batch in pbar:
        t = torch.randint(0, cfg.timesteps, (batch.shape[0],)).long()
        loss = p_losses(model, batch, t)
        opt.zero_grad()
        loss.backward()
        opt.step()
        pbar.set_postfix(loss=f"{loss.item():.3f}")
    print(f"epoch {epoch}: loss {loss.item():.2f}")
img = torch.randn(2, 1, 8, 8)
for i in reversed(range(cfg.timesteps)):
    img = p_sample(model, img, i)
print(img.shape, torch.isfinite(img).all().item())
