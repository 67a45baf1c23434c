import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(4, 8, 3, padding=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(8, 2),
)
x = torch.rand(6, 1, 10, 10) * 0.1
x[3:, :, 2:5, 2:5] += 0.9
y = torch.tensor([0, 0, 0, 1, 1, 1])
opt = torch.optim.Adam(model.parameters(), 0.02)
for _ in range(15):
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()


def fgsm_attack(image, epsilon, data_grad):
    return torch.clamp(image + epsilon * data_grad.sign(), 0, 1)


def pgd(model, x, y, eps=0.1, alpha=0.03, steps=4):
    adv = x.clone().detach()
    for _ in range(steps):
        adv.requires_grad_()
        g = torch.autograd.grad(F.cross_entropy(model(adv), y), adv)[0]
        adv = adv.detach() + alpha * g.sign()
        adv = torch.min(torch.max(adv, x - eps), x + eps).clamp(0, 1)
    return adv.detach()


x.requires_grad = True
loss = F.cross_entropy(model(x), y)
model.zero_grad()
loss.backward()
adv = fgsm_attack(x, 0.1, x.grad.data)
print("FGSM increases loss:", F.cross_entropy(model(adv), y).item() > loss.item())
print("PGD within eps:", (pgd(model, x.detach(), y) - x).abs().max().item() <= 0.1001)

# Grad-CAM with hooks
store = {}
h1 = model[2].register_forward_hook(lambda m, i, o: store.update(act=o))
h2 = model[2].register_full_backward_hook(lambda m, gi, go: store.update(grad=go[0]))
model(x)[:, 1].sum().backward()
weights = store["grad"].mean((2, 3), keepdim=True)
cam = F.relu((weights * store["act"]).sum(1)).detach()
h1.remove()
h2.remove()
print("cam", tuple(cam.shape))

# integrated gradients: completeness axiom
base, inp = torch.zeros_like(x[3:4]), x[3:4].detach()
total = torch.zeros_like(inp)
for a in (torch.arange(50) + 0.5) / 50:
    p = (base + a * (inp - base)).requires_grad_()
    total += torch.autograd.grad(model(p)[0, 1], p)[0] / 50
gap = ((inp - base) * total).sum() - (model(inp)[0, 1] - model(base)[0, 1])
print("completeness gap small:", abs(gap.item()) < 0.05)
fig, ax = plt.subplots(1, 2)
ax[0].imshow(inp[0, 0])
ax[1].imshow(cam[3], cmap="jet")
[a.set_axis_off() for a in ax]
plt.show()


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lambd):
        ctx.lambd = lambd
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lambd * g, None


t = torch.ones(2, requires_grad=True)
GradReverse.apply(t, 0.5).sum().backward()
print("reversed:", t.grad.tolist())
