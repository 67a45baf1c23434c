import matplotlib.pyplot as plt
import torch
import torch.nn as nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence


class VAE(nn.Module):
    """Variational Autoencoder (Kingma & Welling)"""

    def __init__(self, x_dim=16, h_dim=32, z_dim=2):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(x_dim, h_dim), nn.SiLU(), nn.Linear(h_dim, 2 * z_dim))
        self.decoder = nn.Sequential(nn.Linear(z_dim, h_dim), nn.SiLU(), nn.Linear(h_dim, x_dim))
        self.register_buffer("zero", torch.zeros(z_dim))
        self.register_buffer("one", torch.ones(z_dim))

    @property
    def prior(self):
        return Independent(Normal(self.zero, self.one), 1)

    def encode(self, x):
        mu, log_sigma = self.encoder(x).chunk(2, dim=-1)
        return Independent(Normal(mu, log_sigma.exp()), 1)

    def decode(self, z):
        return Independent(Bernoulli(logits=self.decoder(z)), 1)

    def forward(self, x):
        q = self.encode(x)
        z = q.rsample()  # reparameterization trick
        p = self.decode(z)
        recon = -p.log_prob(x)
        kl = kl_divergence(q, self.prior)
        return recon.mean(), kl.mean(), p


torch.manual_seed(0)
x = (torch.rand(32, 16) > 0.5).float()
x[:, 8:] = x[:, :8]
model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(1, 21):
    recon, kl, p = model(x)
    loss = recon + kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(f"step {step:3d}  recon {recon.item():.2f}  kl {kl.item():.2f}  elbo {-loss.item():.2f}")

with torch.no_grad():
    samples = model.decode(model.prior.sample((6,))).mean
print(samples.shape)

fig, axes = plt.subplots(1, 6, figsize=(9, 2))
for ax, s in zip(axes.flat, samples):
    ax.imshow(s.view(4, 4), cmap="gray")
    ax.axis("off")
plt.tight_layout()
plt.savefig("samples.png")
plt.close(fig)
