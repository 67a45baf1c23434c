import torch

torch.manual_seed(0)
cell = torch.nn.GRUCell(2, 2)
state = torch.zeros(1, 2)
for item in (torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])):
    state = cell(item, state)
state.sum().backward()
print("state", [f"{v:.3f}" for v in state[0].tolist()])
print(f"|gradient| {cell.weight_hh.grad.norm().item():.3f}")
