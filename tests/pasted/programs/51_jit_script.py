import io
import warnings

warnings.filterwarnings("ignore")

import torch


@torch.jit.script
def clamp_sum(xs: list[torch.Tensor], lo: float = 0.0) -> torch.Tensor:
    total = torch.zeros(1)
    for x in xs:
        if bool(x.sum() > lo):
            total = total + x.sum()
    return total


class MyCell(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x, h):
        new_h = torch.tanh(self.linear(x) + h)
        return new_h, new_h


torch.manual_seed(0)
a = torch.ones(3, requires_grad=True)
out = clamp_sum([a, -a, a * 2])
out.backward()
print(out.item(), a.grad)

cell = MyCell()
x, h = torch.rand(3, 4), torch.rand(3, 4)
scripted = torch.jit.script(cell)
print("script == eager:", torch.allclose(scripted(x, h)[0], cell(x, h)[0]))
print(scripted.code)

traced = torch.jit.trace(cell, (x, h))
buf = io.BytesIO()
torch.jit.save(traced, buf)
buf.seek(0)
loaded = torch.jit.load(buf)
print("loaded == eager:", torch.allclose(loaded(x, h)[0], cell(x, h)[0]))
loaded(x, h)[0].sum().backward()
print([n for n, p in loaded.named_parameters()])
