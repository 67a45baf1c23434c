import torch
import torch.nn as nn

torch.manual_seed(3)

X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32)
Y = torch.tensor([[0], [1], [1], [0]], dtype=torch.float32)


class XORNet(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        return torch.sigmoid(self.fc2(x))


net = XORNet()
print(net)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.1)

for step in range(150):
    optimizer.zero_grad()
    out = net(X)
    loss = criterion(out, Y)
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print("step %d, loss %.3f" % (step, loss.item()))

print()
for xi, yi in zip(X, net(X)):
    print([int(v) for v in xi.tolist()], "->", int(yi.item() > 0.5))
print("number of parameters:", sum(p.numel() for p in net.parameters() if p.requires_grad))
