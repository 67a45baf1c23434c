import warnings

warnings.filterwarnings("ignore")
import matplotlib.pyplot as plt
import torch
import torch.optim as optim
from torch.optim import lr_scheduler as S


def make():
    p = torch.nn.Parameter(torch.zeros(1))
    return p, optim.SGD([p], lr=0.1, momentum=0.9)


factories = {
    "OneCycle": lambda o: S.OneCycleLR(o, max_lr=0.5, total_steps=20),
    "Cosine": lambda o: S.CosineAnnealingLR(o, T_max=20, eta_min=0.001),
    "WarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2),
    "Lambda": lambda o: S.LambdaLR(o, lr_lambda=lambda e: 0.9**e),
    "MultiStep": lambda o: S.MultiStepLR(o, milestones=[5, 12], gamma=0.1),
    "Warmup+Exp": lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 5), S.ExponentialLR(o, 0.9)], [5]),
    "Plateau": lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=2),
}

fig, axs = plt.subplots(2, 4, figsize=(12, 5), sharex=True)
for ax, (name, f) in zip(axs.ravel(), factories.items()):
    p, opt = make()
    sched = f(opt)
    lrs = []
    for step in range(20):
        loss = ((p - 3) ** 2).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        lrs.append(opt.param_groups[0]["lr"])
        if isinstance(sched, S.ReduceLROnPlateau):
            sched.step(1.0)  # never improves
        else:
            sched.step()
    print(f"{name:13s}", " ".join(f"{lr:.4f}" for lr in lrs[::4]))
    ax.plot(lrs)
    ax.set_title(name)
axs[-1, -1].axis("off")
fig.suptitle("learning rate schedules")
fig.tight_layout()
fig.savefig("schedules.png", dpi=60)
# fig stays open on purpose
