# from a 2017 answer
import torch
from torch.autograd import Variable

x = Variable(torch.ones(2, 2), requires_grad=True)
loss = (x * 3).sum()
loss.backward()
print(x.grad.data)
print("loss:", loss.data[0])
