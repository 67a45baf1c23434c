# saved with Notepad on Windows: BOM, CRLF and tabs
import torch as th
from torch import manual_seed, nn, rand, randn_like, relu

manual_seed(0)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(6, 2)
        self.dec = nn.Linear(2, 6)

    def forward(self, x):
        return self.dec(relu(self.enc(x)))


ae = Autoencoder()
opt = th.optim.Adam(ae.parameters(), lr=0.02)
x = rand(16, 6)
for i in range(10):
    noisy = x + 0.1 * randn_like(x)  # denoising
    loss = nn.functional.mse_loss(ae(noisy), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 3 == 0:
        print("%d\t%.3f" % (i, loss.item()))
print("größe", tuple(ae(x).shape), "✔")
text = """line one
line two"""
print(len(text), repr(text))
