from collections import OrderedDict, defaultdict
from functools import partial

import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(
    OrderedDict(
        [("conv", nn.Conv2d(1, 2, 3)), ("act", nn.ReLU()), ("flat", nn.Flatten()), ("fc", nn.Linear(2 * 4 * 4, 3))]
    )
)

activations = defaultdict(list)


def save_activation(name, mod, inp, out):
    activations[name].append(out.detach())


handles = []
for name, m in net.named_modules():
    if name:
        handles.append(m.register_forward_hook(partial(save_activation, name)))


def pre_hook(module, args):
    print("pre", module.__class__.__name__, tuple(args[0].shape))


def full_backward(module, grad_input, grad_output):
    gi = [None if g is None else tuple(g.shape) for g in grad_input]
    go = [None if g is None else tuple(g.shape) for g in grad_output]
    print("full_backward", module.__class__.__name__, gi, go)


def full_backward_pre(module, grad_output):
    print("backward_pre", module.__class__.__name__)


handles.append(net.fc.register_forward_pre_hook(pre_hook))
handles.append(net.fc.register_full_backward_hook(full_backward))
handles.append(net.conv.register_full_backward_hook(full_backward))
handles.append(net.conv.register_full_backward_pre_hook(full_backward_pre))

x = torch.randn(2, 1, 6, 6, requires_grad=True)
h = x * 2
h.register_hook(lambda g: print("tensor hook on h", tuple(g.shape)))
h.retain_grad()
out = net(h)
out.register_hook(lambda g: g * 10)  # scales the gradient
loss = out.sum()
loss.backward()
print("fc bias grad (scaled):", net.fc.bias.grad.tolist())
print({k: tuple(v[0].shape) for k, v in activations.items()})
print("x.grad == 2 * h.grad:", torch.allclose(x.grad, 2 * h.grad))

for hd in handles:
    hd.remove()

# node hooks
y = torch.tensor([1.0, 2.0], requires_grad=True)
z = y.exp()
z.grad_fn.register_hook(lambda gi, go: print("ExpBackward", [t.shape for t in go]))
z.grad_fn.register_prehook(lambda go: print("prehook", len(go)))
z.sum().backward()

# optimizer in backward
params = [torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)]
opts = {p: torch.optim.SGD([p], lr=0.1) for p in params}


def optimizer_hook(p):
    opts[p].step()
    opts[p].zero_grad()


for p in params:
    p.register_post_accumulate_grad_hook(optimizer_hook)
sum((p**2).sum() for p in params).backward()
print([round(p[0].item(), 3) for p in params], [p.grad for p in params])
