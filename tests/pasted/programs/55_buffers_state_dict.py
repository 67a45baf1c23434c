import json
import os
from pathlib import Path

import torch
import torch.nn as nn


class Running(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.register_buffer("mean", torch.zeros(d))
        self.register_buffer("steps", torch.tensor(0, dtype=torch.long))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)
        self.scale = nn.Parameter(torch.ones(d))
        self.register_parameter("bias", None)

    def forward(self, x):
        if self.training:
            self.steps += 1
            self.mean = self.mean + (x.detach().mean(0) - self.mean) / self.steps
        return (x - self.mean) * self.scale


class Net(nn.Module):
    def __init__(self, d=3):
        super().__init__()
        self.norm = Running(d)
        self.fc = nn.Linear(d, 2)

    def forward(self, x):
        return self.fc(self.norm(x))


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(3):
    loss = model(torch.randn(8, 3) + 2).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print("Model's state_dict:")
for param_tensor in model.state_dict():
    print(param_tensor, "\t", tuple(model.state_dict()[param_tensor].size()))
print("Optimizer's state_dict keys:", list(optimizer.state_dict()["state"][0]))

ckpt_dir = Path("checkpoints")
ckpt_dir.mkdir(parents=True, exist_ok=True)
PATH = ckpt_dir / "last.pt"
torch.save(
    {
        "epoch": epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": loss.item(),
    },
    PATH,
)
(ckpt_dir / "meta.json").write_text(json.dumps({"epoch": epoch, "d": 3}, indent=2, sort_keys=True))

model2 = Net()
optimizer2 = torch.optim.Adam(model2.parameters(), lr=0.5)
checkpoint = torch.load(PATH, weights_only=True)
print(model2.load_state_dict(checkpoint["model_state_dict"]))
optimizer2.load_state_dict(checkpoint["optimizer_state_dict"])
print("lr restored:", optimizer2.param_groups[0]["lr"], "epoch:", checkpoint["epoch"])
model.eval(), model2.eval()
x = torch.randn(2, 3)
print("same output:", torch.equal(model(x), model2(x)))

res = Net().load_state_dict({"fc.weight": torch.zeros(2, 3), "extra": torch.zeros(1)}, strict=False)
print("missing:", res.missing_keys, "unexpected:", res.unexpected_keys)
try:
    Net(4).load_state_dict(torch.load(PATH)["model_state_dict"])
except RuntimeError as e:
    print(str(e).splitlines()[0])
print((ckpt_dir / "meta.json").read_text())
print(sorted(os.listdir("checkpoints")))
