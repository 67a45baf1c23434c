import torch

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
out = (a * b + a.exp()).sin()


def walk(node, depth=0):
    if node is None:
        return
    print("  " * depth + node.name())
    for parent, _ in node.next_functions:
        walk(parent, depth + 1)


walk(out.grad_fn)
out.backward()
print(f"{a.grad.item():.3f} {b.grad.item():.3f}")
