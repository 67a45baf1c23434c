import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
dt = 0.1
F = torch.tensor([[1.0, dt], [0.0, 1.0]])
H = torch.tensor([[1.0, 0.0]])


def simulate(T=60, q=0.5, r=0.3):
    x = torch.tensor([0.0, 1.0])
    ys = []
    for _ in range(T):
        x = F @ x + torch.tensor([0.0, q * math.sqrt(dt)]) * torch.randn(1)
        ys.append(H @ x + r * torch.randn(1))
    return torch.stack(ys)


def kalman_nll(y, log_q, log_r):
    Q = torch.diag(torch.stack([torch.tensor(1e-6), log_q.exp() ** 2 * dt]))
    R = (log_r.exp() ** 2).reshape(1, 1)
    m, P = torch.zeros(2), torch.eye(2)
    nll = 0.0
    for yt in y:
        m, P = F @ m, F @ P @ F.T + Q  # predict
        S = H @ P @ H.T + R
        e = yt - H @ m
        K = torch.linalg.solve(S, H @ P).T  # update
        m, P = m + K @ e, (torch.eye(2) - K @ H) @ P
        nll = nll + 0.5 * (e @ torch.linalg.solve(S, e) + torch.logdet(2 * math.pi * S))
    return nll


y = simulate()
log_q = torch.tensor(0.0, requires_grad=True)
log_r = torch.tensor(0.0, requires_grad=True)
opt = torch.optim.Adam([log_q, log_r], lr=0.15)
for i in range(13):
    nll = kalman_nll(y, log_q, log_r)
    opt.zero_grad()
    nll.backward()
    opt.step()
    if i % 4 == 0:
        print(f"{i:2d} nll {nll.item():.2f} q {log_q.exp().item():.2f} r {log_r.exp().item():.2f}")
