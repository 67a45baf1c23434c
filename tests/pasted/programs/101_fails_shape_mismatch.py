import torch
import torch.nn as nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4 * 7 * 7, 10)  # wrong size, as always

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = x.view(x.size(0), -1)
        return self.fc(x)


net = Net()
print(net)
x = torch.randn(2, 1, 8, 8)
print("input:", x.shape)
out = net(x)
print(out)
