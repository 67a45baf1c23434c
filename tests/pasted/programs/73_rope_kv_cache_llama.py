# A (very) small llama: RMSNorm, RoPE, GQA, KV cache
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class ModelArgs:
    dim: int = 16
    n_layers: int = 2
    n_heads: int = 4
    n_kv_heads: int | None = 2
    vocab_size: int = 30
    norm_eps: float = 1e-5
    max_batch_size: int = 2
    max_seq_len: int = 16


class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def precompute_freqs_cis(dim: int, end: int, theta: float = 10000.0):
    freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
    freqs = torch.outer(torch.arange(end).float(), freqs)
    return torch.polar(torch.ones_like(freqs), freqs)  # complex64


def apply_rotary_emb(xq, xk, freqs_cis) -> tuple[torch.Tensor, torch.Tensor]:
    xq_ = torch.view_as_complex(xq.float().reshape(*xq.shape[:-1], -1, 2))
    xk_ = torch.view_as_complex(xk.float().reshape(*xk.shape[:-1], -1, 2))
    f = freqs_cis[None, :, None, :]
    return torch.view_as_real(xq_ * f).flatten(3).type_as(xq), torch.view_as_real(xk_ * f).flatten(3).type_as(xk)


def repeat_kv(x, n_rep):
    bs, slen, h, d = x.shape
    return x if n_rep == 1 else x[:, :, :, None, :].expand(bs, slen, h, n_rep, d).reshape(bs, slen, h * n_rep, d)


class Attention(nn.Module):
    def __init__(self, a: ModelArgs):
        super().__init__()
        self.nh, self.nkv, self.hd = a.n_heads, a.n_kv_heads or a.n_heads, a.dim // a.n_heads
        self.wq = nn.Linear(a.dim, self.nh * self.hd, bias=False)
        self.wk = nn.Linear(a.dim, self.nkv * self.hd, bias=False)
        self.wv = nn.Linear(a.dim, self.nkv * self.hd, bias=False)
        self.wo = nn.Linear(self.nh * self.hd, a.dim, bias=False)
        shape = (a.max_batch_size, a.max_seq_len, self.nkv, self.hd)
        self.register_buffer("cache_k", torch.zeros(shape), persistent=False)
        self.register_buffer("cache_v", torch.zeros(shape), persistent=False)

    def forward(self, x, start_pos, freqs_cis, mask, use_cache):
        b, s, _ = x.shape
        q, k, v = (
            self.wq(x).view(b, s, self.nh, self.hd),
            self.wk(x).view(b, s, self.nkv, self.hd),
            self.wv(x).view(b, s, self.nkv, self.hd),
        )
        q, k = apply_rotary_emb(q, k, freqs_cis)
        if use_cache:
            self.cache_k[:b, start_pos : start_pos + s] = k
            self.cache_v[:b, start_pos : start_pos + s] = v
            k, v = self.cache_k[:b, : start_pos + s], self.cache_v[:b, : start_pos + s]
        k, v = repeat_kv(k, self.nh // self.nkv), repeat_kv(v, self.nh // self.nkv)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        scores = q @ k.transpose(2, 3) / math.sqrt(self.hd)
        if mask is not None:
            scores = scores + mask
        out = F.softmax(scores.float(), -1).type_as(q) @ v
        return self.wo(out.transpose(1, 2).reshape(b, s, -1))


class Block(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attention = Attention(a)
        self.ffn = nn.Sequential(
            nn.Linear(a.dim, 2 * a.dim, bias=False), nn.SiLU(), nn.Linear(2 * a.dim, a.dim, bias=False)
        )
        self.n1, self.n2 = RMSNorm(a.dim, a.norm_eps), RMSNorm(a.dim, a.norm_eps)

    def forward(self, x, *args):
        h = x + self.attention(self.n1(x), *args)
        return h + self.ffn(self.n2(h))


class Transformer(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.a = a
        self.tok = nn.Embedding(a.vocab_size, a.dim)
        self.layers = nn.ModuleList(Block(a) for _ in range(a.n_layers))
        self.norm = RMSNorm(a.dim)
        self.output = nn.Linear(a.dim, a.vocab_size, bias=False)
        self.freqs_cis = precompute_freqs_cis(a.dim // a.n_heads, a.max_seq_len)

    def forward(self, tokens, start_pos=0, use_cache=False):
        s = tokens.shape[1]
        h = self.tok(tokens)
        mask = None
        if s > 1:
            mask = torch.full((s, s), float("-inf")).triu(1)
            mask = torch.hstack([torch.zeros((s, start_pos)), mask])
        for l in self.layers:
            h = l(h, start_pos, self.freqs_cis[start_pos : start_pos + s], mask, use_cache)
        return self.output(self.norm(h))


torch.manual_seed(0)
model = Transformer(ModelArgs())
seq = torch.randint(0, 30, (2, 9))
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
for step in range(6):
    logits = model(seq[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), seq[:, 1:].flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    print(f"step {step} loss {loss.item():.2f}")

with torch.inference_mode():
    full = model(seq)
    inc = torch.cat([model(seq[:, i : i + 1], i, True) for i in range(seq.shape[1])], 1)
print("kv cache == full forward:", torch.allclose(full, inc, atol=1e-4))
