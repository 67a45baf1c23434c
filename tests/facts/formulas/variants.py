"""More ways into the nodes of `programs.py`: other arguments, shapes and saved values; and second passes."""

from __future__ import annotations

# ``x``, ``y``, ``p`` and ``s`` are as in `programs.py`.
VARIANTS: tuple[str, ...] = (
    "(2 - x) / y[0] + x / 2 + 2 / p",
    "x ** 0 + x ** 1 + x ** 2 + p ** -1 + p ** 0.5 + x ** 2.0",
    "p ** torch.tensor(2.0) + torch.tensor(0.0) ** p + 0 ** p",
    "x.clamp(min=0) + x.clamp(max=0.1) + x.clamp(min=0.5, max=-0.5) + torch.clamp(x, y, p[0])",
    "torch.where(x[:, :1] > 0, x, y[0]) + torch.where(x > 0, x, 0.0)",
    "torch.maximum(x, y[0]) + torch.minimum(x[:1], y) + torch.max(x, x * 1)",
    "torch.addcmul(x[0], y[0], p) + torch.addcdiv(x, y[0], p[:, :1]) + torch.lerp(x[:1], y, p)",
    "F.selu(x) + F.relu6(3 * x) + F.prelu(x, p[0]) + F.leaky_relu(x, 0) + F.elu(x) + F.softsign(x) + F.tanhshrink(x)",
    "x.sum((0,), keepdim=True) + x.sum(()) + x.mean((0, -1), keepdim=True) + x.mean(-1, keepdim=True) + x.nanmean()",
    "x.var(unbiased=False) + x.var((0, 1), correction=0) + x.std(-1, keepdim=True) + (x * 0).std(0)",
    "p.prod(-1, keepdim=True) + p.cumprod(-1) + (x * (x > 0)).prod() + (x * (x > 0)).prod(0)"
    " + (x * (y > 0)).cumprod(1)",
    "x.max(-1, keepdim=True)[0] + x.amax((0, 1)) + x.amin(0, keepdim=True) + x.sign().max() + x.sign().amax(0)",
    "x.logsumexp((0, 1)) + x.logsumexp(-1, keepdim=True) + x.sort(-1, descending=True)[0]",
    "x.norm(dim=1, keepdim=True) + x.norm(p=float('inf')) + x.norm(p=float('-inf'), dim=0) + x.norm(p=0)"
    " + x.norm(p=0.5)",
    "(x * 0).norm() + (x * 0).norm(p=3) + x.norm(p=1.5, dim=-1, keepdim=True) + F.normalize(x)",
    "F.layer_norm(x, x.shape) + F.layer_norm(x[None], x.shape[1:], y[0]) + F.rms_norm(x, x.shape[1:])",
    "F.group_norm(x[None], 1) + F.instance_norm(x[None]) + F.batch_norm(x[None], None, None, training=True)",
    "F.batch_norm(x, torch.zeros_like(x[0].detach()), p[0].detach(), y[0], y[1])",
    "x.t().reshape(-1).reshape(x.shape) + x[:, :1].squeeze(-1)[:, None] + x.swapaxes(0, -1).movedim(0, 1)",
    "x[1] + x[..., -1:] + x[:-1].sum(0) + x[..., ::3].sum() + x[x > 0].sum() + x[torch.arange(x.shape[0]) > 0].sum(0)",
    "x[:, torch.tensor([0, -1])].sum() + x[None][:, [0, 1], :, None][0].sum(0).t() + x[[[0, 1], [1, 1]]].sum()",
    "F.scaled_dot_product_attention(x[None, None], y[None, None], p[None, None], attn_mask=x.detach()[:, :1], scale=2)",
    "torch.linalg.eigvalsh(s + s.t()) + torch.cdist(x, y, p=2)[0, 0] + torch.cdist(x, x * 1)[0, 1]",
    "x.split(2, -1)[0].sum() + x.chunk(2, 1)[1].sum() + x.unbind()[0] + x.unbind()[1] + x.unbind(-1)[0].sum()",
    "torch.cat([x, y], -1).sum() + torch.stack([x, y], -1).sum(-1) + torch.cat([*x] * 12).sum()"
    " + torch.stack([*x] * 9)[3]",
    "x[None].diagonal(0, 1, 2).sum() + x[0].diag().sum() + x[None].tril(-1) + x.roll((1, 2), (0, -1)) + x.flip(-1)",
    "x.expand(2, -1, -1).sum(0) + x[:, :1].expand_as(x) + x.repeat(2, 1)[1:][: x.shape[0]] + x.tile(2).sum()",
    "F.pad(x, (-1, 2, 1, -1)).sum() + x.to(torch.float64) + x.clone().contiguous()",
    "x[None] @ y.t() + torch.outer(x[:, 0], y[:, 0]) + torch.einsum('ij,kj->ik', x, y) + torch.inner(x, y)",
    "F.linear(x, y, p[:, 0].flip(0)[0] + y[:, 0]) + F.linear(x[None], y, y[:, 0]) + F.linear(x[0], y, y[:, 0])",
    "torch.linalg.solve(s + 5 * torch.eye(3, dtype=s.dtype), s[0]) + torch.linalg.solve(s.exp(), s, left=False)",
    "torch.linalg.cholesky(s @ s.t() + torch.eye(3, dtype=s.dtype), upper=True)",
    "F.mse_loss(x, y, reduction='sum') + F.mse_loss(x, y, reduction='none') + F.l1_loss(x, y)",
    "F.smooth_l1_loss(x, y, reduction='none') + F.huber_loss(x, y, reduction='sum')"
    " + F.huber_loss(x, y, reduction='none')",
    "F.cross_entropy(x, torch.zeros(x.shape[0], dtype=torch.long), weight=p[0].detach(), ignore_index=1)",
    "F.cross_entropy(x, torch.ones(x.shape[0], dtype=torch.long), reduction='none')"
    " + F.cross_entropy(x[0], torch.tensor(1))",
    "F.binary_cross_entropy(p / 10, p / 11, weight=p[0].detach(), reduction='sum')",
    "F.binary_cross_entropy_with_logits(x, p / 11, pos_weight=p[0].detach(), weight=p.detach(), reduction='none')",
    "F.kl_div(x, y, log_target=True, reduction='batchmean') + F.kl_div(x, (p / 3).detach())"
    " + F.gaussian_nll_loss(x, y, p)",
    "F.embedding(torch.tensor([[0, 1], [1, 1]]), x, padding_idx=0).sum() + F.embedding(torch.tensor([0, 1, 1]), x)",
    "F.embedding(torch.tensor([0, 1, 1]), x, scale_grad_by_freq=True)",
    "F.conv1d(x[None, :2], y[:2, None, :2], groups=2, padding=1, stride=2).sum()",
    "F.conv1d(x[None, :1], y[:1, None, :2], x[0, :1], dilation=1, padding=2)",
    "F.conv2d(x[None, None], s[None, None], padding=1)"
    " + F.conv2d(x[None, None], s[:2, None, :2, None], s[0, :2], padding=2).sum()",
    "F.conv_transpose1d(x[None, :2], y[:2, None, :2], y[:1, 0], stride=2, output_padding=1)",
    "F.conv_transpose2d(x[None, None], s[None, None], stride=2, padding=1)",
    "F.max_pool2d(x[None, None], 2, stride=1, padding=1) + F.max_pool2d(x[None], (1, 2), ceil_mode=True).sum()",
    "F.avg_pool2d(x[None], 2, 1, 1, count_include_pad=False) + F.avg_pool2d(x[None], 2, ceil_mode=True).sum()",
    "F.avg_pool2d(x[None], 2, 1, 1).sum() + F.avg_pool2d(x[None], (1, 2), divisor_override=3).sum()"
    " + F.avg_pool1d(x, 2)[:, :1]",
    "x.index_put((torch.tensor([0, 0]),), y[:2], accumulate=True)"
    " + x.index_put((torch.tensor([0, 1]), torch.tensor([1, 0])), y[0, :2])",
    "x.scatter_add(0, torch.zeros(2, 2, dtype=torch.long), (y * y)[:2, :2].detach())"
    " + x.gather(-1, torch.tensor([[0]]))",
)

# Nodes of a second pass, by name: the gradient of this, squared and run backward again.
SECOND: dict[str, str] = {
    "TanhBackwardBackward0": "x.tanh()",
    "SigmoidBackwardBackward0": "x.sigmoid()",
    "ThresholdBackwardBackward0": "x.relu()",
    "LeakyReluBackwardBackward0": "F.leaky_relu(x, 0.2)",
    "HardtanhBackwardBackward0": "F.hardtanh(x)",
    "SoftplusBackwardBackward0": "F.softplus(x, beta=2)",
    "SoftmaxBackwardDataBackward0": "x.softmax(1)",
    "LogSoftmaxBackwardDataBackward0": "x.log_softmax(1)",
    "MseLossBackwardBackward0": "F.mse_loss(x, y) + F.mse_loss(x, y, reduction='none')",
    "SelectBackwardBackward0": "x[1]",
    "SliceBackwardBackward0": "x[1:]",
}
