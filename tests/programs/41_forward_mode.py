import torch
import torch.autograd.forward_ad as fwAD

x = torch.tensor([1.0, 2.0])
direction = torch.tensor([1.0, 0.5])
with fwAD.dual_level():
    dual = fwAD.make_dual(x, direction)
    out = dual**2 + dual.sin()
    value, tangent = fwAD.unpack_dual(out)
    print("value", value)
    print("tangent", tangent)
print(torch.allclose(tangent, (2 * x + x.cos()) * direction))
