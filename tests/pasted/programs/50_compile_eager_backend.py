import warnings

warnings.filterwarnings("ignore")
import torch

torch.manual_seed(0)


def foo(x, y):
    a = torch.sin(x)
    b = torch.cos(y)
    return a + b


@torch.compile(backend="eager")
def toy(a, b):
    x = a / (torch.abs(a) + 1)
    if b.sum() < 0:
        b = b * -1
    return x * b


compiled = torch.compile(foo, backend="eager")
x, y = torch.randn(5, requires_grad=True), torch.randn(5)
out = compiled(x, y)
print("same as eager:", torch.allclose(out, foo(x, y)))
out.sum().backward()
print("grad is cos:", torch.allclose(x.grad, x.detach().cos()))

print(toy(torch.ones(3), torch.tensor([1.0, 2.0, 3.0])))
print(toy(torch.ones(3), torch.tensor([-1.0, -2.0, -3.0])))

graphs = []


def my_backend(gm, example_inputs):
    graphs.append([n.op for n in gm.graph.nodes])
    return gm.forward


f = torch.compile(lambda t: (t * 2).relu().sum(), backend=my_backend)
print(f(torch.tensor([-1.0, 1.0])).item())
print("captured graphs:", len(graphs), graphs[0][-1])
