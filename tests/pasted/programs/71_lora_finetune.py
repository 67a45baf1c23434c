import math

import torch
import torch.nn as nn


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r: int = 2, alpha: int = 4):
        super().__init__()
        self.base = base
        self.base.weight.requires_grad_(False)
        if self.base.bias is not None:
            self.base.bias.requires_grad_(False)
        self.A = nn.Parameter(torch.empty(r, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + (x @ self.A.T @ self.B.T) * self.scaling

    @torch.no_grad()
    def merge(self) -> nn.Linear:
        self.base.weight += self.B @ self.A * self.scaling
        return self.base


def inject_lora(module: nn.Module, targets=("q", "v"), **kw):
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear) and name in targets:
            setattr(module, name, LoRALinear(child, **kw))
        else:
            inject_lora(child, targets, **kw)
    return module


class Attn(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x):
        return self.o(nn.functional.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x)))


def print_trainable_parameters(m):
    t = sum(p.numel() for p in m.parameters() if p.requires_grad)
    a = sum(p.numel() for p in m.parameters())
    print(f"trainable params: {t} || all params: {a} || trainable%: {100 * t / a:.2f}")


torch.manual_seed(0)
model = nn.Sequential(Attn(), nn.LayerNorm(16), Attn())
for p in model.parameters():
    p.requires_grad = False
x = torch.randn(4, 5, 16)
before = model(x)
inject_lora(model, r=2)
print(model)
print_trainable_parameters(model)
print("unchanged at init:", torch.allclose(before, model(x)))
opt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
target = torch.randn(4, 5, 16)
for i in range(10):
    loss = nn.functional.mse_loss(model(x), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 3 == 0:
        print(f"step {i} loss {loss.item():.2f}")
after = model(x)
for m in model:
    if isinstance(m, Attn):
        m.q, m.v = m.q.merge(), m.v.merge()
print("merged equals adapted:", torch.allclose(after, model(x), atol=1e-4))
