#!/usr/bin/env python
# Simple GAN approximating a 1-D gaussian
import torch
import torch.nn as nn
import torch.optim as optim
from torch.autograd import Variable

torch.manual_seed(2)
data_mean, data_stddev = 4, 1.25


def get_distribution_sampler(mu, sigma):
    return lambda n: torch.randn(n, 1) * sigma + mu


def get_generator_input_sampler():
    return lambda m, n: torch.rand(m, n)


class Generator(nn.Module):
    def __init__(self, input_size, hidden_size, output_size, f):
        super().__init__()
        self.map1 = nn.Linear(input_size, hidden_size)
        self.map2 = nn.Linear(hidden_size, output_size)
        self.f = f

    def forward(self, x):
        return self.map2(self.f(self.map1(x)))


class Discriminator(nn.Module):
    def __init__(self, input_size, hidden_size, output_size, f):
        super().__init__()
        self.map1 = nn.Linear(input_size, hidden_size)
        self.map2 = nn.Linear(hidden_size, output_size)
        self.f = f

    def forward(self, x):
        return torch.sigmoid(self.map2(self.f(self.map1(x), 0.2)))


d_sampler = get_distribution_sampler(data_mean, data_stddev)
gi_sampler = get_generator_input_sampler()
G = Generator(1, 8, 1, torch.tanh)
D = Discriminator(1, 8, 1, nn.functional.leaky_relu)
criterion = nn.BCELoss()
d_optimizer = optim.Adam(D.parameters(), lr=2e-2, betas=(0.5, 0.999))
g_optimizer = optim.Adam(G.parameters(), lr=2e-2, betas=(0.5, 0.999))

for epoch in range(20):
    # 1. Train D on real+fake
    D.zero_grad()
    d_real_data = Variable(d_sampler(32))
    d_real_error = criterion(D(d_real_data), Variable(torch.ones(32, 1)))
    d_real_error.backward()
    d_fake_data = G(gi_sampler(32, 1)).detach()  # avoid training G on these labels
    d_fake_error = criterion(D(d_fake_data), torch.zeros(32, 1))
    d_fake_error.backward()
    d_optimizer.step()

    # 2. Train G on D's response (but DO NOT train D on these labels)
    G.zero_grad()
    g_fake_data = G(gi_sampler(32, 1))
    g_error = criterion(D(g_fake_data), torch.ones(32, 1))
    g_error.backward()
    g_optimizer.step()

    if epoch % 5 == 0:
        print(
            "Epoch %s: D (%.2f real_err, %.2f fake_err) G (%.2f err); Fake mean %.1f"
            % (epoch, d_real_error.item(), d_fake_error.item(), g_error.item(), g_fake_data.mean().item())
        )
