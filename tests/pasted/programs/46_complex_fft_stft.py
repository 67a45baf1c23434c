import math

import torch

torch.manual_seed(0)

# --- Wirtinger calculus: minimise |z^2 - (1+2j)|^2 by gradient descent
z = torch.tensor(1.0 + 0.5j, requires_grad=True)
target = torch.tensor(1 + 2j)
for i in range(60):
    loss = (z * z - target).abs() ** 2
    loss.backward()
    with torch.no_grad():
        z -= 0.05 * z.grad
    z.grad = None
print(f"z = {z.real.item():.3f} + {z.imag.item():.3f}j, z^2 = {(z * z).real.item():.2f} + {(z * z).imag.item():.2f}j")

# --- view_as_real / view_as_complex / polar
a = torch.randn(4, 2, requires_grad=True)
c = torch.view_as_complex(a)
(c.conj() * c).real.sum().backward()
print("grad = 2a:", torch.allclose(a.grad, 2 * a))
r, phi = torch.ones(3, requires_grad=True), torch.tensor([0.0, math.pi / 2, math.pi], requires_grad=True)
p = torch.polar(r, phi)
p.real.sum().backward()
print("d cos:", phi.grad.numpy().round(3) + 0.0)

# --- FFT loss: fit the spectrum of a chirp
t = torch.linspace(0, 1, 64)
signal = torch.sin(2 * math.pi * 5 * t) + 0.5 * torch.cos(2 * math.pi * 11 * t)
amp = torch.zeros(16, requires_grad=True)
phase = torch.zeros(16, requires_grad=True)
freqs = torch.arange(1, 17).unsqueeze(1)
opt = torch.optim.Adam([amp, phase], lr=0.1)
S = torch.fft.rfft(signal)
for it in range(60):
    synth = (amp[:, None] * torch.sin(2 * math.pi * freqs * t + phase[:, None])).sum(0)
    loss = (torch.fft.rfft(synth) - S).abs().pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 20 == 0:
        print(f"fft loss {it}: {loss.item():.1f}")
print("strongest:", sorted((amp.abs().topk(2).indices + 1).tolist()))

# --- STFT magnitude loss
x = (signal + 0.1 * torch.randn(64)).requires_grad_()
win = torch.hann_window(16)
spec = lambda s: torch.stft(s, n_fft=16, hop_length=8, window=win, return_complex=True)
l = (spec(x).abs() - spec(signal).abs()).abs().mean()
l.backward()
print(spec(x).shape, spec(x).dtype, x.grad.shape)
back = torch.istft(spec(x), n_fft=16, hop_length=8, window=win, length=64)
print("istft round trip:", torch.allclose(back, x, atol=1e-4))


# complex parameters in a module
class ComplexLinear(torch.nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.w = torch.nn.Parameter(torch.randn(o, i, dtype=torch.cfloat) / i**0.5)

    def forward(self, x):
        return x @ self.w.T


m = ComplexLinear(3, 2)
m(torch.randn(5, 3, dtype=torch.cfloat)).abs().sum().backward()
print(m.w.grad.dtype, m.w.grad.shape)
