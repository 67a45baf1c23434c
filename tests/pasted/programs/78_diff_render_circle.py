"""Differentiable rendering of a circle: recover center, radius and color from pixels."""

import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from mpl_toolkits.axes_grid1 import make_axes_locatable

os.makedirs("frames", exist_ok=True)
W = 24
ys, xs = torch.meshgrid(torch.linspace(0, 1, W), torch.linspace(0, 1, W), indexing="ij")


def render(cx, cy, r, color, sharp=30.0):
    sdf = torch.sqrt((xs - cx) ** 2 + (ys - cy) ** 2 + 1e-6) - r
    alpha = torch.sigmoid(-sharp * sdf)
    return alpha[..., None] * color + (1 - alpha[..., None]) * 0.1


target = render(torch.tensor(0.6), torch.tensor(0.4), torch.tensor(0.22), torch.tensor([1.0, 0.5, 0.0]))
params = {
    "cx": torch.tensor(0.4, requires_grad=True),
    "cy": torch.tensor(0.5, requires_grad=True),
    "r": torch.tensor(0.3, requires_grad=True),
    "color": torch.tensor([0.5, 0.5, 0.5], requires_grad=True),
}
opt = torch.optim.Adam(
    [{"params": [params["cx"], params["cy"], params["r"]], "lr": 0.02}, {"params": [params["color"]], "lr": 0.05}]
)
history = []
for i in range(41):
    img = render(**params)
    loss = (img - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append(loss.item())
    if i % 20 == 0:
        plt.imsave(f"frames/{i:03d}.png", img.detach().clamp(0, 1).numpy())
        print(f"{i:3d} loss {loss.item():.4f}")
print({k: np.round(v.detach().numpy(), 1).tolist() for k, v in params.items()})
print(sorted(os.listdir("frames")))

fig, ax = plt.subplots(1, 3, figsize=(9, 3))
ax[0].imshow(target)
ax[0].set_title("target")
im = ax[1].imshow((img.detach() - target).abs().mean(-1), cmap="magma")
ax[1].set_title("error")
fig.colorbar(im, cax=make_axes_locatable(ax[1]).append_axes("right", size="5%", pad=0.05))
ax[2].semilogy(history)
ax[2].set_title("loss")
ax[2].grid(True)
plt.tight_layout()
plt.show()
