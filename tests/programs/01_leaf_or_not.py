import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
x = torch.tensor([3.0, 4.0])
y = w * x
z = y.sum()
for name, tensor in {"w": w, "x": x, "y": y, "z": z}.items():
    print(f"{name}: leaf={tensor.is_leaf} requires_grad={tensor.requires_grad} grad_fn={tensor.grad_fn is not None}")
z.backward()
print("w.grad", w.grad)
print("x.grad", x.grad)
