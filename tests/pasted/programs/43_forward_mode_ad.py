import torch
import torch.autograd.forward_ad as fwAD
import torch.nn as nn

torch.manual_seed(0)
primal = torch.randn(4, 4)
tangent = torch.randn(4, 4)


def fn(x, y):
    return x**2 + y**2


with fwAD.dual_level():
    dual_input = fwAD.make_dual(primal, tangent)
    assert fwAD.unpack_dual(dual_input).tangent is tangent
    dual_output = fn(dual_input, torch.ones(4, 4))
    jvp = fwAD.unpack_dual(dual_output).tangent
assert fwAD.unpack_dual(dual_output).tangent is None
print("jvp ok:", torch.allclose(jvp, 2 * primal * tangent))

# with a module: dual parameters
model = nn.Linear(4, 3)
inp = torch.randn(5, 4)
params = {name: p for name, p in model.named_parameters()}
tangents = {name: torch.rand_like(p) for name, p in params.items()}
with fwAD.dual_level():
    for name, p in params.items():
        delattr(model, name)
        setattr(model, name, fwAD.make_dual(p, tangents[name]))
    out = model(inp)
    j = fwAD.unpack_dual(out).tangent
print("module jvp:", torch.allclose(j, inp @ tangents["weight"].T + tangents["bias"], atol=1e-5))


# custom Function with jvp
class Fn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, foo):
        result = torch.exp(foo)
        ctx.result = result
        return result

    @staticmethod
    def jvp(ctx, gI):
        gO = gI * ctx.result
        del ctx.result
        return gO

    @staticmethod
    def backward(ctx, g):
        return g * ctx.result


p = torch.randn(5, dtype=torch.double, requires_grad=True)
t = torch.randn(5, dtype=torch.double)
with fwAD.dual_level():
    o = Fn.apply(fwAD.make_dual(p, t))
    tan = fwAD.unpack_dual(o).tangent
print("custom jvp:", torch.allclose(tan, p.exp() * t))
print("forward gradcheck:", torch.autograd.gradcheck(Fn.apply, (p,), check_forward_ad=True, check_backward_ad=False))

# forward over reverse: Hessian vector product
x = torch.tensor([1.0, 2.0, 3.0])
v = torch.tensor([1.0, 0.0, 0.0])
with fwAD.dual_level():
    d = fwAD.make_dual(x.clone().requires_grad_(), v)
    y = (d**3).sum()
    (g,) = torch.autograd.grad(y, d, create_graph=True)
    print("hvp:", fwAD.unpack_dual(g).tangent.detach())
