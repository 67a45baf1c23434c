import torch
import torch.nn as nn
import torch.nn.functional as F


class RoundSTE(torch.autograd.Function):
    """Straight-through estimator"""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


def fake_quant(x, bits=8):
    qmax = 2 ** (bits - 1) - 1
    scale = x.detach().abs().max() / qmax
    return RoundSTE.apply(x / scale).clamp(-qmax, qmax) * scale


def binarize(w):
    # detach trick
    b = w.sign()
    return w + (b - w).detach()


class QLinear(nn.Linear):
    bits = 4

    def forward(self, x):
        return F.linear(x, fake_quant(self.weight, self.bits), self.bias)

    def extra_repr(self):
        return super().extra_repr() + f", bits={self.bits}"


torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randint(0, 3, (32,))
net = nn.Sequential(QLinear(4, 16), nn.ReLU(), QLinear(16, 3))
print(net)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(15):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0:
        print(f"{i} {loss.item():.2f}")
print("levels in the quantized weight <= 15:", fake_quant(net[0].weight, 4).unique().numel() <= 15)

w = torch.tensor([0.3, -0.7], requires_grad=True)
(binarize(w) * torch.tensor([2.0, 3.0])).sum().backward()
print(binarize(w).tolist(), w.grad.tolist())

# the built in one
t = torch.tensor([0.12, -3.0, 0.5, 9.0], requires_grad=True)
q = torch.fake_quantize_per_tensor_affine(t, 0.05, 0, -128, 127)
q.sum().backward()
print(q.detach().numpy().round(2), t.grad.tolist())
