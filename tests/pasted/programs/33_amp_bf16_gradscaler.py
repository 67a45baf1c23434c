import torch
from torch import nn

torch.manual_seed(0)
use_cuda = torch.cuda.is_available()
device_type = "cuda" if use_cuda else "cpu"
dtype = torch.bfloat16

net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 3)).to(device_type)
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler(device_type, enabled=use_cuda)  # no-op on cpu
print("scaler enabled:", scaler.is_enabled(), "scale", scaler.get_scale())

x = torch.randn(12, 8, device=device_type)
y = torch.arange(12, device=device_type) % 3
for epoch in range(6):
    with torch.autocast(device_type=device_type, dtype=dtype):
        h = net[0](x)
        out = net(x)
        loss = nn.functional.cross_entropy(out, y)
    if epoch == 0:
        print("linear out:", h.dtype, "| loss:", loss.dtype, "| weights:", net[0].weight.dtype)
    opt.zero_grad(set_to_none=True)
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    scaler.step(opt)
    scaler.update()
    if epoch % 5 == 0:
        print(f"epoch {epoch} loss {loss.item():.1f}")

print("grad dtype:", net[0].weight.grad.dtype)
with torch.autocast("cpu", dtype=torch.bfloat16):
    a = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu", enabled=False):
        b = a @ a
    c = a @ a
print(b.dtype, c.dtype)
c.float().sum().backward()
print(a.grad)
