import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(7)


class VarLenDataset(Dataset):
    def __init__(self, lengths):
        self.items = [(torch.randint(1, 10, (n,)), int(n % 2)) for n in lengths]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate_fn(batch):
    seqs, labels = zip(*batch)
    lengths = torch.tensor([len(s) for s in seqs])
    padded = pad_sequence(seqs, batch_first=True, padding_value=0)
    return padded, lengths, torch.tensor(labels)


class GRUClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 8, padding_idx=0)
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(32, 2)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.emb(x), lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, h = self.gru(packed)
        unpacked, lens = pad_packed_sequence(out, batch_first=True)
        # masked mean over time
        mask = (torch.arange(unpacked.size(1))[None, :] < lens[:, None]).unsqueeze(-1)
        pooled = (unpacked * mask).sum(1) / lens[:, None]
        return self.fc(pooled)


loader = DataLoader(VarLenDataset([3, 5, 2, 7, 4, 6]), batch_size=3, collate_fn=collate_fn)
model = GRUClassifier()
print(model)
opt = torch.optim.RMSprop(model.parameters(), lr=0.01)
for epoch in range(3):
    for x, lengths, y in loader:
        logits = model(x, lengths)
        loss = nn.functional.cross_entropy(logits, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if epoch == 0:
            print("batch", tuple(x.shape), "lengths", lengths.tolist(), f"loss {loss.item():.3f}")
print("padding grad is zero:", model.emb.weight.grad[0].abs().sum().item() == 0)
