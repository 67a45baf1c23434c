import itertools
import os
import tempfile

import torch
import torch.nn as nn

counter = itertools.count()
tmp_dir = tempfile.TemporaryDirectory()


class SelfDeletingTempFile:
    def __init__(self):
        self.name = os.path.join(tmp_dir.name, "saved_%d.pt" % next(counter))

    def __del__(self):
        if os.path.exists(self.name):
            os.remove(self.name)


def save_on_disk_if_big(t, threshold=16):
    if t.numel() < threshold:
        return t
    f = SelfDeletingTempFile()
    torch.save(t, f.name)
    return f


def unpack(x):
    if isinstance(x, torch.Tensor):
        return x
    return torch.load(x.name)


class SaveOnDisk(torch.autograd.graph.saved_tensors_hooks):
    def __init__(self):
        super().__init__(save_on_disk_if_big, unpack)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 1))
x = torch.randn(4, 8)

plain = torch.autograd.grad(net(x).sum(), list(net.parameters()))
with SaveOnDisk():
    out = net(x).sum()
print("files while the graph is alive:", len(os.listdir(tmp_dir.name)) > 0)
disk = torch.autograd.grad(out, list(net.parameters()))
print("same:", all(torch.equal(a, b) for a, b in zip(plain, disk)))
del out
print("files after:", len(os.listdir(tmp_dir.name)))

# save_on_cpu + counting what gets packed
packed = []


def pack(t):
    packed.append(tuple(t.shape))
    return t


with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
    a = torch.ones(3, requires_grad=True)
    b = torch.full((3,), 2.0, requires_grad=True)
    y = (a * b).exp().sum()
print("packed", packed)
y.backward()
with torch.autograd.graph.save_on_cpu(pin_memory=False):
    (a**3).sum().backward()
print(a.grad.numpy().round(3))
with torch.autograd.graph.disable_saved_tensors_hooks("not here"):
    try:
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            pass
    except RuntimeError as e:
        print("RuntimeError:", e)
tmp_dir.cleanup()
