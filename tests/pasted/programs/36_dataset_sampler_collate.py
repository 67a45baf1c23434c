import csv
import os
from pathlib import Path

import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    WeightedRandomSampler,
    random_split,
)

root = Path("data_folder")
os.makedirs(root, exist_ok=True)

# write a small imbalanced csv first, then read it like everybody does
with open(root / "train.csv", "w", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(["a", "b", "label"])
    for i in range(40):
        writer.writerow([i / 10, (i * 7 % 11) / 5, int(i % 8 == 0)])


class CSVDataset(Dataset):
    def __init__(self, path, transform=None, target_transform=None):
        with open(path) as f:
            self.rows = list(csv.DictReader(f))
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        r = self.rows[idx]
        x = torch.tensor([float(r["a"]), float(r["b"])])
        y = int(r["label"])
        if self.transform:
            x = self.transform(x)
        if self.target_transform:
            y = self.target_transform(y)
        return {"x": x, "y": y, "idx": idx}


class Stream(IterableDataset):
    def __iter__(self):
        for i in range(5):
            yield torch.full((2,), float(i))


ds = CSVDataset(root / "train.csv", transform=lambda t: (t - 1) / 2)
train, val = random_split(ds, [32, 8], generator=torch.Generator().manual_seed(42))
print(len(train), len(val), sorted(val.indices))

labels = torch.tensor([train[i]["y"] for i in range(len(train))])
class_count = torch.bincount(labels)
weights = 1.0 / class_count[labels].float()
sampler = WeightedRandomSampler(weights, num_samples=32, replacement=True, generator=torch.Generator().manual_seed(0))


def collate(batch):
    return torch.stack([b["x"] for b in batch]), torch.tensor([b["y"] for b in batch], dtype=torch.float)


loader = DataLoader(train, batch_size=8, sampler=sampler, collate_fn=collate, drop_last=True)
torch.manual_seed(0)
w = torch.zeros(2, requires_grad=True)
seen = torch.zeros(2)
for x, y in loader:
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
    seen += torch.bincount(y.long(), minlength=2)
print("class counts:", class_count.tolist(), "balanced?", bool((seen > 6).all()))

for batch in DataLoader(val, batch_size=4):  # default collate of dicts
    print({k: tuple(v.shape) for k, v in batch.items()})
print([b[:, 0].tolist() for b in DataLoader(Stream(), batch_size=2)])
print(list(BatchSampler(SequentialSampler(range(7)), 3, drop_last=False)))
print(len(ConcatDataset([train, val, Subset(ds, [0, 1])])))
