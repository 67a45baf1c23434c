import torch
from torch import nn


class MultiHead(nn.Module):
    """ModuleList, ModuleDict, ParameterList and ParameterDict in one model."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for i in range(3)])
        self.acts = nn.ModuleDict([["lrelu", nn.LeakyReLU()], ["prelu", nn.PReLU()]])
        self.scales = nn.ParameterList([nn.Parameter(torch.full((4,), float(i + 1))) for i in range(3)])
        self.tokens = nn.ParameterDict({"cls": nn.Parameter(torch.zeros(4)), "dist": nn.Parameter(torch.ones(4))})
        self.heads = nn.ModuleDict()
        for task, n in (("age", 1), ("gender", 2)):
            self.heads[task] = nn.Linear(4, n)

    def forward(self, x, choice="prelu") -> dict[str, torch.Tensor]:
        x = x + self.tokens["cls"] - 0.1 * self.tokens["dist"]
        for layer, scale in zip(self.layers, self.scales):
            x = self.acts[choice](layer(x)) * scale
        return {k: h(x) for k, h in self.heads.items()}


torch.manual_seed(0)
m = MultiHead()
print(m)
out = m(torch.randn(6, 4))
loss = nn.functional.mse_loss(out["age"].squeeze(1), torch.linspace(0, 1, 6)) + nn.functional.cross_entropy(
    out["gender"], torch.tensor([0, 1] * 3)
)
loss.backward()
for name, p in m.named_parameters():
    print(f"{name:22s} {tuple(p.shape)!s:10s} grad={'yes' if p.grad is not None else 'no'}")
m.layers.append(nn.Identity())
m.layers.insert(0, nn.Dropout(0.0))
m.layers.extend([nn.Flatten()])
print(len(m.layers), "prelu" in m.acts, list(m.heads.keys()), m.heads.pop("age"))
print([type(c).__name__ for c in m.children()])
print(sum(1 for _ in m.modules()))
m.requires_grad_(False)
print(any(p.requires_grad for p in m.parameters()))
