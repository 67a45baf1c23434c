import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Expert(nn.Module):
    """SwiGLU feed forward"""

    def __init__(self, d, h):
        super().__init__()
        self.w1 = nn.Linear(d, h, bias=False)
        self.w2 = nn.Linear(h, d, bias=False)
        self.w3 = nn.Linear(d, h, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class SparseMoE(nn.Module):
    def __init__(self, d=8, h=16, n_experts=4, k=2, capacity=None):
        super().__init__()
        self.gate = nn.Linear(d, n_experts, bias=False)
        self.experts = nn.ModuleList([Expert(d, h) for _ in range(n_experts)])
        self.k = k
        self.n = n_experts

    def forward(self, x):
        shape = x.shape
        x = x.view(-1, shape[-1])
        logits = self.gate(x)
        weights, selected = torch.topk(logits, self.k)
        weights = F.softmax(weights, dim=1, dtype=torch.float).to(x.dtype)
        results = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            batch_idx, nth_expert = torch.where(selected == i)
            if batch_idx.numel():
                results = results.index_add(0, batch_idx, weights[batch_idx, nth_expert, None] * expert(x[batch_idx]))
        # load balancing loss (Switch)
        probs = logits.softmax(-1)
        frac = F.one_hot(selected[:, 0], self.n).float().mean(0)
        aux = self.n * (frac * probs.mean(0)).sum()
        z_loss = torch.logsumexp(logits, -1).pow(2).mean()
        return results.view(shape), aux, z_loss, selected


moe = SparseMoE()
opt = torch.optim.Adam(moe.parameters(), lr=1e-2)
x = torch.randn(2, 6, 8)
target = x.roll(1, -1)
for step in range(9):
    y, aux, z, sel = moe(x)
    loss = F.mse_loss(y, target) + 0.01 * aux + 0.001 * z
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 4 == 0:
        print(f"step {step} loss {loss.item():.2f} aux {aux.item():.2f}")
print("tokens x experts:", tuple(sel.shape), "assignments:", torch.bincount(sel.flatten(), minlength=4).sum().item())
print("gate gets gradient:", moe.gate.weight.grad.abs().sum().item() > 0)
