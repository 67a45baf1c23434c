import torch

torch.manual_seed(0)
attention = torch.nn.MultiheadAttention(embed_dim=4, num_heads=2, batch_first=True)
x = torch.tensor([[[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]], requires_grad=True)
mask = torch.tensor([[False, True], [False, False]])
out, weights = attention(x, x, x, attn_mask=mask)
print(tuple(out.shape), tuple(weights.shape))
print("rows sum to one:", torch.allclose(weights.sum(-1), torch.ones(1, 2)))
print("masked:", weights[0, 0, 1].item())
out.sum().backward()
print(f"|x.grad| {x.grad.norm().item():.3f}")
