import torch
import torch.nn as nn

torch.manual_seed(0)
rnn = nn.RNNCell(2, 3)
opt = torch.optim.SGD(rnn.parameters(), lr=0.1)
h = torch.zeros(1, 3)
for t in range(3):
    h = rnn(torch.ones(1, 2), h)
    loss = h.pow(2).sum()
    print("t =", t, "loss = %.4f" % loss.item())
    opt.zero_grad()
    loss.backward(retain_graph=True)  # hidden state never detached
    opt.step()
