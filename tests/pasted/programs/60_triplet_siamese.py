import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

random.seed(0)
torch.manual_seed(0)


class SiameseDataset(Dataset):
    def __init__(self, per_class=6, classes=3):
        centers = torch.randn(classes, 8) * 2
        self.data = [(centers[c] + 0.2 * torch.randn(8), c) for c in range(classes) for _ in range(per_class)]

    def __getitem__(self, index):
        x0, c0 = self.data[index]
        want_same = index % 2 == 0
        while True:
            x1, c1 = random.choice(self.data)
            if (c0 == c1) == want_same:
                break
        return x0, x1, torch.tensor([float(c0 != c1)])

    def __len__(self):
        return len(self.data)


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))

    def forward_once(self, x):
        return self.encoder(x)

    def forward(self, a, b):
        return self.forward_once(a), self.forward_once(b)


class ContrastiveLoss(torch.nn.Module):
    def __init__(self, margin=2.0):
        super().__init__()
        self.margin = margin

    def forward(self, o1, o2, label):
        d = F.pairwise_distance(o1, o2, keepdim=True)
        return torch.mean((1 - label) * d.pow(2) + label * torch.clamp(self.margin - d, min=0.0).pow(2))


net = SiameseNetwork()
criterion = ContrastiveLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
loader = DataLoader(SiameseDataset(), shuffle=True, batch_size=6)
for epoch in range(4):
    tot = 0.0
    for img0, img1, label in loader:
        optimizer.zero_grad()
        loss = criterion(*net(img0, img1), label)
        loss.backward()
        optimizer.step()
        tot += loss.item()
    print(f"Epoch {epoch} Current loss {tot / len(loader):.2f}")

# triplet
triplet = nn.TripletMarginLoss(margin=1.0, p=2)
hard = nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: 1.0 - F.cosine_similarity(a, b))
a, p, n = (net.forward_once(torch.randn(5, 8)) for _ in range(3))
l1, l2 = triplet(a, p, n), hard(a, p, n)
(l1 + l2).backward()
print("triplet", l1.item() >= 0, "cosine", l2.item() >= 0)
print("cosine embedding", F.cosine_embedding_loss(a, p, torch.ones(5)).item() >= 0)
