import torch
import torch.nn as nn

torch.manual_seed(0)


class LazyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5),
            nn.LazyBatchNorm2d(),
            nn.Sigmoid(),
            nn.AvgPool2d(2),
            nn.LazyConv2d(16, kernel_size=5),
            nn.LazyBatchNorm2d(),
            nn.Sigmoid(),
            nn.AvgPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.LazyLinear(32), nn.Sigmoid(), nn.LazyLinear(10))

    def forward(self, x):
        return self.head(self.features(x))

    def layer_summary(self, X_shape):
        X = torch.randn(*X_shape)
        for part in (self.features, self.head):
            for layer in part:
                X = layer(X)
                print(layer.__class__.__name__, "output shape:\t", tuple(X.shape))


net = LazyNet()
print("before:", net.head[0])
print("uninitialized:", isinstance(net.head[0].weight, nn.parameter.UninitializedParameter))
try:
    net.head[0].weight.shape
except RuntimeError as e:
    print("RuntimeError:", str(e).split(".")[0])
net.layer_summary((2, 1, 28, 28))
print("after:", net.head[0])

opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(4, 1, 28, 28), torch.tensor([0, 1, 2, 3])
for _ in range(2):
    loss = nn.CrossEntropyLoss()(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(net)
print("has grads:", all(p.grad is not None for p in net.parameters()))
