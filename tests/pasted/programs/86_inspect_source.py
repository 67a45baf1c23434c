import ast
import inspect
import textwrap

import torch
import torch.nn as nn


def loss_function(pred, target, *, weight: float = 0.5):
    """A weighted mixture of L1 and L2."""
    diff = pred - target
    return weight * diff.abs().mean() + (1 - weight) * diff.pow(2).mean()


class Scale(nn.Module):
    """multiplies by a learned scalar"""

    def __init__(self, s=1.0):
        super().__init__()
        self.s = nn.Parameter(torch.tensor(s))

    def forward(self, x):
        return x * self.s


print(inspect.getsource(loss_function))
print(inspect.getsource(Scale))
print(inspect.signature(loss_function))
print(inspect.getdoc(Scale), "|", loss_function.__doc__)
print(inspect.getsource(Scale.forward).strip().splitlines()[0])
print([n for n, _ in inspect.getmembers(Scale, inspect.isfunction) if n in ("forward", "__init__")])
tree = ast.parse(textwrap.dedent(inspect.getsource(loss_function)))
print([type(n).__name__ for n in tree.body[0].body])
lines, first = inspect.getsourcelines(loss_function)
print("starts at line", first, "with", len(lines), "lines")
print("frame function:", (lambda: inspect.currentframe().f_code.co_name)())


def who_called():
    return inspect.stack()[1].function


def outer():
    return who_called()


print(outer())
m = Scale(2.0)
loss = loss_function(m(torch.ones(3)), torch.zeros(3))
loss.backward()
print(f"{loss.item():.3f} {m.s.grad.item():.3f}", inspect.getmodule(Scale).__name__)
