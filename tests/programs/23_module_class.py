import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.gate = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("offset", torch.ones(size))

    def forward(self, x):
        return x + self.gate * torch.relu(self.linear(x)) + self.offset


torch.manual_seed(0)
block = Residual(2)
print(block)
print([name for name, _ in block.named_parameters()], [name for name, _ in block.named_buffers()])
block(torch.tensor([[1.0, -1.0]])).sum().backward()
print(f"gate gradient {block.gate.grad.item():.4f}")
print("parameters:", sum(p.numel() for p in block.parameters()))
