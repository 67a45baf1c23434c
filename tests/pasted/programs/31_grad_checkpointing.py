import torch
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

torch.manual_seed(0)
calls = {"n": 0}


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ln = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * d, d))

    def forward(self, x):
        calls["n"] += 1
        return x + self.ff(self.ln(x))


class Deep(nn.Module):
    def __init__(self, d=8, n=4, use_ckpt=False, use_reentrant=False):
        super().__init__()
        self.blocks = nn.ModuleList([Block(d) for _ in range(n)])
        self.use_ckpt = use_ckpt
        self.use_reentrant = use_reentrant

    def forward(self, x):
        for b in self.blocks:
            if self.use_ckpt and self.training:
                x = checkpoint(b, x, use_reentrant=self.use_reentrant)
            else:
                x = b(x)
        return x


x = torch.randn(3, 8, requires_grad=True)
results = []
for kw in (dict(), dict(use_ckpt=True), dict(use_ckpt=True, use_reentrant=True)):
    torch.manual_seed(1)
    m = Deep(**kw)
    calls["n"] = 0
    torch.manual_seed(2)
    loss = m(x).pow(2).mean()
    fwd = calls["n"]
    (g,) = torch.autograd.grad(loss, x) if not kw.get("use_reentrant") else (None,)
    if g is None:
        x.grad = None
        loss.backward()
        g = x.grad.clone()
    results.append(g)
    print(kw, f"loss={loss.item():.4f}", "forward calls:", fwd, "after backward:", calls["n"])
print("same gradients:", all(torch.allclose(results[0], r) for r in results[1:]))

seq = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(6)])
out = checkpoint_sequential(seq, 3, x, use_reentrant=False)
out.sum().backward()
print("sequential:", out.shape, seq[0][0].weight.grad is not None)
