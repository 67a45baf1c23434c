import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

a = torch.tensor([3.0], requires_grad=True)
b = torch.tensor([4.0], requires_grad=True)
((a**2).sum() / 2 + (b**2).sum() / 2).backward()
norm = clip_grad_norm_([a, b], max_norm=1.0)
print(f"norm was {norm.item():.1f}, now {a.grad.item():.3f} and {b.grad.item():.3f}")
clip_grad_value_([a, b], 0.7)
print(f"{a.grad.item():.3f} {b.grad.item():.3f}")
