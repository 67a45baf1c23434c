import sys
import types

import torch
import torch.nn as nn
from torch.nn.functional import *

torch.manual_seed(0)
code = """
def build(n_in, n_out, act):
    layers = []
    for i, o in zip([n_in] + hidden, hidden + [n_out]):
        layers += [nn.Linear(i, o), act()]
    return nn.Sequential(*layers[:-1])
"""
namespace = {"nn": nn, "hidden": [4, 4]}
exec(code, namespace)
net = namespace["build"](2, 1, nn.Tanh)
print(net)

# build the losses out of strings
for expr in ("y.pow(2).sum()", "(y - 1).abs().mean()", "softplus(y).sum()"):
    y = net(torch.ones(3, 2))
    loss = eval(expr)
    net.zero_grad()
    loss.backward()
    print(f"{expr:22s} grad is finite: {all(torch.isfinite(p.grad).all().item() for p in net.parameters())}")

for i in range(3):
    globals()[f"w{i}"] = torch.full((2,), float(i), requires_grad=True)
total = sum(globals()["w%d" % i].sum() * i for i in range(3))
total.backward()
print([w0.grad.tolist(), w1.grad.tolist(), w2.grad.tolist()])


def local_demo(a=1):
    b = a + 1
    return sorted(locals())


print(local_demo(), "net" in globals(), "b" in globals())
print([n for n in dir(net) if n in ("forward", "parameters", "zero_grad")])
print(sorted(k for k in vars(net) if k in ("training", "_modules", "_parameters")))
ns = types.SimpleNamespace(lr=0.1, epochs=3)
print(ns, vars(ns))
mod = types.ModuleType("my_module")
exec("def f(x):\n    return x * 2", mod.__dict__)
sys.modules["my_module"] = mod
from my_module import f

print(f(torch.tensor([1.5])))
import __main__

print(hasattr(__main__, "local_demo"), __name__)
compiled = compile("a = torch.arange(3.)\nb = a.sum()", "<string>", "exec")
exec(compiled)
print(b)
print = lambda *a, **k: sys.stdout.write(" ".join(map(str, a)) + "\n")
print("shadowed print", 1)
del print
print("builtin print again")
