import warnings

warnings.simplefilter("ignore")
import torch
import torch.nn.functional as F

torch.manual_seed(0)
a, b = torch.randn(2, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
nt = torch.nested.as_nested_tensor([a, b])
print("is nested:", nt.is_nested, "dim", nt.dim(), "size(0)", nt.size(0))

w = torch.nn.Linear(4, 3)
out = w(nt)
padded = torch.nested.to_padded_tensor(out, 0.0)
print("padded:", padded.shape)
loss = padded.pow(2).mean()
loss.backward()
print("grad shapes:", tuple(a.grad.shape), tuple(b.grad.shape))

# reference without nested tensors
ref = torch.zeros(2, 3, 3)
ref[0, :2] = F.linear(a.detach(), w.weight.detach(), w.bias.detach())
ref[1] = F.linear(b.detach(), w.weight.detach(), w.bias.detach())
print("matches:", torch.allclose(ref, padded.detach(), atol=1e-6))
print([tuple(t.shape) for t in out.unbind()])
