import torch
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(3, 2)
        self.out = nn.Linear(2, 3, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, token):
        return self.out(self.embed(token))


torch.manual_seed(0)
model = Tied()
with torch.no_grad():
    model.embed.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
print("parameters:", len(list(model.parameters())), model.out.weight is model.embed.weight)
model(torch.tensor([0])).sum().backward()
print(model.out.weight.grad)
