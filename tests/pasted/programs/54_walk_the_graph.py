import torch
from torch.autograd.graph import (
    allow_mutation_on_saved_tensors,
    get_gradient_edge,
    register_multi_grad_hook,
)

torch.manual_seed(0)
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
c = a * b
d = c.sin() + a**2
e = torch.stack([c, d]).sum()


def print_graph(fn, indent=0):
    if fn is None:
        return
    extra = ""
    if hasattr(fn, "variable"):
        extra = f"  value={fn.variable.item()}"
    print("  " * indent + fn.name() + extra)
    for nxt, idx in fn.next_functions:
        print_graph(nxt, indent + 1)


print_graph(e.grad_fn)


def topo(root):
    seen, order = set(), []

    def visit(n):
        if n is None or n in seen:
            return
        seen.add(n)
        for m, _ in n.next_functions:
            visit(m)
        order.append(n)

    visit(root)
    return order[::-1]


order = topo(e.grad_fn)
print(len(order), [n.name() for n in order])
print("saved by sin:", d.grad_fn.next_functions[0][0]._saved_self.item())
print("is leaf:", [t.is_leaf for t in (a, b, c, d, e)], "output_nr", c.output_nr)

edge = get_gradient_edge(c)
print(edge.node.name(), edge.output_nr)
(g,) = torch.autograd.grad(e, edge, retain_graph=True)
print(f"de/dc = {g.item():.4f}")

register_multi_grad_hook([a, b], lambda grads: print("multi", [round(x.item(), 4) for x in grads]))
e.backward()

with allow_mutation_on_saved_tensors():
    x = torch.ones(2, requires_grad=True)
    h = x.clone()
    out = h**2
    h.zero_()
    out.sum().backward()
    print("mutation ok", x.grad)
print(c._version, torch.is_grad_enabled())
