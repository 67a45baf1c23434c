"""GCN / GIN / GAT message passing by hand on Zachary-like toy graph."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
edges = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5), (5, 6), (6, 7), (5, 7)]
edge_index = torch.tensor(edges + [(b, a) for a, b in edges]).t().contiguous()
N = 8
labels = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2])
train_mask = torch.tensor([1, 0, 1, 1, 0, 1, 1, 0], dtype=torch.bool)


class GCNConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o, bias=False)

    def forward(self, x, edge_index):
        n = x.size(0)
        loop = torch.arange(n).expand(2, n)
        src, dst = torch.cat([edge_index, loop], 1)
        deg = torch.zeros(n).scatter_add_(0, dst, torch.ones(dst.numel()))
        norm = deg[src].rsqrt() * deg[dst].rsqrt()
        msg = self.lin(x)[src] * norm[:, None]
        return torch.zeros(n, msg.size(1)).index_add(0, dst, msg)


class GATConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o, bias=False)
        self.att = nn.Parameter(torch.randn(2 * o) * 0.1)

    def forward(self, x, edge_index):
        src, dst = edge_index
        h = self.lin(x)
        e = F.leaky_relu(torch.cat([h[src], h[dst]], -1) @ self.att, 0.2)
        # softmax over incoming edges
        m = torch.full((x.size(0),), -1e9).scatter_reduce(0, dst, e, reduce="amax")
        ex = (e - m[dst]).exp()
        z = torch.zeros(x.size(0)).index_add(0, dst, ex)
        alpha = ex / (z[dst] + 1e-16)
        return torch.zeros_like(h).scatter_add(0, dst[:, None].expand(-1, h.size(1)), alpha[:, None] * h[src]), alpha


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = GCNConv(N, 8), GATConv(8, 3)

    def forward(self, x, ei):
        x = F.relu(self.c1(x, ei))
        x, self.alpha = self.c2(x, ei)
        return x


x = torch.eye(N)
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
for epoch in range(21):
    model.train()
    opt.zero_grad()
    out = model(x, edge_index)
    loss = F.cross_entropy(out[train_mask], labels[train_mask])
    loss.backward()
    opt.step()
    if epoch % 10 == 0:
        print(f"Epoch: {epoch:03d}, Loss: {loss:.2f}")
print(
    "attention sums to one:",
    torch.allclose(torch.zeros(N).index_add(0, edge_index[1], model.alpha), torch.ones(N), atol=1e-5),
)
A = torch.zeros(N, N)
A[edge_index[0], edge_index[1]] = 1
print("symmetric:", bool((A == A.T).all()), "edges:", int(A.sum()) // 2)
