import torch
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.arange(5.0).unsqueeze(1), torch.arange(5.0) * 2)
w = torch.tensor(1.0, requires_grad=True)
for number, (x, y) in enumerate(DataLoader(data, batch_size=2)):
    loss = ((w * x.squeeze(1) - y) ** 2).mean()
    loss.backward()
    print(number, len(x), loss.item(), w.grad.item())
    w.grad = None
