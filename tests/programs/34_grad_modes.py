import torch

x = torch.tensor(3.0, requires_grad=True)
with torch.no_grad():
    a = x * 2
    with torch.enable_grad():
        b = x * 2
with torch.inference_mode():
    c = x * 2
with torch.set_grad_enabled(False):
    d = x * 2
print([t.requires_grad for t in (a, b, c, d)], c.is_inference())


@torch.no_grad()
def predict(value):
    return value * 2


print(predict(x).requires_grad, torch.is_grad_enabled())
