import torch

torch.manual_seed(0)
critic = torch.nn.Linear(2, 1)
real = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
fake = torch.tensor([[2.0, 2.0], [-1.0, 1.0]])
mix = (0.5 * real + 0.5 * fake).requires_grad_()
score = critic(mix).tanh().sum()
(gradient,) = torch.autograd.grad(score, mix, create_graph=True)
penalty = ((gradient.norm(dim=1) - 1) ** 2).mean()
penalty.backward()
print(f"penalty {penalty.item():.4f}")
print("weight gradient", [[f"{v:.3f}" for v in row] for row in critic.weight.grad.tolist()])
