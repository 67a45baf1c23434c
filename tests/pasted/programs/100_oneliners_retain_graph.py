# NOTE: the last statement has neither a newline nor a semicolon
import torch

a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3 * a**3 - b**2
external_grad = torch.tensor([1.0, 1.0])
Q.backward(gradient=external_grad, retain_graph=True)
print(9 * a**2 == a.grad, -2 * b == b.grad)
Q.sum().backward()
print(a.grad, b.grad)
c = (a * b).detach_().requires_grad_()
d = c.clone()
d[0] = 5.0
d.mul_(2)
d.sum().backward()
print(c.grad, d._version)
e = torch.zeros(3)
e[:2] = a
e.pow(2).sum().backward()
print(a.grad)
with torch.no_grad():
    f = a * 2
print(f.requires_grad)


@torch.no_grad()
def g(x):
    return x * 2


print(g(a).requires_grad, torch.is_grad_enabled())
with torch.inference_mode():
    h = torch.ones(2)
try:
    (h * a).sum().backward()
except RuntimeError as err:
    print("RuntimeError:", str(err)[:60])
u, v = torch.unbind(torch.stack([a, b]))
m, i = torch.max(u, 0)
(m * v.min()).backward()
print(i.item(), round(a.grad.sum().item(), 2))
print("bye", a.grad.shape)
