import torch
import torch.nn.functional as F
from torch import einsum, nn

# scaled dot-product attention, three ways, should all agree
torch.manual_seed(0)
B, H, T, D = 2, 2, 5, 4
q = torch.randn(B, H, T, D, requires_grad=True)
k = torch.randn(B, H, T, D, requires_grad=True)
v = torch.randn(B, H, T, D, requires_grad=True)


def attn_loop(q, k, v):
    out = []
    for b in range(B):
        heads = []
        for h in range(H):
            scores = q[b, h] @ k[b, h].t() / D**0.5
            heads.append(torch.softmax(scores, -1) @ v[b, h])
        out.append(torch.stack(heads))
    return torch.stack(out)


def attn_einsum(q, k, v):
    sim = einsum("b h i d, b h j d -> b h i j", q, k) * D**-0.5
    return einsum("b h i j, b h j d -> b h i d", sim.softmax(dim=-1), v)


a = attn_loop(q, k, v)
b = attn_einsum(q, k, v)
c = F.scaled_dot_product_attention(q, k, v)
print("loop == einsum:", torch.allclose(a, b, atol=1e-5))
print("loop == sdpa  :", torch.allclose(a, c, atol=1e-5))

ga = torch.autograd.grad(a.pow(2).sum(), (q, k, v))
gb = torch.autograd.grad(b.pow(2).sum(), (q, k, v))
gc_ = torch.autograd.grad(c.pow(2).sum(), (q, k, v))
for name, x, y, z in zip("qkv", ga, gb, gc_):
    print(name, "grads agree:", torch.allclose(x, y, atol=1e-4), torch.allclose(x, z, atol=1e-4))

# multi head attention module with weights returned
mha = nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
x = torch.randn(2, 5, 8)
key_padding_mask = torch.tensor([[False] * 5, [False, False, False, True, True]])
out, w = mha(x, x, x, key_padding_mask=key_padding_mask, average_attn_weights=True)
print(out.shape, w.shape)
print("masked weights:", w[1, :, 3:].sum().item())
out.mean().backward()
print([n for n, p in mha.named_parameters() if p.grad is not None])
