import torch

torch.manual_seed(0)
drop = torch.nn.Dropout(0.5)
x = torch.ones(8, requires_grad=True)
y = drop(x)
y.sum().backward()
print("kept values are doubled:", y.detach())
print("same mask in the gradient:", torch.allclose(x.grad, y.detach()))
drop.eval()
print("eval changes nothing:", torch.allclose(drop(x), x))
print(drop.training)
