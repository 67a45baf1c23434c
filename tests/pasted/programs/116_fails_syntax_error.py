import torch

x = torch.ones(3, requires_grad=True)
print "sum:", x.sum()
x.sum().backward()
