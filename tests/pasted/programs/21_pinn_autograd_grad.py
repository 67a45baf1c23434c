# Physics informed neural network for  u'' + u = 0,  u(0)=0, u'(0)=1   (solution: sin x)
import matplotlib.pyplot as plt
import torch
import torch.nn as nn

torch.manual_seed(123)
torch.set_default_dtype(torch.float64)


class FCN(nn.Module):
    "Defines a standard fully-connected network in PyTorch"

    def __init__(self, N_INPUT, N_OUTPUT, N_HIDDEN, N_LAYERS):
        super().__init__()
        activation = nn.Tanh
        self.fcs = nn.Sequential(*[nn.Linear(N_INPUT, N_HIDDEN), activation()])
        self.fch = nn.Sequential(
            *[nn.Sequential(*[nn.Linear(N_HIDDEN, N_HIDDEN), activation()]) for _ in range(N_LAYERS - 1)]
        )
        self.fce = nn.Linear(N_HIDDEN, N_OUTPUT)

    def forward(self, x):
        return self.fce(self.fch(self.fcs(x)))


pinn = FCN(1, 1, 16, 2)
x_boundary = torch.tensor(0.0).view(-1, 1).requires_grad_(True)
x_physics = torch.linspace(0, 3, 20).view(-1, 1).requires_grad_(True)
x_test = torch.linspace(0, 3, 50).view(-1, 1)
u_exact = torch.sin(x_test)
optimiser = torch.optim.Adam(pinn.parameters(), lr=1e-2)

for i in range(81):
    optimiser.zero_grad()
    lambda1, lambda2 = 1e-1, 1e-1

    # boundary loss
    u = pinn(x_boundary)
    loss1 = (torch.squeeze(u) - 0) ** 2
    dudx = torch.autograd.grad(u, x_boundary, torch.ones_like(u), create_graph=True)[0]
    loss2 = (torch.squeeze(dudx) - 1) ** 2

    # physics loss
    u = pinn(x_physics)
    dudx = torch.autograd.grad(u, x_physics, torch.ones_like(u), create_graph=True)[0]
    d2udx2 = torch.autograd.grad(dudx, x_physics, torch.ones_like(dudx), create_graph=True)[0]
    loss3 = torch.mean((d2udx2 + u) ** 2)

    loss = loss1 + lambda1 * loss2 + lambda2 * loss3
    loss.backward()
    optimiser.step()

    if i % 40 == 0:
        u = pinn(x_test).detach()
        plt.figure(figsize=(6, 2.5))
        plt.scatter(
            x_physics.detach()[:, 0], torch.zeros_like(x_physics)[:, 0], s=20, lw=0, color="tab:green", alpha=0.6
        )
        plt.plot(x_test[:, 0], u_exact[:, 0], label="Exact solution", color="tab:grey", alpha=0.6)
        plt.plot(x_test[:, 0], u[:, 0], label="PINN solution", color="tab:green")
        plt.title(f"Training step {i}")
        plt.legend()
        plt.show()
        print(f"step {i:3d}  loss {loss.item():.4f}  bc {loss1.item():.4f}  residual {loss3.item():.4f}")
