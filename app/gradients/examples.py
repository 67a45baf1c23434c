"""Programs to begin with on the Gradients page, where nothing was run yet or one wants to see what it shows."""

from __future__ import annotations

EXAMPLES = {
    "Two backward calls": """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)

y = (x * w).pow(2).sum()
y.backward(retain_graph=True)
y.backward()
x.grad.zero_()
y = (x + w).exp().sum()
y.backward()
w.grad = None
""",
    "A training loop": """\
import torch

torch.manual_seed(0)
inputs = torch.linspace(-2, 2, 40).reshape(-1, 1)
targets = torch.sin(2 * inputs)
model = torch.nn.Sequential(torch.nn.Linear(1, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(30):
    optimizer.zero_grad()
    loss = ((model(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
print(loss.item())
""",
    "Gradients that vanish": """\
import torch

torch.manual_seed(0)
layers = []
for _ in range(8):
    layers += [torch.nn.Linear(16, 16), torch.nn.Sigmoid()]
model = torch.nn.Sequential(*layers, torch.nn.Linear(16, 1))

loss = model(torch.randn(32, 16)).pow(2).mean()
loss.backward()
""",
    "Accumulated micro-batches": """\
import torch

torch.manual_seed(0)
inputs, targets = torch.randn(12, 3), torch.randn(12)
weight = torch.zeros(3, requires_grad=True)

for batch in range(4):
    rows = slice(3 * batch, 3 * batch + 3)
    loss = ((inputs[rows] @ weight - targets[rows]) ** 2).sum() / 12
    loss.backward()
print(weight.grad)
""",
}
