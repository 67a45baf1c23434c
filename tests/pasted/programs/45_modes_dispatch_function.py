from collections import Counter

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


class CountOps(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


class Verbose(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", str(func))
        print("call", name)
        return func(*args, **(kwargs or {}))


class Double(TorchFunctionMode):
    """Every factory function makes float64"""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.ones, torch.randn, torch.zeros):
            kwargs.setdefault("dtype", torch.float64)
        return func(*args, **kwargs)


torch.manual_seed(0)
x = torch.randn(3, 4, requires_grad=True)
w = torch.randn(4, 2, requires_grad=True)
with CountOps() as c:
    loss = torch.relu(x @ w).sum()
    fwd = sum(c.counts.values())
    loss.backward()
print("forward ops", fwd, "total more:", sum(c.counts.values()) > fwd)
print("mm calls:", c.counts["mm"], "relu calls:", c.counts["relu"])

with Verbose():
    y = torch.add(torch.ones(2), 1).mul(3)
print(y)

with Double():
    print(torch.ones(2).dtype, torch.randn(1).dtype, torch.arange(3).dtype)

flops = FlopCounterMode(display=False)
with flops:
    (x @ w).sum().backward()
print("flops:", flops.get_total_flops())

with torch.device("meta"):
    m = torch.nn.Linear(1000, 1000)
print(m.weight.device, m.weight.shape)
